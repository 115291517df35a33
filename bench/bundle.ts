import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const dist = fileURLToPath(new URL('dist', import.meta.url))

/** A folder of JavaScript for one run of a bench. */
export interface Bundle {
  readonly dir: string
  remove(): void
}

/**
 * A program for a process of its own as plain JavaScript, from the sources of the packages. What runs TypeScript on
 * the fly names every function and class anew each time it is made, which would cost those most that make the most.
 *
 * @param entry a file of this folder, `x/y.ts`; the result is `y.js`
 */
export async function bundle(entry: string): Promise<Bundle> {
  mkdirSync(dist, { recursive: true })
  const dir = mkdtempSync(join(dist, 'run-'))
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}')
  await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    outdir: dir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['@troupe/source'],
    external: ['nact', 'comedy', 'xstate', 'effect', 'ws', 'cbor-x'],
    logLevel: 'error',
  })
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) }
}
