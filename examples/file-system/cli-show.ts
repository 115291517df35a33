import type { CommandContext } from './command-context.ts'
import { formatBytes } from './format.ts'
import { UsageError } from './usage-error.ts'

/** Lists a folder. */
export async function ls(args: readonly string[], { client, out, isJson }: CommandContext): Promise<void> {
  if (args.length > 1) throw new UsageError('ls takes one FOLDER')
  const path = (args[0] ?? '').replace(/^\/+/, '')
  const listing = await client.list(path === '' || path.endsWith('/') ? path : `${path}/`)
  if (isJson) return void out.write(`${JSON.stringify(listing, null, 2)}\n`)
  for (const { name, sizeBytes, modified } of listing.entries) {
    const size = sizeBytes === undefined ? '' : formatBytes(sizeBytes)
    const time = modified === undefined ? '' : modified.slice(0, 19).replace('T', ' ')
    out.write(`${size.padStart(10)}  ${time.padEnd(19)}  ${name}\n`)
  }
}

/** Shows what is known of a file. */
export async function stat(args: readonly string[], { client, out, isJson }: CommandContext): Promise<void> {
  const [given, extra] = args
  if (given === undefined || extra !== undefined) throw new UsageError('stat needs one NAME')
  const name = given.replace(/^\/+/, '')
  const headers = await client.head(name)
  const file = {
    name,
    sizeBytes: Number(headers['content-length']),
    sha256: (headers.etag ?? '').replaceAll('"', ''),
    modified: new Date(headers['last-modified'] ?? 0).toISOString(),
    type: headers['content-type'] ?? '',
  }
  if (isJson) return void out.write(`${JSON.stringify(file, null, 2)}\n`)
  for (const [key, value] of Object.entries(file)) out.write(`${key.padEnd(9)}  ${value}\n`)
}
