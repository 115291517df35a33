import type { Random } from '@troupe/core'
import type { BalancingStrategy, Target } from './strategy.ts'

/** Among how many it chooses. */
export interface RandomChoiceOptions {
  /** Whether a target of twice the weight is drawn twice as often. Default false. */
  readonly weighted?: boolean
}

/** Draws a target. No state, so any number of balancers spread as one would. O(1), weighted O(targets). */
export class RandomChoice implements BalancingStrategy {
  readonly name: string
  readonly #random: Random
  readonly #weighted: boolean

  constructor(random: Random, { weighted = false }: RandomChoiceOptions = {}) {
    this.#random = random
    this.#weighted = weighted
    this.name = weighted ? 'weighted-random' : 'random'
  }

  pick<T extends Target>(targets: readonly T[]): T | undefined {
    if (targets.length === 0) return undefined
    if (!this.#weighted) return targets[this.#random.below(targets.length)]
    let total = 0
    for (const { weight } of targets) total += weight
    let left = (this.#random.next() / 2 ** 32) * total
    for (const target of targets) {
      left -= target.weight
      if (left < 0) return target
    }
    // Rounding can leave a trace of the total over.
    return targets.at(-1)
  }
}
