import { createHash } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { CommandContext } from './command-context.ts'
import type { GatewayClient } from './gateway-client.ts'
import { Limit } from './limit.ts'
import { type Output, Progress } from './progress.ts'
import { UsageError } from './usage-error.ts'

const AT_ONCE = 4

interface RemoteFile {
  readonly name: string
  readonly target: string
  readonly sizeBytes: number
}

/** Fetches a file or a folder. */
export async function get(args: readonly string[], context: CommandContext): Promise<void> {
  const { client, out, err } = context
  const [given, target, extra] = args
  if (given === undefined || extra !== undefined) throw new UsageError('get needs a NAME, and a TARGET if you like')
  const name = given.replace(/^\/+/, '')
  if (target === '-') return print(client, name, out)
  const files =
    name === '' || name.endsWith('/') ? await below(client, name, target ?? '.') : await one(client, name, target)
  const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const progress = new Progress('fetching', bytes, err)
  const limit = new Limit(AT_ONCE)
  try {
    await Promise.all(files.map((file) => limit.run(() => fetchFile(client, file, progress))))
  } finally {
    progress.end()
  }
  out.write(`fetched ${files.length} file${files.length === 1 ? '' : 's'}, ${bytes} bytes\n`)
}

async function print(client: GatewayClient, name: string, out: Output): Promise<void> {
  for await (const bytes of await client.get(name)) {
    if (!out.write(bytes)) await new Promise((resolve) => setImmediate(resolve))
  }
}

async function one(client: GatewayClient, name: string, target: string | undefined): Promise<RemoteFile[]> {
  const { 'content-length': length } = await client.head(name)
  return [{ name, target: target ?? basename(name), sizeBytes: Number(length) }]
}

async function below(client: GatewayClient, folder: string, target: string): Promise<RemoteFile[]> {
  const files: RemoteFile[] = []
  for (const { name, kind, sizeBytes = 0 } of (await client.list(folder)).entries) {
    const plain = name.replace(/\/$/, '')
    // A gateway never says so; what is written here must stay in the target all the same.
    if (plain === '' || plain === '.' || plain === '..' || /[/\\]/.test(plain)) throw new Error(`a bad name: ${name}`)
    const path = join(target, plain)
    if (kind === 'folder') files.push(...(await below(client, `${folder}${name}`, path)))
    else files.push({ name: `${folder}${name}`, target: path, sizeBytes })
  }
  return files
}

/** Under its name the file is there as a whole or not at all. */
async function fetchFile(client: GatewayClient, { name, target }: RemoteFile, progress: Progress): Promise<void> {
  const response = await client.get(name)
  const part = `${target}.part`
  await mkdir(dirname(target), { recursive: true })
  const hash = createHash('sha256')
  try {
    const file = await open(part, 'w')
    try {
      for await (const bytes of response) {
        hash.update(bytes)
        await file.write(bytes)
        progress.add(bytes.length)
      }
    } finally {
      await file.close()
    }
    if (response.headers.etag !== `"${hash.digest('hex')}"`) throw new Error(`${name} came damaged; fetch it again`)
    await rename(part, target)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
}
