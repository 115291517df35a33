import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import type { CommandContext } from './command-context.ts'
import { type LocalFile, walk } from './file-tree.ts'
import { Limit } from './limit.ts'
import { Progress } from './progress.ts'
import { UsageError } from './usage-error.ts'

/** Files on their way at once. */
const AT_ONCE = 4

/** Stores a file or a folder. */
export async function put(args: readonly string[], { client, out, err }: CommandContext): Promise<void> {
  const [source, name, extra] = args
  if (source === undefined || extra !== undefined) throw new UsageError('put needs a SOURCE, and a NAME if you like')
  const files = await filesOf(source, name?.replace(/^\/+/, ''))
  const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const progress = new Progress('storing', bytes, err)
  const limit = new Limit(AT_ONCE)
  const store = async (file: LocalFile): Promise<void> => {
    await client.put(file.name, counted(file.path, progress), null)
  }
  try {
    await Promise.all(files.map((file) => limit.run(() => store(file))))
  } finally {
    progress.end()
  }
  out.write(`stored ${files.length} file${files.length === 1 ? '' : 's'}, ${bytes} bytes\n`)
}

/** What to store under which names. */
async function filesOf(source: string, name: string | undefined): Promise<LocalFile[]> {
  const found = await stat(source)
  const base = basename(resolve(source))
  if (found.isFile()) {
    // As with cp: into a folder it goes under its own name.
    const target = name === undefined ? base : name === '' || name.endsWith('/') ? `${name}${base}` : name
    return [{ path: source, name: target, sizeBytes: found.size }]
  }
  if (!found.isDirectory()) throw new Error(`${source} is neither a file nor a folder`)
  const prefix = name === undefined ? `${base}/` : name === '' ? '' : `${name.replace(/\/+$/, '')}/`
  return walk(source, new Set(), prefix)
}

async function* counted(path: string, progress: Progress): AsyncGenerator<Uint8Array> {
  for await (const bytes of createReadStream(path, { highWaterMark: 256 * 1024 })) {
    progress.add(bytes.length)
    yield bytes
  }
}
