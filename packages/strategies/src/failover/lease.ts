import { type Actor, actor, type Clock, type Handlers, type Protocol, protocol } from '@troupe/core'

/** Lets one owner at a time act, until its time is over. Each grant has an epoch higher than all before. */
export interface Lease {
  acquire: (request: { readonly owner: string; readonly ttlMs: number }) => Grant
  /** Extends a grant by `ttlMs` from now, if it is still the latest. A late renewal is fine as long as nobody else came. */
  renew: (request: { readonly owner: string; readonly epoch: number; readonly ttlMs: number }) => Grant
  /** Gives the lease back before its time. */
  release: (request: { readonly owner: string; readonly epoch: number }) => void
}

export const Lease: Protocol<Lease> = protocol<Lease>('lease')

export interface Grant {
  readonly granted: boolean
  /** Who has it now; null when nobody has. */
  readonly owner: string | null
  readonly epoch: number
  /** Time until it ends, as the lease's clock sees it, in ms. */
  readonly remainingMs: number
}

/** Where the last epoch is kept. Without it a lease that starts anew starts at 0, and fences refuse its grants. */
export interface EpochStorage {
  load(): number
  /** Returns when the epoch is safe: the grant is given after that. */
  save(epoch: number): void
}

/**
 * One lease. It is a single point: where it is down nobody is granted anything, and the present owner's time
 * runs out.
 *
 * @param storage default: memory only, fit for a lease that lives as long as what it guards
 */
export function lease(storage: EpochStorage = { load: () => 0, save: () => {} }): Actor<Lease> {
  return actor(Lease, (ctx) => new LeaseState(ctx.clock, storage))
}

class LeaseState implements Handlers<Lease> {
  readonly #clock: Clock
  readonly #storage: EpochStorage
  #owner: string | null = null
  #epoch: number
  #expiresAtMs = 0

  constructor(clock: Clock, storage: EpochStorage) {
    this.#clock = clock
    this.#storage = storage
    this.#epoch = storage.load()
  }

  // The same owner gets a new epoch too: it may be a new run of a program whose old one is still acting.
  acquire({ owner, ttlMs }: { owner: string; ttlMs: number }): Grant {
    const now = this.#clock.now()
    if (this.#owner !== null && this.#owner !== owner && now < this.#expiresAtMs) return this.#grant(false)
    this.#storage.save(this.#epoch + 1)
    this.#epoch++
    this.#owner = owner
    this.#expiresAtMs = now + ttlMs
    return this.#grant(true)
  }

  renew({ owner, epoch, ttlMs }: { owner: string; epoch: number; ttlMs: number }): Grant {
    if (this.#owner !== owner || this.#epoch !== epoch) return this.#grant(false)
    this.#expiresAtMs = this.#clock.now() + ttlMs
    return this.#grant(true)
  }

  release({ owner, epoch }: { owner: string; epoch: number }): void {
    // A late release of a lease that has moved on must not evict the new owner.
    if (this.#owner === owner && this.#epoch === epoch) this.#owner = null
  }

  #grant(granted: boolean): Grant {
    const remainingMs = Math.max(0, this.#expiresAtMs - this.#clock.now())
    return { granted, owner: this.#owner, epoch: this.#epoch, remainingMs: this.#owner === null ? 0 : remainingMs }
  }
}
