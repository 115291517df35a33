import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Bundle, bundle } from '../bundle.ts'
import { type WorkloadName, workload } from './workloads.ts'

const SOURCE = fileURLToPath(new URL('erlang/savina.erl', import.meta.url))

/** What starts the process of a sample. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
}

/** The samples, ready to run. */
export class Samples {
  readonly #bundle: Bundle
  /** False where there is no Erlang on the path, or nobody wanted it. */
  readonly hasErlang: boolean

  private constructor(bundle: Bundle, hasErlang: boolean) {
    this.#bundle = bundle
    this.hasErlang = hasErlang
  }

  /** @param erlang whether anybody wants it */
  static async build(erlang: boolean): Promise<Samples> {
    const built = await bundle('actors/sample-main.ts')
    return new Samples(built, erlang && compileErlang(built.dir))
  }

  remove(): void {
    this.#bundle.remove()
  }

  /** @param names workloads, or `idle` */
  command(column: string, names: readonly (WorkloadName | 'idle')[], quick: boolean): Command {
    const size = quick ? 'quick' : 'full'
    const { dir } = this.#bundle
    if (column !== 'erlang') {
      const flags = names.includes('idle') ? ['--expose-gc'] : []
      return { file: process.execPath, args: [...flags, join(dir, 'sample-main.js'), column, size, ...names] }
    }
    // One scheduler: what one JavaScript thread is compared with.
    const flags = ['+S', '1:1', '-noshell', '-pa', dir]
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
  const { error, status, stderr, stdout } = spawnSync('erlc', ['-o', dir, SOURCE])
  if (error !== undefined) return false
  if (status !== 0) throw new Error(`erlc ended with ${status}\n${stdout}${stderr}`)
  return spawnSync('erl', ['-noshell', '-eval', 'halt().']).status === 0
}
