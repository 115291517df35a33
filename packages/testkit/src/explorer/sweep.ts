import { type Coverage, joined, NO_COVERAGE } from '../simulation/coverage.ts'
import type { Violation } from '../simulation/violation.ts'
import { seedAt } from './seeds.ts'

/** What a sweep needs to know of the run of a seed. */
export interface Outcome {
  readonly seed: string
  readonly events: number
  readonly simulatedMs: number
  readonly violations: readonly Violation[]
  readonly coverage: Coverage
}

/** A seed that failed, by the first of its violations that no earlier seed has shown. */
export interface Failure<R extends Outcome> {
  readonly seed: string
  readonly violation: Violation
  readonly run: R
}

/** How far a sweep has come. */
export interface SweepProgress {
  /** Seeds run, and seeds to run. */
  readonly seeds: number
  readonly of: number
  readonly events: number
  readonly simulatedMs: number
  /** Seeds that violated something. */
  readonly violations: number
}

/**
 * When to stop. `first-of-each-kind`: a failure found after n seeds is worth n more, in case there is one of another
 * kind; so a broken cluster says so at once, and a rare fault does not hide another rare one. `never`: run all seeds.
 */
export type StopAt = 'first-of-each-kind' | 'never'

/** Hands out the seeds of an exploration, and takes what they give: from one worker or from many, with one result. */
export class Sweep<R extends Outcome> {
  readonly #count: number
  readonly #from: number | string
  readonly #stopAt: StopAt
  readonly #failures: Failure<R>[] = []
  readonly #classes = new Set<string>()
  /** Outcomes that came before those of earlier seeds. */
  readonly #early = new Map<number, R>()
  #handedOut = 0
  #seeds = 0
  #events = 0
  #simulatedMs = 0
  #violations = 0
  #coverage = NO_COVERAGE
  #end: number

  constructor(count: number, from: number | string, stopAt: StopAt) {
    this.#count = count
    this.#from = from
    this.#stopAt = stopAt
    this.#end = count
  }

  /** The next seed to run, or null when there is none any more. */
  next(): { readonly index: number; readonly seed: number | string } | null {
    if (this.#handedOut >= this.#end) return null
    const index = this.#handedOut++
    return { index, seed: seedAt(this.#from, index) }
  }

  /** The seed number `index` has been run. In any order; the result depends on none. */
  add(index: number, outcome: R): void {
    this.#early.set(index, outcome)
    for (let next = this.#early.get(this.#seeds); next !== undefined; next = this.#early.get(this.#seeds)) {
      this.#early.delete(this.#seeds)
      // Behind the end are seeds that were under way when it was moved: whether they were is chance.
      if (this.#seeds >= this.#end) return
      this.#seeds++
      this.#take(next)
    }
  }

  #take(run: R): void {
    this.#events += run.events
    this.#simulatedMs += run.simulatedMs
    this.#coverage = joined(this.#coverage, run.coverage)
    if (run.violations.length === 0) return
    this.#violations++
    const violation = run.violations.find((candidate) => !this.#classes.has(classOf(candidate)))
    if (violation === undefined) {
      if (this.#stopAt === 'never') this.#failures.push({ seed: run.seed, violation: run.violations[0]!, run })
      return
    }
    for (const each of run.violations) this.#classes.add(classOf(each))
    this.#failures.push({ seed: run.seed, violation, run })
    if (this.#stopAt === 'first-of-each-kind') this.#end = Math.min(this.#count, this.#seeds * 2)
  }

  get failures(): readonly Failure<R>[] {
    return this.#failures
  }

  /** Of all seeds run. */
  get coverage(): Coverage {
    return this.#coverage
  }

  /** True when all seeds that count have been run. */
  get isDone(): boolean {
    return this.#seeds >= this.#end
  }

  get progress(): SweepProgress {
    return {
      seeds: this.#seeds,
      of: this.#end,
      events: this.#events,
      simulatedMs: this.#simulatedMs,
      violations: this.#violations,
    }
  }
}

/** Violations of one class are the same fault, as far as a machine can tell. */
function classOf({ kind, name }: Violation): string {
  return `${kind} ${name}`
}
