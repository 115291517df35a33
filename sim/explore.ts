import { constants } from 'node:os'
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  caveatsOf,
  type Failure,
  NO_COVERAGE,
  type Outcome,
  type Plan,
  Sweep,
  type Traits,
  type Violation,
} from '@troupe/testkit'
import type { Arguments } from './arguments.ts'
import { Worker, WorkerLostError } from './crew.ts'
import { exitStatus, INTERRUPTED } from './exit-status.ts'
import { writeFailure } from './failure-folder.ts'
import { Progress } from './progress.ts'
import type { ScenarioFile } from './scenario-files.ts'
import type { Told } from './tasks.ts'
import type { Terminal } from './terminal.ts'

/** A failure, and where it was written. */
interface Found {
  readonly seed: string
  readonly violation: Violation
  readonly told: Told | null
  readonly repro: string | null
}

/** Runs seeds of one scenario on several processes, and makes the failures small. */
export class Explorer {
  readonly #file: string
  readonly #scenario: ScenarioFile
  readonly #options: Arguments
  readonly #from: string
  readonly #terminal: Terminal
  readonly #sweep: Sweep<Outcome>
  readonly #progress: Progress
  readonly #workers = new Set<Worker>()
  #interruptedMs: number | null = null
  #sweptMs = 0
  #traits: Traits | null = null

  /**
   * @param file the bundle of the scenario
   * @param from the folder in which the command was called: paths are seen from there
   */
  constructor(file: string, scenario: ScenarioFile, options: Arguments, from: string, terminal: Terminal) {
    this.#file = file
    this.#scenario = scenario
    this.#options = options
    this.#from = from
    this.#terminal = terminal
    this.#sweep = new Sweep(options.seeds, options.from, 'first-of-each-kind')
    this.#progress = new Progress(terminal)
  }

