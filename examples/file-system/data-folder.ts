import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeDurably } from './durable-file.ts'

/** The data folder cannot be used. */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError'
}

/** A folder with the data of a cluster, held by this process. */
export interface DataFolder {
  release(): Promise<void>
}

const FORMAT = 1

/**
 * Makes sure that the folder can be written, belongs to a cluster of this size and is not in use.
 *
 * @throws {DataFolderError} saying what is wrong and the way out; nothing in the folder has changed then
 */
export async function openDataFolder(path: string, size: number): Promise<DataFolder> {
  const lock = join(path, 'lock')
  try {
    await mkdir(path, { recursive: true })
    await takeLock(path, lock)
  } catch (error) {
    if (error instanceof DataFolderError) throw error
    throw new DataFolderError(`cannot use ${path}: ${reason(error)}; choose a folder to write in with --data FOLDER`)
  }
  try {
    await checkFormat(path, size)
  } catch (error) {
    await rm(lock, { force: true })
    throw error
  }
  return { release: () => rm(lock, { force: true }) }
}

async function takeLock(path: string, lock: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      const file = await open(lock, 'wx')
      await file.writeFile(String(process.pid))
      await file.close()
      return
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
    const owner = Number(await readFile(lock, 'utf8').catch(() => ''))
    if (isAlive(owner) || tries === 3) {
      const wayOut = 'end that one, or choose another folder with --data FOLDER'
      throw new DataFolderError(`${path} is in use by process ${owner}; ${wayOut}`)
    }
    // Left behind by one that was killed.
    await rm(lock, { force: true })
  }
}

async function checkFormat(path: string, size: number): Promise<void> {
  const file = join(path, 'cluster.json')
  const text = await readFile(file, 'utf8').catch(() => null)
  if (text === null) return writeDurably(file, Buffer.from(`${JSON.stringify({ format: FORMAT, size })}\n`))
  const known: unknown = JSON.parse(text)
  const isOurs = typeof known === 'object' && known !== null && 'format' in known && 'size' in known
  if (isOurs && known.format === FORMAT && known.size === size) return
  const wayOut = 'start with as many --nodes as it says, or choose another folder with --data FOLDER'
  throw new DataFolderError(`${path} is of another cluster than one of ${size} nodes: ${text.trim()}; ${wayOut}`)
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
