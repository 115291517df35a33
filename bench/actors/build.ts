import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = fileURLToPath(new URL('.', import.meta.url))
const dist = fileURLToPath(new URL('../dist', import.meta.url))

/**
 * The samples as plain JavaScript, from the sources of the packages. What runs TypeScript on the fly names every
 * function and class anew each time it is made, which would cost those columns most that make the most of them.
 *
 * @returns where `sample-main.js` is, and how to clear it away
 */
export async function buildSamples(): Promise<{ readonly path: string; readonly remove: () => void }> {
  mkdirSync(dist, { recursive: true })
  const outdir = mkdtempSync(join(dist, 'actors-'))
  writeFileSync(join(outdir, 'package.json'), '{"type":"module"}')
  await build({
    entryPoints: [join(here, 'sample-main.ts')],
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['@troupe/source'],
    external: ['nact', 'comedy', 'xstate', 'effect'],
    logLevel: 'error',
  })
  return { path: join(outdir, 'sample-main.js'), remove: () => rmSync(outdir, { recursive: true, force: true }) }
}
