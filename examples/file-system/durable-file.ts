import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

export const TEMPORARY = '.tmp'

let written = 0

/**
 * Replaces a file wholly or not at all, and resolves when the disk has it: a power cut afterwards leaves it there.
 * A failed attempt leaves nothing behind.
 *
 * @throws what the file system says: ENOSPC, EROFS, EFBIG, ENOENT, ...
 */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}-${++written}${TEMPORARY}`
  try {
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
  await syncFolder(dirname(path))
}

/** The new name itself is on disk only when the folder is. Windows cannot sync one, and needs not. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
