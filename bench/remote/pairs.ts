import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Bundle, bundle } from '../bundle.ts'
import type { Measured } from './sample.ts'

const SOURCE = fileURLToPath(new URL('erlang/remote.erl', import.meta.url))
/** Of an epmd of our own, which ends with the bench: the one that `erl` would start goes on. */
const EPMD_PORT = String(20_000 + (process.pid % 10_000))

/** A sample that takes longer than this hangs. */
const LIMIT_MS = 60_000

/** What idle connections cost the process that serves. */
export interface IdleFigures {
  readonly connections: number
  /** Live bytes per connection. */
  readonly bytes: number
}

/** What a process said about one workload, or about idle connections. Null: its runtime has no such thing. */
export interface Line {
  readonly name: string
  readonly measured?: Measured
  readonly idle?: IdleFigures | null
}

/** Pairs of processes, ready to run. */
export class Pairs {
  readonly #bundle: Bundle
  readonly #epmd: ChildProcess | null

  private constructor(bundle: Bundle, epmd: ChildProcess | null) {
    this.#bundle = bundle
    this.#epmd = epmd
  }

  /** @param erlang whether anybody wants it */
  static async build(erlang: boolean): Promise<Pairs> {
    const built = await bundle('remote/sample-main.ts')
    return new Pairs(built, erlang && compileErlang(built.dir) ? await startEpmd() : null)
  }

  /** False where there is no `erl`, `erlc` and `epmd` on the path, or nobody wanted them. */
  get hasErlang(): boolean {
    return this.#epmd !== null
  }

  remove(): void {
    this.#epmd?.kill()
    this.#bundle.remove()
  }

  /** @throws {Error} when a process ends badly, with what it said */
  async run(column: string, names: readonly string[], quick: boolean): Promise<Line[]> {
    const size = quick ? 'quick' : 'full'
    const { dir } = this.#bundle
    if (column !== 'erlang') {
      return lines(
        spawn(process.execPath, [join(dir, 'sample-main.js'), column, size, ...names], { timeout: LIMIT_MS }),
      )
    }
    const server = this.#erl('server', ['serve'])
    try {
      await Promise.race([once(server.stdout!, 'data'), once(server, 'close')])
      return await lines(this.#erl('client', ['main', size, nodeName('server'), ...names]))
    } finally {
      server.kill()
    }
  }

  #erl(name: string, run: readonly string[]): ChildProcess {
    // One scheduler: what one JavaScript thread is compared with.
    const flags = ['+S', '1:1', '-noshell', '-pa', this.#bundle.dir, '-start_epmd', 'false', '-setcookie', 'bench']
    const env = { ...process.env, ERL_EPMD_PORT: EPMD_PORT }
    return spawn('erl', [...flags, '-name', nodeName(name), '-run', 'remote', ...run], { env, timeout: LIMIT_MS })
  }
}

function nodeName(name: string): string {
  return `${name}_${process.pid}@127.0.0.1`
}

/** @returns false when there is no Erlang on the path */
function compileErlang(dir: string): boolean {
  const { error, status, stderr, stdout } = spawnSync('erlc', ['-o', dir, SOURCE])
  if (error !== undefined) return false
  if (status !== 0) throw new Error(`erlc ended with ${status}\n${stdout}${stderr}`)
  return spawnSync('erl', ['-noshell', '-eval', 'halt().']).status === 0
}

/** @returns null when there is none on the path */
async function startEpmd(): Promise<ChildProcess | null> {
  const epmd = spawn('epmd', ['-port', EPMD_PORT, '-address', '127.0.0.1'], { stdio: 'ignore' })
  const started = await Promise.race([
    once(epmd, 'spawn').then(() => true),
    once(epmd, 'error').then(() => false),
  ]).catch(() => false)
  return started ? epmd : null
}

function lines(child: ChildProcess): Promise<Line[]> {
  const output = { out: '', err: '' }
  child.stdout!.on('data', (chunk) => (output.out += chunk))
  child.stderr!.on('data', (chunk) => (output.err += chunk))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status, signal) => {
      const found = output.out.split('\n').filter((line) => line.startsWith('{'))
      if (status === 0) resolve(found.map((line) => JSON.parse(line) as Line))
      else reject(new Error(`${child.spawnargs.join(' ')} ended with ${status ?? signal}: ${output.err}`))
    })
  })
}
