import type { BalancingStrategy, Target } from './strategy.ts'

/** Visits the targets in turn, whatever their weight. O(1), one integer of state, deterministic. */
export class RoundRobin implements BalancingStrategy {
  readonly name = 'round-robin'
  #next = 0

  pick<T extends Target>(targets: readonly T[]): T | undefined {
    // Wrap before reading, not after: the list may have shrunk since the last call, and
    // `next % length` would then jump to an arbitrary place in the cycle.
    if (this.#next >= targets.length) this.#next = 0
    return targets[this.#next++]
  }
}
