import { hash32 } from '@troupe/core'
import { RoundRobin } from './round-robin.ts'
import type { BalancingStrategy, Target } from './strategy.ts'

/**
 * Equal keys go to the same target as long as it is available, by rendezvous hashing, so that what a target has
 * in its cache is asked for again. A target that leaves moves its own keys only. Requests without a key go in
 * turn. Weights do not count. O(targets).
 *
 * Places keys as `RendezvousSharding` does over the same ids.
 * @see Thaler & Ravishankar 1998, "Using Name-Based Mappings to Increase Hit Rates"
 */
export class HashBalancing implements BalancingStrategy {
  readonly name = 'hash'
  readonly #keyless = new RoundRobin()
  /** One hash function per target. */
  readonly #seeds = new Map<string, number>()

  pick<T extends Target>(targets: readonly T[], key: string | undefined): T | undefined {
    if (key === undefined) return this.#keyless.pick(targets)
    let best: T | undefined
    let bestScore = -1
    for (const target of targets) {
      const score = hash32(key, this.#seed(target.id))
      // On a tie the smaller id: the order of the list is not the same for every balancer.
      if (score > bestScore || (score === bestScore && target.id < best!.id)) {
        best = target
        bestScore = score
      }
    }
    if (this.#seeds.size > 2 * targets.length + 16) this.#seeds.clear()
    return best
  }

  #seed(id: string): number {
    const known = this.#seeds.get(id)
    if (known !== undefined) return known
    const seed = hash32(id)
    this.#seeds.set(id, seed)
    return seed
  }
}

/** The key of a request: the payload itself if it is a string, else its `key` if that is one. */
export function keyOfPayload(_name: string, payload: unknown): string | undefined {
  if (typeof payload === 'string') return payload
  if (typeof payload !== 'object' || payload === null || !('key' in payload)) return undefined
  return typeof payload.key === 'string' ? payload.key : undefined
}
