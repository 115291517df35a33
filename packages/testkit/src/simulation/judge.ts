import type { Checker, CheckResult } from '../checkers/checker.ts'
import { stackOf } from './crash-class.ts'
import type { Scenario, Wrong } from './scenario.ts'
import type { SimulatedCluster } from './simulated-cluster.ts'
import type { Violation } from './violation.ts'

/** How often what must always hold is asked for, in virtual ms. */
const ASK_EVERY_MS = 100

/** Says what of a run is wrong: by what must hold at each moment, and by what clients saw in the end. */
export class Judge {
  readonly #scenario: Scenario
  readonly #cluster: SimulatedCluster
  readonly #violate: (violation: Omit<Violation, 'atMs'>) => void
  /** What the first checker that could not decide said. */
  undecided: string | null = null

  constructor(scenario: Scenario, cluster: SimulatedCluster, violate: (violation: Omit<Violation, 'atMs'>) => void) {
    this.#scenario = scenario
    this.#cluster = cluster
    this.#violate = violate
  }

  /** Asks for the invariant now and again, from here on. */
  watch(): void {
    if (this.#scenario.invariant === undefined) return
    const { world } = this.#cluster
    const ask = (): void => {
      this.look()
      world.at(world.nowMs + ASK_EVERY_MS, ask)
    }
    world.at(ASK_EVERY_MS, ask)
  }

  /** Asks for the invariant. */
  look(): void {
    const wrong: unknown = this.#scenario.invariant?.(this.#cluster) ?? null
    if (wrong === null) return
    if (typeof wrong === 'string') this.#violate({ kind: 'safety', name: 'invariant', message: wrong })
    else if (isWrong(wrong)) this.#violate({ kind: 'safety', name: 'invariant', ...wrong })
    else {
      const message = `the invariant gave ${String(wrong)}: it must give null while all is well, else a text or { message, conflict }`
      this.#violate({ kind: 'crash', name: 'invariant: no text', message })
    }
  }

  /** Has the checkers look at what clients saw. */
  check(): void {
    for (const checker of this.#scenario.checkers ?? []) {
      const result = this.#checked(checker)
      if (result === null) continue
      if (result.verdict === 'unknown') this.undecided ??= `${checker.name}: ${result.message}`
      if (result.verdict !== 'illegal') continue
      const { message, conflict } = result
      this.#violate({ kind: 'safety', name: checker.name, message, conflict })
    }
  }

  /** A checker may be the user's own: what it throws belongs to the seed. */
  #checked(checker: Checker): CheckResult | null {
    try {
      return checker.check(this.#cluster.history)
    } catch (error) {
      this.#violate({ kind: 'crash', name: `checker ${checker.name} threw`, message: stackOf(error) })
      return null
    }
  }
}

function isWrong(value: unknown): value is Wrong {
  const { message, conflict } = value as Partial<Wrong>
  return typeof message === 'string' && Array.isArray(conflict)
}
