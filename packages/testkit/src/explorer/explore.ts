import { type Clock, checkOptions, is, realRuntime, TroupeError } from '@troupe/core'
import type { Coverage } from '../simulation/coverage.ts'
import type { Run } from '../simulation/run.ts'
import type { Scenario } from '../simulation/scenario.ts'
import { simulate } from '../simulation/simulate.ts'
import { type Caveat, caveatsOf, traitsOf } from './caveats.ts'
import { checkDeterminism } from './determinism.ts'
import { parseSeed } from './seeds.ts'
import { type Failure, type StopAt, Sweep, type SweepProgress } from './sweep.ts'
import { timeline } from './timeline.ts'

/** Which seeds to run, and how. */
export interface ExploreOptions {
  /** How many seeds to run. Default 100. */
  readonly seeds?: number
  /** The first seed: a number, counted on, or any text (a commit hash, say), which gets numbers. Default 0. */
  readonly from?: number | string
  /** Whether the seed permutes what is due at one instant. Default `explore`. */
  readonly mode?: 'fifo' | 'explore'
  /** Default `first-of-each-kind`: after n seeds to the first failure, n more. */
  readonly stopAt?: StopAt
  /** One of how many seeds is run twice, to see that it gives the same run. Default 20; 0: none. */
  readonly recheckOneIn?: number
  /** Ends the exploration after the run under way; what is known by then comes back. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: SweepProgress) => void
  /** Where real time comes from. Default: the host. */
  readonly clock?: Clock
  /** How a seed is run. Default: `simulate`. */
  readonly simulate?: typeof simulate
}

/** What was seen in the runs of many seeds. */
export interface Exploration {
  readonly scenario: string
  readonly mode: 'fifo' | 'explore'
  /** Seeds run. */
  readonly seeds: number
  readonly simulatedMs: number
  readonly events: number
  /** By seed: the first of each class, or all of them, as `stopAt` says. */
  readonly failures: readonly Failure<Run>[]
  /** What clients got in all runs, and whether nodes were connected. */
  readonly coverage: Coverage
  /** Why no violation says less than it seems to; empty when the runs have tested something. */
  readonly caveats: readonly Caveat[]
  /** Real time it took, in ms. */
  readonly wallMs: number
}

/**
 * Runs a scenario with many seeds, one after the other, in this process.
 *
 * ```ts
 * test('no acknowledged write is lost, whatever crashes', async (t) => {
 *   assertNoViolations(await explore(counter, { seeds: 1_000 }))
 *   t.pass()
 * })
 * ```
 *
 * Determinism is looked after: one seed of twenty is run twice, and a difference is a violation of the kind
 * `nondeterminism`, which names the first event that differs. Costs as many runs as there are seeds, 5 to 60 ms each
 * for a cluster of three; of the runs, only those that failed are kept.
 *
 * @returns rejects with {@link UnknownOptionError} or {@link InvalidOptionError}
 */
export async function explore(scenario: Scenario, options: ExploreOptions = {}): Promise<Exploration> {
  checkOptions('explore', options, EXPLORE_OPTIONS)
  const { seeds = 100, from = 0, mode = 'explore', stopAt = 'first-of-each-kind', signal, onProgress } = options
  const clock = options.clock ?? realRuntime().clock
  const startMs = clock.now()
  const sweep = new Sweep<Run>(seeds, from, stopAt)
  for (let next = sweep.next(); next !== null && signal?.aborted !== true; next = sweep.next()) {
    sweep.add(next.index, await runSeed(scenario, next, mode, options))
    onProgress?.(sweep.progress)
  }
  const { seeds: run, simulatedMs, events } = sweep.progress
  const wallMs = clock.now() - startMs
  const { failures, coverage } = sweep
  const caveats = run === 0 ? [] : caveatsOf(traitsOf(scenario), coverage)
  return { scenario: scenario.name, mode, seeds: run, simulatedMs, events, failures, coverage, caveats, wallMs }
}

const EXPLORE_OPTIONS = {
  seeds: is.integer(1),
  from: (value: unknown): string | null => (typeof value === 'string' ? is.string(value) : is.integer(0)(value)),
  mode: is.oneOf('fifo', 'explore'),
  stopAt: is.oneOf('first-of-each-kind', 'never'),
  recheckOneIn: is.integer(0),
  signal: is.object,
  onProgress: is.function,
  clock: is.objectWith('a clock', 'now'),
  simulate: is.function,
}

/** Runs one seed of a sweep; every `recheckOneIn`th of them twice. */
export async function runSeed(
  scenario: Scenario,
  { index, seed }: { readonly index: number; readonly seed: number | string },
  mode: 'fifo' | 'explore',
  options: Pick<ExploreOptions, 'recheckOneIn' | 'simulate'> = {},
): Promise<Run> {
  const { recheckOneIn = 20, simulate: run = simulate } = options
  const result = await run({ scenario, seed, mode })
  if (recheckOneIn === 0 || index % recheckOneIn !== 0) return result
  const difference = await checkDeterminism(result, { scenario, seed, mode }, run)
  return difference === null ? result : { ...result, violations: [...result.violations, difference] }
}

/** Some seeds of an exploration have shown violations. */
export class ExplorationError extends TroupeError {
  override readonly name = 'ExplorationError'
  readonly code = 'VIOLATIONS_FOUND'
  readonly #exploration: Exploration

  constructor(exploration: Exploration) {
    super(report(exploration))
    this.#exploration = exploration
  }

  /** What was found. No field, as Node prints those of an error that nobody catches, and a run has thousands of lines. */
  get exploration(): Exploration {
    return this.#exploration
  }
}

/** An exploration has found nothing, because it has tested nothing. */
export class NothingTestedError extends TroupeError {
  override readonly name = 'NothingTestedError'
  readonly code = 'NOTHING_TESTED'
  readonly #exploration: Exploration

  constructor(exploration: Exploration, { message }: Caveat) {
    super(`${exploration.scenario}, ${exploration.seeds} seeds: ${message}`)
    this.#exploration = exploration
  }

  /** What was run. No field, for the same reason. */
  get exploration(): Exploration {
    return this.#exploration
  }
}

/**
 * Passes when an exploration has found nothing.
 *
 * @throws {ExplorationError} whose message has the seeds, what they violate, what happened before, and a line that
 *   replays each
 * @throws {NothingTestedError} when nothing could be found: no operation of any client was answered, or there is a
 *   checker and no history
 */
export function assertNoViolations(exploration: Exploration): void {
  if (exploration.failures.length > 0) throw new ExplorationError(exploration)
  const fatal = exploration.caveats.find(({ isFatal }) => isFatal)
  if (fatal !== undefined) throw new NothingTestedError(exploration, fatal)
}

function report({ scenario, mode, seeds, failures }: Exploration): string {
  const parts = failures.map(({ seed, run, violation: { kind, name, message, atMs, node } }) => {
    const options = [
      `scenario: ${scenario}`,
      `seed: ${JSON.stringify(parseSeed(seed))}`,
      ...(mode === 'explore' ? [] : [`mode: '${mode}'`]),
    ]
    const where = `at ${atMs} ms${node === undefined ? '' : ` on ${node}`}`
    return [
      `seed ${seed}: ${kind} violation ${name} ${where}: ${message}`,
      `replay: await simulate({ ${options.join(', ')} })`,
      timeline(run, { maxLines: 12 }),
    ].join('\n')
  })
  return `${scenario} fails, ${failures.length} of ${seeds} seeds shown\n\n${parts.join('\n\n')}`
}
