import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { walk } from './file-tree.ts'
import { generate } from './generated-file.ts'

/** A file that the demonstration stores. */
export interface DemoFile {
  readonly name: string
  readonly sizeBytes: number
  /** Its bytes from the beginning. */
  open(): Iterable<Uint8Array>
}

export const GENERATED_NAME = 'generated.bin'

const SEED = 20_26
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const SKIPPED: ReadonlySet<string> = new Set(['node_modules', '.git', 'dist', 'coverage'])

/** @param folder stored with all that is in it; default: the project itself, beside a large file that is generated */
export async function demoFiles(generatedBytes: number, folder: string = ROOT): Promise<DemoFile[]> {
  const files: DemoFile[] = []
  for (const { path, name } of await walk(folder, SKIPPED)) {
    // Read now: somebody may be editing it, and what comes back is compared with what was stored.
    const bytes = await readFile(path).catch(() => null)
    if (bytes !== null) files.push({ name: `tree/${name}`, sizeBytes: bytes.length, open: () => [bytes] })
  }
  files.push({ name: GENERATED_NAME, sizeBytes: generatedBytes, open: () => generate(generatedBytes, SEED) })
  return files
}
