import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** A file on the disk of this machine. */
export interface LocalFile {
  readonly path: string
  /** Its path from the folder the walk began in, with slashes. */
  readonly name: string
  readonly sizeBytes: number
}

/** All files in a folder and below, in the order of their names. Links are not followed. */
export async function walk(folder: string, skip: ReadonlySet<string> = new Set(), prefix = ''): Promise<LocalFile[]> {
  const files: LocalFile[] = []
  const entries = await readdir(folder, { withFileTypes: true })
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (skip.has(entry.name)) continue
    const path = join(folder, entry.name)
    const name = `${prefix}${entry.name}`
    if (entry.isDirectory()) files.push(...(await walk(path, skip, `${name}/`)))
    else if (entry.isFile()) files.push({ path, name, sizeBytes: (await stat(path)).size })
  }
  return files
}
