import { type Actor, is, type Ref, requireOptions } from '@troupe/core'
import { RendezvousSharding } from '../sharding/rendezvous.ts'
import { type Cache, type CacheOptions, cache } from './cache.ts'
import type { CacheStore } from './store.ts'

export interface DistributedStoreOptions<V> {
  /** The cache actors by a name each, which must be the same for every user; a function where they change. */
  readonly caches: Caches<V> | (() => Caches<V>)
  /** How long an owner may take, in ms; then it is a miss. Default 500: longer, and loading would be quicker. */
  readonly timeoutMs?: number
  /** How long an owner that did not answer is left out, in ms; its keys are misses. Default 1,000. */
  readonly failTimeoutMs?: number
}

export type Caches<V> = Readonly<Record<string, Ref<Cache<V>>>>

/**
 * A store spread over cache actors, each key on the one that rendezvous hashing picks. An owner that is lost
 * takes its entries along: misses, not errors. The caches may load by themselves: then a key is loaded once for
 * all users of it.
 *
 * An invalidation that does not reach the owner is lost, and the owner may go on with the old value: give
 * entries a time to live where that matters.
 */
export class DistributedStore<V = unknown> implements CacheStore<V> {
  readonly name = 'distributed'
  readonly time = 'monotonic'
  readonly #caches: () => Caches<V>
  readonly #timeoutMs: number
  readonly #failTimeoutMs: number
  readonly #outUntilMs = new Map<string, number>()
  #placedFor: Caches<V> | null = null
  #placement: RendezvousSharding | null = null

  /** @throws {InvalidOptionError | UnknownOptionError} */
  constructor(options: DistributedStoreOptions<V>) {
    const isCaches = (value: unknown): string | null => (typeof value === 'function' ? null : is.object(value))
    requireOptions(
      'DistributedStore',
      options,
      { caches: isCaches },
      {
        timeoutMs: is.number(1),
        failTimeoutMs: is.number(0),
      },
    )
    const { caches } = options
    this.#caches = typeof caches === 'function' ? caches : () => caches
    this.#timeoutMs = options.timeoutMs ?? 500
    this.#failTimeoutMs = options.failTimeoutMs ?? 1_000
  }

  async get(key: string, nowMs: number): Promise<V | undefined> {
    const value: unknown = await this.#use(key, nowMs, (owner, options) => owner.ask('get', key, options))
    // The owner is a cache of V.
    return value as V | undefined
  }

  async set(key: string, value: V, expiresAtMs: number, nowMs: number): Promise<void> {
    const entry = expiresAtMs === Number.POSITIVE_INFINITY ? { key, value } : { key, value, ttlMs: expiresAtMs - nowMs }
    await this.#use(key, nowMs, (owner, options) => owner.ask('set', entry, options))
  }

  /** Asks the owner even while it is left out: an invalidation is worth the wait. @returns whether it was told */
  async delete(key: string): Promise<boolean> {
    const owner = this.#owner(key)
    if (owner === undefined) return false
    return owner.ref.ask('delete', key, { timeoutMs: this.#timeoutMs }).then(
      () => true,
      () => false,
    )
  }

  async clear(): Promise<void> {
    const options = { timeoutMs: this.#timeoutMs }
    await Promise.allSettled(Object.values(this.#caches()).map((ref) => ref.ask('clear', undefined, options)))
  }

  async size(): Promise<number> {
    const options = { timeoutMs: this.#timeoutMs }
    const all = await Promise.allSettled(
      Object.values(this.#caches()).map((ref) => ref.ask('stats', undefined, options)),
    )
    return all.reduce((sum, stats) => (stats.status === 'fulfilled' ? sum + stats.value.entries : sum), 0)
  }

  /** Asks the owner of a key. @returns undefined when it cannot be asked, or does not answer */
  async #use<T>(
    key: string,
    nowMs: number,
    ask: (owner: Ref<Cache<V>>, options: { timeoutMs: number }) => Promise<T>,
  ): Promise<T | undefined> {
    const owner = this.#owner(key)
    if (owner === undefined || (this.#outUntilMs.get(owner.id) ?? 0) > nowMs) return undefined
    try {
      return await ask(owner.ref, { timeoutMs: this.#timeoutMs })
    } catch {
      this.#outUntilMs.set(owner.id, nowMs + this.#failTimeoutMs)
      return undefined
    }
  }

  #owner(key: string): { id: string; ref: Ref<Cache<V>> } | undefined {
    const caches = this.#caches()
    if (caches !== this.#placedFor) {
      const ids = Object.keys(caches)
      this.#placement = ids.length === 0 ? null : new RendezvousSharding(ids)
      this.#placedFor = caches
    }
    const id = this.#placement?.owner(key)
    return id === undefined ? undefined : { id, ref: caches[id]! }
  }
}

/** A cache actor over a {@link DistributedStore}. Its `load` is for what the owner does not have, or is lost with. */
export function distributedCache<V>(options: DistributedStoreOptions<V> & CacheOptions<V>): Actor<Cache<V>> {
  const { caches, timeoutMs, failTimeoutMs, ...ofCache } = options
  const ofStore = {
    caches,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(failTimeoutMs === undefined ? {} : { failTimeoutMs }),
  }
  // Checks the options at once; each actor then makes a store of its own.
  new DistributedStore<V>(ofStore)
  return cache(() => new DistributedStore<V>(ofStore), ofCache)
}
