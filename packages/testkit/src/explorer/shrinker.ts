import { type Clock, checkOptions, is, realRuntime } from '@troupe/core'
import type { Run } from '../simulation/run.ts'
import type { Scenario } from '../simulation/scenario.ts'
import { simulate } from '../simulation/simulate.ts'
import type { Violation } from '../simulation/violation.ts'
import { ddmin } from './ddmin.ts'
import {
  closer,
  operationsOf,
  type Plan,
  planOf,
  scaled,
  withOperations,
  withoutClients,
  withoutNodes,
} from './plan.ts'
import { type Repro, shows, simulateOptions } from './repro.ts'

/** How far a shrinker has come. */
export interface ShrinkProgress {
  /** What it tries to make less of; `again`: nothing yet. */
  readonly step: 'again' | 'horizon' | 'nodes' | 'clients' | 'operations' | 'nemesis' | 'message faults' | 'delays'
  /** Runs so far, and how many of them showed the same violation. */
  readonly tried: number
  readonly kept: number
  /** The smallest plan so far. */
  readonly plan: Plan
  readonly elapsedMs: number
}

/** How {@link shrink} searches. */
export interface ShrinkOptions {
  /** Real time to spend, in ms; the run that is under way then is still finished. Default 60,000. */
  readonly budgetMs?: number
  /** Which of the run's violations to keep. Default: the first. */
  readonly violation?: Violation
  /** How the run was made; default `explore`. */
  readonly mode?: 'fifo' | 'explore'
  /** Ends the search early; the best so far comes back. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: ShrinkProgress) => void
  /** Where real time comes from. Default: the host. */
  readonly clock?: Clock
  /** How a candidate is run. Default: `simulate`. */
  readonly simulate?: typeof simulate
}

/**
 * Makes a run that violates something as small as it can: a shorter horizon, fewer nodes, clients and operations, then
 * `ddmin` over what the nemesis does, over the faults of single messages and over single operations, then links without chance and round times;
 * again and again until nothing gets smaller or the budget is spent. What is kept shows a violation of the same class
 * (kind and name). Takes some hundred runs, each shorter than the first.
 *
 * @param run what `simulate` gave for `scenario`, with at least one violation
 * @returns rejects with a {@link RangeError} when the run violates nothing; with {@link UnknownOptionError} or
 *   {@link InvalidOptionError}
 */
export async function shrink(run: Run, scenario: Scenario, options: ShrinkOptions = {}): Promise<Repro> {
  checkOptions('shrink', options, SHRINK_OPTIONS)
  const violation = options.violation ?? run.violations[0]
  if (violation === undefined) throw new RangeError(`seed ${run.seed} violates nothing: there is nothing to shrink`)
  const search = new Search(run, scenario, violation, options)
  await search.reduce()
  return search.best
}

const SHRINK_OPTIONS = {
  budgetMs: is.number(0, Number.POSITIVE_INFINITY),
  violation: is.object,
  mode: is.oneOf('fifo', 'explore'),
  signal: is.object,
  onProgress: is.function,
  clock: is.objectWith('a clock', 'now'),
  simulate: is.function,
}

/** Every frame takes the same time. */
const STEADY = { minLatencyMs: 1, meanLatencyMs: 1 } as const
/** Times that people can read, coarsest first. */
const ROUND_MS = [1_000, 100, 10, 1] as const
/** So many faults are looked at one by one. */
const FEW = 12
/** A run in which a turn takes longer, in ms of real time, hangs: many may, where that is what was found. */
const TURN_LIMIT_MS = 1_000
/** Rounds over all steps. What is left after this many would not get much smaller. */
const MAX_ROUNDS = 5

class Search {
  best: Repro
  readonly #run: Run
  readonly #scenario: Scenario
  readonly #options: ShrinkOptions
  readonly #clock: Clock
  readonly #startMs: number
  /** Plans tried: a later round asks about many of them again. */
  readonly #tried = new Set<string>()
  #step: ShrinkProgress['step'] = 'again'
  #kept = 0

  constructor(run: Run, scenario: Scenario, violation: Violation, options: ShrinkOptions) {
    const { nemesis, messageFaults, seed, hash } = run
    const plan: Plan = { ...run.draws, nemesis, messageFaults, mode: options.mode ?? 'explore' }
    this.best = { format: 1, scenario: scenario.name, seed, ...plan, violation, hash }
    this.#run = run
    this.#scenario = scenario
    this.#options = options
    this.#clock = options.clock ?? realRuntime().clock
    this.#startMs = this.#clock.now()
  }

  async reduce(): Promise<void> {
    // Its faults as a list, not as the seed draws them: what is written down must be what a replay gives.
    await this.#try({})
    for (let round = 0; round < MAX_ROUNDS && !this.#isOver; round++) {
      const before = this.#kept
      await this.#horizon()
      await this.#nodes()
      await this.#clients()
      await this.#operations()
      await this.#faults()
      await this.#singleOperations()
      await this.#delays()
      if (this.#kept === before) return
    }
  }

  async #horizon(): Promise<void> {
    this.#step = 'horizon'
    const { violation } = this.best
    // What a checker finds is seen at the end; it was done when the last operation of the conflict ended.
    const seenMs = violation.conflict?.reduce((latest, { at = violation.atMs }) => Math.max(latest, at), 0)
    const neededMs = Math.ceil(seenMs ?? violation.atMs) + 1
    if (neededMs < this.best.durationMs) await this.#try(this.#until(neededMs))
    await this.#least(1, this.best.durationMs, (durationMs) => this.#until(durationMs))
    await this.#sooner()
  }

