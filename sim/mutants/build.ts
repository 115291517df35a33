import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Mutant } from './mutant.ts'
import { plant } from './plant.ts'

const dist = fileURLToPath(new URL('../dist', import.meta.url))

/** A folder with a program as plain JavaScript. */
export interface Bundle {
  /** The program. */
  readonly file: string
  remove(): void
}

/**
 * Bundles a program of this folder with the packages' sources, and plants mutants into those.
 *
 * @param entry a file of this folder, `worker.ts`
 */
export async function buildPlanted(entry: string, mutants: readonly Mutant[]): Promise<Bundle> {
  mkdirSync(dist, { recursive: true })
  const dir = mkdtempSync(join(dist, 'mutants-'))
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}')
  await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    outdir: dir,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['@troupe/source'],
    sourcemap: 'inline',
    plugins: [plant(mutants)],
    logLevel: 'error',
  })
  return { file: join(dir, entry.replace(/\.ts$/, '.js')), remove: () => rmSync(dir, { recursive: true, force: true }) }
}
