import type { Clock } from '../runtime/clock.ts'
import type { ClusterLease } from './cluster-lease.ts'

/** A lease in memory: for simulations, and tests with several nodes in one process. */
export class MemoryLease implements ClusterLease {
  readonly #clock: Clock
  #owner: string | null = null
  #untilMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Who has it now; null when nobody does. */
  get owner(): string | null {
    return this.#clock.now() < this.#untilMs ? this.#owner : null
  }

  acquire(owner: string, ttlMs: number): Promise<boolean> {
    const isFree = this.owner === null || this.#owner === owner
    if (isFree) this.#extend(owner, ttlMs)
    return Promise.resolve(isFree)
  }

  renew(owner: string, ttlMs: number): Promise<boolean> {
    // Also when its time is over: nobody has taken it meanwhile.
    const isOwn = this.#owner === owner
    if (isOwn) this.#extend(owner, ttlMs)
    return Promise.resolve(isOwn)
  }

  release(owner: string): Promise<void> {
    if (this.#owner === owner) this.#owner = null
    return Promise.resolve()
  }

  #extend(owner: string, ttlMs: number): void {
    this.#owner = owner
    this.#untilMs = this.#clock.now() + ttlMs
  }
}

/** @param clock of which its time to live is taken: one and the same for all who share it */
export function memoryLease(clock: Clock): MemoryLease {
  return new MemoryLease(clock)
}