  #until(durationMs: number): Partial<Plan> {
    return { durationMs, nemesis: this.best.nemesis.filter(({ atMs }) => atMs < durationMs) }
  }

  /** All of it in less time, then each fault sooner after the one before: what clients do meanwhile gets less as well. */
  async #sooner(): Promise<void> {
    for (const part of [0.25, 0.5, 0.75]) while (await this.#try(scaled(this.best, part)));
    // With many faults, most of which will be gone in the next round, this would take long.
    for (let i = 0; i < this.best.nemesis.length && this.best.nemesis.length <= FEW; i++) {
      for (const part of [0.25, 0.5]) while (await this.#try(closer(this.best, i, part)));
    }
  }

  async #nodes(): Promise<void> {
    this.#step = 'nodes'
    await this.#least(1, this.best.nodes, (nodes) => withoutNodes(this.best, this.#run.nodes, nodes))
  }

  async #clients(): Promise<void> {
    this.#step = 'clients'
    await this.#least(0, this.best.clients, (clients) => withoutClients(this.best, clients))
  }

  async #operations(): Promise<void> {
    this.#step = 'operations'
    await this.#least(0, this.best.operations, (operations) => ({ operations }))
  }

  /** Those that came before the one that shows it, and have nothing to do with it. After the faults: a run is short by then. */
  async #singleOperations(): Promise<void> {
    this.#step = 'operations'
    await ddmin(operationsOf(this.best), (kept) => this.#try(withOperations(kept)))
  }

  async #faults(): Promise<void> {
    this.#step = 'nemesis'
    await ddmin(this.best.nemesis, (nemesis) => this.#try({ nemesis }))
    this.#step = 'message faults'
    await ddmin(this.best.messageFaults, (messageFaults) => this.#try({ messageFaults }))
  }

  async #delays(): Promise<void> {
    this.#step = 'delays'
    if (this.best.mode === 'explore') await this.#try({ mode: 'fifo' })
    const { kind = 'ordered' } = this.#scenario.network ?? {}
    if (this.best.network === undefined) await this.#try({ network: { kind, ...STEADY } })
    for (const unit of ROUND_MS) {
      const { nemesis } = this.best
      if (
        await this.#try({ nemesis: nemesis.map((operation) => ({ ...operation, atMs: round(operation.atMs, unit) })) })
      )
        break
    }
    for (const unit of ROUND_MS) {
      const messageFaults = this.best.messageFaults.map((fault) =>
        fault.delayMs === undefined ? fault : { ...fault, delayMs: Math.max(round(fault.delayMs, unit), unit) },
      )
      if (await this.#try({ messageFaults })) break
    }
  }

  /** Looks for the least value that still shows the violation: the least of all first, then by halves. */
  async #least(least: number, most: number, change: (value: number) => Partial<Plan>): Promise<void> {
    if (most <= least || (await this.#try(change(least)))) return
    let low = least
    let high = most
    // To a twentieth: the last milliseconds of a horizon are not worth their runs.
    while (high - low > Math.max(1, high / 20)) {
      const middle = Math.floor((low + high) / 2)
      if (await this.#try(change(middle))) high = middle
      else low = middle
    }
  }

  /** Runs the best plan so far with this change. @returns whether it is the best now */
  async #try(change: Partial<Plan>): Promise<boolean> {
    const plan = planOf({ ...this.best, ...change })
    const key = JSON.stringify(plan)
    if (this.#isOver || this.#tried.has(key)) return false
    this.#tried.add(key)
    const run = await this.#simulate(plan)
    const violation = run === null ? undefined : shows(run, this.best.violation)
    if (run !== null && violation !== undefined) {
      const { format, scenario, seed } = this.best
      this.best = { format, scenario, seed, ...plan, violation, hash: run.hash }
      this.#kept++
    }
    this.#options.onProgress?.({
      step: this.#step,
      tried: this.#tried.size,
      kept: this.#kept,
      plan: planOf(this.best),
      elapsedMs: this.#clock.now() - this.#startMs,
    })
    return violation !== undefined
  }

  async #simulate(plan: Plan): Promise<Run | null> {
    try {
      const options = simulateOptions(this.#scenario, this.best.seed, plan)
      return await (this.#options.simulate ?? simulate)({ ...options, turnLimitMs: TURN_LIMIT_MS })
    } catch {
      // A scenario that cannot do with so little says so; that is not what we look for.
      return null
    }
  }

  get #isOver(): boolean {
    const { budgetMs = 60_000, signal } = this.#options
    return signal?.aborted === true || this.#clock.now() - this.#startMs >= budgetMs
  }
}

function round(ms: number, unit: number): number {
  return Math.round(ms / unit) * unit
}
