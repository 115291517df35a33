import type { BalancingStrategy, Target } from './strategy.ts'

/**
 * The target with the fewest requests in flight for its weight; of several, in turn. O(targets).
 *
 * The best there is for one balancer. Each balancer knows its own requests only: with many of them in front of
 * the same targets it spreads hardly better than chance.
 * @see nginx, least_conn: compares without a division
 */
export class LeastConnections implements BalancingStrategy {
  readonly name = 'least-connections'
  readonly usesInFlight = true
  #next = 0

  pick<T extends Target>(targets: readonly T[]): T | undefined {
    const size = targets.length
    if (this.#next >= size) this.#next = 0
    // Beginning where the last pick ended, the first of the least is the next in turn.
    let bestAt = this.#next
    let best = targets[bestAt]
    for (let i = 1; i < size; i++) {
      const at = (this.#next + i) % size
      const target = targets[at]!
      if (target.inFlight * best!.weight < best!.inFlight * target.weight) {
        best = target
        bestAt = at
      }
    }
    this.#next = bestAt + 1
    return best
  }
}
