import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const cache = fileURLToPath(new URL('../node_modules/.cache/troupe', import.meta.url))

/** Programs as plain JavaScript, for one run of a test. */
export interface Programs {
  /** The path of a program, by the name of its file: `main.ts`. */
  path(file: string): string
  remove(): void
}

/**
 * Programs of one folder in one folder of plain JavaScript, where they find one another as they do in their own. For tests
 * that start many processes: tsx costs each of them half a second of CPU before its first line.
 *
 * @param files paths of TypeScript files
 */
export async function bundlePrograms(files: readonly string[]): Promise<Programs> {
  mkdirSync(cache, { recursive: true })
  const dir = mkdtempSync(join(cache, 'run-'))
  await build({
    entryPoints: [...files],
    outdir: dir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['@troupe/source'],
    external: ['lmdb'],
    // For what is bundled and no ES module.
    banner: {
      js: `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);`,
    },
    logLevel: 'error',
  })
  return {
    path: (file) => join(dir, `${basename(file, '.ts')}.mjs`),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
}
