import { type Clock, type ClusterLease, type MemoryLease, memoryLease, type Random } from '@troupe/core'
import type { SimulatedNode } from '@troupe/testkit'

/** One for each run. */
const made = (clock: Clock): MemoryLease => memoryLease(clock)

/** The lease of a run as one node sees it: outside of the cluster, some way off, and now and then out of reach. */
export class DistantLease implements ClusterLease {
  readonly #node: SimulatedNode
  readonly #lease: MemoryLease
  readonly #random: Random

  constructor(node: SimulatedNode) {
    this.#node = node
    this.#lease = node.outside(made)
    this.#random = node.random.stream('lease')
  }

  acquire(owner: string, ttlMs: number): Promise<boolean> {
    return this.#asked(() => this.#lease.acquire(owner, ttlMs))
  }

  renew(owner: string, ttlMs: number): Promise<boolean> {
    return this.#asked(() => this.#lease.renew(owner, ttlMs))
  }

  release(owner: string): Promise<void> {
    return this.#asked(() => this.#lease.release(owner))
  }

  /** Some ms there and some back; what is lost may be lost on either way. */
  async #asked<T>(question: () => Promise<T>): Promise<T> {
    const random = this.#random
    await this.#way(random.below(40))
    if (random.below(20) === 0) throw new Error('the question was lost')
    const answer = await question()
    await this.#way(random.below(40))
    if (random.below(20) === 0) throw new Error('the answer was lost')
    return answer
  }

  #way(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#node.runtime.scheduler.after(ms, resolve))
  }
}
