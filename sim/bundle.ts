import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { constantName, type ScenarioFile } from './scenario-files.ts'
import { UsageError } from './terminal.ts'

const here = fileURLToPath(new URL('.', import.meta.url))

/** What each program does with a scenario. */
const PROGRAMS = { worker: 'work', hashes: 'printHashes' } as const

/** A program in one file of JavaScript, which workers run as it is. */
export interface Bundle {
  readonly file: string
  remove(): void
}

/**
 * A program, a scenario and all that both import, as plain JavaScript: each of many processes then starts without
 * looking at a type. Takes about 0.2 s.
 *
 * @param program the worker, which does what it is told, or the one that prints hashes
 * @throws {UsageError} with what esbuild says when the scenario cannot be built
 */
export async function bundle({ name, path }: ScenarioFile, program: keyof typeof PROGRAMS = 'worker'): Promise<Bundle> {
  mkdirSync(join(here, 'dist'), { recursive: true })
  const dir = mkdtempSync(join(here, 'dist', 'run-'))
  const file = join(dir, 'worker.mjs')
  const constant = constantName(basename(path, extname(path)))
  const remove = (): void => {
    process.off('exit', remove)
    rmSync(dir, { recursive: true, force: true })
  }
  process.on('exit', remove)
  try {
    await build({
      stdin: {
        contents: `import { ${PROGRAMS[program]} } from './${program}.ts'
${PROGRAMS[program]}(() => import(${JSON.stringify(path)}), ${JSON.stringify(constant)})`,
        resolveDir: here,
      },
      outfile: file,
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: true,
      conditions: ['@troupe/source'],
      // A scenario from elsewhere finds the packages here.
      nodePaths: [join(here, 'node_modules'), join(dirname(here), 'node_modules')],
      logLevel: 'silent',
    })
  } catch (error) {
    remove()
    throw new UsageError(`${name} cannot be built: ${error instanceof Error ? error.message : String(error)}`)
  }
  return { file, remove }
}
