import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type WorkloadName, workload } from './workloads.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const dist = fileURLToPath(new URL('../dist', import.meta.url))

/** What starts the process of a sample. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
}

/**
 * The samples as plain JavaScript, from the sources of the packages. What runs TypeScript on the fly names every
 * function and class anew each time it is made, which would cost those columns most that make the most of them.
 */
export class Samples {
  readonly #dir: string
  /** Null where there is no `erlc`. */
  readonly hasErlang: boolean

  private constructor(dir: string, hasErlang: boolean) {
    this.#dir = dir
    this.hasErlang = hasErlang
  }

  /** @param erlang whether anybody wants it */
  static async build(erlang: boolean): Promise<Samples> {
    mkdirSync(dist, { recursive: true })
    const dir = mkdtempSync(join(dist, 'actors-'))
    writeFileSync(join(dir, 'package.json'), '{"type":"module"}')
    await build({
      entryPoints: [join(here, 'sample-main.ts')],
      outdir: dir,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      conditions: ['@troupe/source'],
      external: ['nact', 'comedy', 'xstate', 'effect'],
      logLevel: 'error',
    })
    return new Samples(dir, erlang && compileErlang(dir))
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true })
  }

  /** @param names workloads, or `idle` */
  command(column: string, names: readonly (WorkloadName | 'idle')[], quick: boolean): Command {
    const size = quick ? 'quick' : 'full'
    if (column !== 'erlang') {
      const flags = names.includes('idle') ? ['--expose-gc'] : []
      return { file: process.execPath, args: [...flags, join(this.#dir, 'sample-main.js'), column, size, ...names] }
    }
    // One scheduler: what one JavaScript thread is compared with.
    const flags = ['+S', '1:1', '-noshell', '-pa', this.#dir]
    return { file: 'erl', args: [...flags, '-run', 'savina', 'main', size, ...names.map((name) => task(name, quick))] }
  }
}

/** Names and numbers for Erlang, which reads no TypeScript. */
function task(name: WorkloadName | 'idle', quick: boolean): string {
  if (name === 'idle') return `idle:${quick ? 5_000 : 50_000}`
  const { size, operations } = workload(name, quick)
  return `${name}:${size.actors}:${size.each}:${operations}`
}

/** @returns false when there is no Erlang on the path */
function compileErlang(dir: string): boolean {
  const { error, status, stderr, stdout } = spawnSync('erlc', ['-o', dir, join(here, 'erlang', 'savina.erl')])
  if (error !== undefined) return false
  if (status !== 0) throw new Error(`erlc ended with ${status}\n${stdout}${stderr}`)
  return spawnSync('erl', ['-noshell', '-eval', 'halt().']).status === 0
}
