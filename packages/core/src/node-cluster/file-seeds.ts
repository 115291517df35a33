import { readFile } from 'node:fs/promises'
import type { Discovery } from '../cluster/discovery.ts'
import { InvalidOptionError } from '../errors.ts'
import { seedWords } from './seed-words.ts'

/**
 * Finds the addresses in a text file, which is read again at each look: one on a line, or several apart by commas or white
 * space; what stands behind a `#` is a comment. No file is nobody yet. Whoever changes it should write another one and
 * rename it, or a node may read half of it.
 *
 * @throws {InvalidOptionError}
 */
export function fileSeeds(path: string): Discovery {
  if (typeof path !== 'string' || path === '') throw new InvalidOptionError('fileSeeds', 'path', 'a path', path)
  return { name: `file ${path}`, lookup: (signal) => read(path, signal) }
}

async function read(path: string, signal: AbortSignal): Promise<readonly string[]> {
  try {
    return seedWords(await readFile(path, { encoding: 'utf8', signal }))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