  get #isInterrupted(): boolean {
    return this.#interruptedMs !== null
  }

  /** @returns the exit status */
  async run(): Promise<number> {
    const { seeds, from, jobs, json } = this.#options
    const count = Math.min(jobs, seeds)
    const interrupt = (): void => this.#interrupt()
    process.on('SIGINT', interrupt)
    this.#terminal.err(`${this.#scenario.name}: ${seeds} seeds from ${from}, on ${count} processes\n`)
    for (const signal of ENDING) process.on(signal, end)
    try {
      const startMs = performance.now()
      await Promise.all(Array.from({ length: count }, () => this.#work(startMs)))
      this.#sweptMs = performance.now() - startMs
      const found = await this.#shrinkAll()
      this.#progress.clear()
      if (json) this.#printJson(found)
      else this.#print(found)
      if (found.length === 0 && this.#isInterrupted) return INTERRUPTED
      return exitStatus(found.map(({ violation }) => violation))
    } finally {
      process.off('SIGINT', interrupt)
      for (const signal of ENDING) process.off(signal, end)
      for (const worker of this.#workers) worker.close()
    }
  }

  /** The first time: ends with what is known so far. The second: ends. */
  #interrupt(): void {
    const nowMs = performance.now()
    if (this.#interruptedMs !== null) {
      // One Ctrl-C may come twice, from the terminal and from npm. Workers that hang end with us.
      if (nowMs - this.#interruptedMs > SAME_MS) process.exit(INTERRUPTED)
      return
    }
    this.#interruptedMs = nowMs
    for (const worker of this.#workers) worker.stop()
  }

  async #work(startMs: number): Promise<void> {
    let worker = await this.#start()
    for (let next = this.#sweep.next(); next !== null && !this.#isInterrupted; next = this.#sweep.next()) {
      const { index, seed } = next
      try {
        const report = await worker.perform({ task: 'seed', index, seed, mode: this.#options.mode })
        if (report.report === 'seed') this.#sweep.add(index, report.outcome)
      } catch (error) {
        // Of a worker that hung until somebody had enough of it nobody knows whether it was the seed's fault.
        if (this.#isInterrupted && error instanceof WorkerLostError) return
        this.#sweep.add(index, lost(seed, error))
        worker = await this.#inPlaceOf(worker)
      }
      const { seeds, of, simulatedMs, violations } = this.#sweep.progress
      const speed = simulatedMs / Math.max(1, performance.now() - startMs)
      const words = `${seeds} of ${of} seeds, ${violations} violations, ${speed.toFixed(1)} sim-s/s`
      this.#progress.show(seeds / of, words)
    }
  }

  async #start(): Promise<Worker> {
    const worker = new Worker(this.#file)
    this.#workers.add(worker)
    this.#traits = await worker.ready()
    return worker
  }

  /** Another worker, when that one is lost. */
  async #inPlaceOf(worker: Worker): Promise<Worker> {
    if (!worker.isLost) return worker
    this.#workers.delete(worker)
    return this.#start()
  }

  async #shrinkAll(): Promise<Found[]> {
    const failures = [...this.#sweep.failures]
    const found: Found[] = []
    const workers = [...this.#workers].slice(0, failures.length)
    await Promise.all(
      workers.map(async (first) => {
        let worker = first
        for (let next = failures.shift(); next !== undefined; next = failures.shift()) {
          worker = await this.#inPlaceOf(worker)
          found.push(await this.#shrink(worker, next))
        }
      }),
    )
    const order = this.#sweep.failures.map(({ seed }) => seed)
    return found.sort((a, b) => order.indexOf(a.seed) - order.indexOf(b.seed))
  }

  async #shrink(worker: Worker, { seed, violation }: Failure<Outcome>): Promise<Found> {
    const budgetMs = this.#isInterrupted ? 0 : this.#options.shrinkMs
    const { mode, out } = this.#options
    const folder = out === null ? FAILURES : resolve(this.#from, out)
    const unknown = { seed, violation, told: null, repro: null }
    // Nothing to make smaller: what ends its process says no more, and what differs from run to run cannot be compared.
    if (violation.name === PROCESS_LOST) return unknown
    const shrunk = violation.kind === 'nondeterminism' && violation.name === 'trace' ? 0 : budgetMs
    try {
      const report = await worker.perform(
        { task: 'shrink', seed, mode, violation, budgetMs: shrunk },
        ({ progress: { step, tried, plan, elapsedMs } }) => {
          const left = `${plan.nemesis.length} faults, ${countOf(plan)} operations left`
          this.#progress.show(elapsedMs / budgetMs, `shrinking seed ${seed}: ${step}, ${tried} runs, ${left}`)
        },
        budgetMs + SHRINK_GRACE_MS,
      )
      if (report.report !== 'told') return unknown
      const repro = writeFailure(folder, this.#scenario, report.told)
      return { seed, violation, told: report.told, repro: relative(this.#from, repro) }
    } catch (error) {
      this.#progress.clear()
      this.#terminal.err(`seed ${seed} could not be made smaller: ${error instanceof Error ? error.message : error}\n`)
      return unknown
    }
  }

  #print(found: readonly Found[]): void {
    const { out } = this.#terminal
    for (const { seed, violation, told, repro } of found) {
      const { kind, name, message } = told?.repro.violation ?? violation
      out(`\nseed ${seed}: ${kind} violation ${name}\n${message}`)
      if (told === null || repro === null) {
        const mode = this.#options.mode === 'fifo' ? ' --mode fifo' : ''
        out(`again: npm run sim -- ${quoted(this.#scenario.name)} --from ${quoted(seed)} --seeds 1${mode}`)
        continue
      }
      const { nodes, clients, durationMs, nemesis, messageFaults } = told.repro
      const operations = countOf(told.repro)
      out(
        `made smaller: ${nodes} nodes, ${clients} clients, ${operations} operations, ${nemesis.length} faults, ` +
          `${messageFaults.length} of single messages, ${durationMs} ms`,
      )
      out(`\n${told.timeline}\n`)
      out(`drawn in ${repro.replace(/repro\.json$/, 'space-time.html')}`)
      out(`again: npm run sim -- replay ${quoted(repro)}`)
    }
    if (found.length > 0) out('')
    if (this.#isInterrupted) out('interrupted')
    for (const message of this.#caveats()) out(`mind: ${message}`)
    out(this.#summary())
  }

  /** A run that ends early says little; one that was at work and never connected its nodes says much. */
  #caveats(): string[] {
    const { coverage, progress } = this.#sweep
    if (this.#traits === null || progress.seeds === 0) return []
    return caveatsOf(this.#traits, coverage)
      .filter(({ name }) => progress.violations === 0 || (name === 'unlinked' && coverage.ok > 0))
      .map(({ message }) => message)
  }

  #summary(): string {
    const { seeds, simulatedMs, events, violations } = this.#sweep.progress
    const simulatedS = simulatedMs / 1_000
    const speed = simulatedS / Math.max(0.001, this.#sweptMs / 1_000)
    return `${seeds} seeds, ${simulatedS.toFixed(0)} simulated seconds, ${events} events, ${violations} violations, ${speed.toFixed(1)} sim-s/s`
  }

  #printJson(found: readonly Found[]): void {
    const { seeds, simulatedMs, events, violations } = this.#sweep.progress
    const failures = found.map(({ seed, violation, told, repro }) => {
      const { kind, name, message, atMs } = told?.repro.violation ?? violation
      return { seed, kind, name, message, atMs, repro, hash: told?.hash ?? null, nemesis: told?.repro.nemesis ?? null }
    })
    const { mode, from } = this.#options
    const scenario = this.#scenario.name
    const wallMs = Math.round(this.#sweptMs)
    const { coverage } = this.#sweep
    const caveats = this.#caveats()
    const rest = { coverage, caveats, isInterrupted: this.#isInterrupted, wallMs, failures }
    this.#terminal.out(JSON.stringify({ scenario, mode, from, seeds, simulatedMs, events, violations, ...rest }))
  }
}

const FAILURES = fileURLToPath(new URL('../sim-failures', import.meta.url))
const SAME_MS = 500
/** Signals that end it at once: by an exit, so that its workers and its bundle go too. */
const ENDING = ['SIGTERM', 'SIGHUP'] as const

function end(signal: NodeJS.Signals): void {
  process.exit(128 + constants.signals[signal])
}
/** Beyond its budget a shrinker finishes a run, and draws it. */
const SHRINK_GRACE_MS = 120_000
const PROCESS_LOST = 'process-lost'

/** What becomes of a seed whose run ended its process, or gave no result. */
function lost(seed: number | string, error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error)
  const name = error instanceof WorkerLostError ? PROCESS_LOST : 'no-result'
  const violations = [{ kind: 'crash', name, message, atMs: 0 } as const]
  return { seed: String(seed), events: 0, simulatedMs: 0, violations, coverage: NO_COVERAGE }
}

/** Operations that are done. */
function countOf({ operations, leftOut = [] }: Plan): number {
  return operations - leftOut.length
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  return /^[\w./:+@%-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
