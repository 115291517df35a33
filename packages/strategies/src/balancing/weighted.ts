import type { BalancingStrategy, Target } from './strategy.ts'

/**
 * In turn by weight, and smooth: 5, 1, 1 gives a a b a c a a, not five in a row. O(targets), one number each.
 *
 * @see nginx, "Upstream: smooth weighted round-robin balancing" (commit 52327e062)
 */
export class Weighted implements BalancingStrategy {
  readonly name = 'weighted'
  readonly #current = new Map<string, number>()

  pick<T extends Target>(targets: readonly T[]): T | undefined {
    let best: T | undefined
    let bestCurrent = Number.NEGATIVE_INFINITY
    let total = 0
    for (const target of targets) {
      const current = (this.#current.get(target.id) ?? 0) + target.weight
      this.#current.set(target.id, current)
      total += target.weight
      if (current > bestCurrent) {
        best = target
        bestCurrent = current
      }
    }
    if (best === undefined) return undefined
    this.#current.set(best.id, bestCurrent - total)
    // One that is out for a moment keeps its place; those gone for good must not pile up.
    if (this.#current.size > 2 * targets.length + 16) this.#forget(targets)
    return best
  }

  #forget(targets: readonly Target[]): void {
    const ids = new Set(targets.map(({ id }) => id))
    for (const id of this.#current.keys()) if (!ids.has(id)) this.#current.delete(id)
  }
}
