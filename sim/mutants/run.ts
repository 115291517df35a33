import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import type { Terminal } from '../terminal.ts'
import { buildPlanted } from './build.ts'
import { catalogue } from './catalogue.ts'
import type { Hunt } from './hunt.ts'
import type { Mutant } from './mutant.ts'
import type { Answer, Job } from './worker.ts'

const USAGE = 'usage: npm run sim -- mutants [--only NAME] [--seeds 500] [--jobs N] [--json]'
const DEFAULT_SEEDS = 500
/** Of those planted, what has to be found for the run to pass. */
const REQUIRED = 0.9
/** A worker that says nothing for so long hangs: it says something before each run. */
const SILENCE_MS = 20_000

interface Options {
  readonly only: readonly string[]
  readonly seeds: number
  readonly jobs: number
  readonly json: boolean
}

/**
 * Hunts planted bugs, each with the scenario it names, on all cores.
 *
 * @param args `--only NAME` (a name, or the beginning of several, or a scenario; may be repeated), `--seeds N`, `--jobs N`, `--json`
 * @returns the exit status: 0 when 9 of 10 were found, 1 when fewer were, 2 for arguments that make no sense
 */
export async function mutants(args: readonly string[], terminal: Terminal): Promise<number> {
  const options = parse(args)
  if (typeof options === 'string') {
    terminal.err(`${options}\n${USAGE}\n`)
    return 2
  }
  const meant = catalogue.filter(({ name, scenario }) => isMeant(options.only, name, scenario))
  if (meant.length === 0) {
    terminal.err(
      `no mutant is called ${options.only.join(' or ')}; there are ${catalogue.map(({ name }) => name).join(', ')}\n`,
    )
    return 2
  }
  const hunts = await huntAll(meant, options, (hunt) => {
    if (!options.json) terminal.out(line(hunt, options.seeds))
  })
  const found = hunts.filter(({ violation }) => violation !== null)
  const median = medianOf(found.map(({ seeds }) => seeds))
  if (options.json)
    terminal.out(JSON.stringify({ mutants: hunts, found: found.length, of: hunts.length, medianSeeds: median }))
  else terminal.out(`${found.length} of ${hunts.length} planted bugs found, median of seeds ${median ?? '-'}`)
  return found.length >= REQUIRED * hunts.length ? 0 : 1
}

function isMeant(only: readonly string[], name: string, scenario: string): boolean {
  return only.length === 0 || only.some((start) => name.startsWith(start) || scenario === start)
}

function parse(args: readonly string[]): Options | string {
  const only: string[] = []
  let seeds = DEFAULT_SEEDS
  let jobs = availableParallelism()
  let json = false
  for (let i = 0; i < args.length; i++) {
    const [flag, inline] = args[i]!.split('=', 2)
    if (flag === '--json') json = true
    else if (flag === '--only' || flag === '--seeds' || flag === '--jobs') {
      const value = inline ?? args[++i]
      if (value === undefined) return `${flag} needs a value`
      if (flag === '--only') only.push(value)
      else if (!/^[1-9]\d*$/.test(value)) return `${flag} takes a number of at least 1, not ${value}`
      else if (flag === '--seeds') seeds = Number(value)
      else jobs = Number(value)
    } else return `unknown option ${args[i]}`
  }
  return { only, seeds, jobs, json }
}

async function huntAll(mutants: readonly Mutant[], options: Options, each: (hunt: Hunt) => void): Promise<Hunt[]> {
  const bundle = await buildPlanted('worker.ts', catalogue)
  const left = [...mutants]
  const hunts: Hunt[] = []
  const work = async (): Promise<void> => {
    const worker = new Worker(bundle.file)
    try {
      for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
        const hunt = await worker.hunt(mutant, options.seeds)
        hunts.push(hunt)
        each(hunt)
      }
    } finally {
      worker.end()
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(options.jobs, mutants.length) }, work))
  } finally {
    bundle.remove()
  }
  return hunts
}

/** A process that hunts one mutant after the other; another one when that hangs. */
class Worker {
  readonly #file: string
  #child: ChildProcess

  constructor(file: string) {
    this.#file = file
    this.#child = this.#start()
  }

  /** Rejects when the worker says what is wrong, or dies. One that says nothing any more has been hung by the bug. */
  hunt({ name: mutant, scenario }: Mutant, seeds: number): Promise<Hunt> {
    const child = this.#child
    const startMs = performance.now()
    let seed = 0
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        clearTimeout(silence)
        child.removeAllListeners()
        end()
      }
      const hangs = (): void => {
        child.kill('SIGKILL')
        this.#child = this.#start()
        const violation = { kind: 'crash', name: 'hang', message: 'a turn does not end' }
        const searchMs = performance.now() - startMs
        resolve({ mutant, scenario, seeds: seed, violation, operations: null, searchMs, shrinkMs: 0 })
      }
      const silence = setTimeout(() => settle(hangs), SILENCE_MS)
      child.on('message', (answer: Answer) => {
        if ('seed' in answer) {
          seed = answer.seed
          silence.refresh()
        } else settle(() => ('error' in answer ? reject(new Error(`${mutant}: ${answer.error}`)) : resolve(answer)))
      })
      child.once('exit', (status) => settle(() => reject(new Error(`${mutant}: the worker ended with ${status}`))))
      const job: Job = { mutant, seeds }
      child.send(job)
    })
  }

  end(): void {
    this.#child.kill('SIGKILL')
  }

  #start(): ChildProcess {
    return fork(this.#file, { stdio: ['ignore', 2, 2, 'ipc'], execArgv: ['--enable-source-maps'] })
  }
}

function line({ mutant, seeds, violation, operations, searchMs, shrinkMs }: Hunt, most: number): string {
  const seconds = (ms: number): string => (ms / 1000).toFixed(1)
  if (violation === null) return `${mutant}: NOT found in ${most} seeds (${seconds(searchMs)} s)`
  const found = `${mutant}: found after ${seeds} seeds (${violation.kind}: ${violation.name})`
  if (operations === null) return `${found}, not shrunk`
  return `${found}, shrunk to ${operations} operations in ${seconds(shrinkMs)} s`
}

function medianOf(values: readonly number[]): number | null {
  if (values.length === 0) return null
  return [...values].sort((a, b) => a - b)[(values.length - 1) >> 1]!
}
