import {
  type Actor,
  actor,
  type Cancellable,
  type Context,
  type Deferred,
  is,
  type Protocol,
  protocol,
  requireOptions,
  TroupeError,
} from '@troupe/core'
import { answerLater } from '../answer-later.ts'
import type { CacheStore } from './store.ts'

/** What a cache answers. */
export interface Cache<V> {
  /** The value; from the loader if there is one and the value is not there; else undefined. */
  get: (key: string) => V | undefined
  set: (entry: { readonly key: string; readonly value: V; readonly ttlMs?: number }) => void
  /** Invalidates a key. A load under way then answers those who wait for it, and is not kept. */
  delete: (key: string) => void
  /** Invalidates everything, loads under way included. */
  clear: () => void
  stats: () => CacheStats
}

export const Cache: Protocol<Cache<unknown>> = protocol<Cache<unknown>>('cache')

export interface CacheStats {
  readonly store: string
  /** Entries held; expired ones that nobody has asked for count. */
  readonly entries: number
  /** Gets answered from the store. */
  readonly hits: number
  /** Gets that found nothing there, those that joined a load included. */
  readonly misses: number
  readonly loads: number
  readonly loadFailures: number
  /** Loads whose result was not kept because of an invalidation meanwhile. */
  readonly discarded: number
  /** Calls of the store that failed: they count as misses, or as not done. */
  readonly storeFailures: number
}

export interface CacheOptions<V> {
  /**
   * Where a value comes from that is not there. One call per key at a time, whoever asks; its error goes to all
   * who wait and is not kept; nor is undefined. Stop when `signal` is aborted: the cache is ending.
   */
  readonly load?: (key: string, signal: AbortSignal) => V | undefined | Promise<V | undefined>
  /** How long a value stays, in ms. Default: until it has to go for others. */
  readonly ttlMs?: number
  /** How long a load may take, in ms; then those who wait get CACHE_LOAD_TIMEOUT. Default 10,000. */
  readonly loadTimeoutMs?: number
}

/** A loader took too long. It may still be at work; its result is dropped. */
export class CacheLoadTimeoutError extends TroupeError {
  override readonly name = 'CacheLoadTimeoutError'
  readonly code = 'CACHE_LOAD_TIMEOUT'
  override readonly retryable = true

  constructor(key: string, timeoutMs: number) {
    super(`loading "${key}" took longer than ${timeoutMs} ms; raise loadTimeoutMs, or see what the source is busy with`)
  }
}

interface Inner<V> extends Cache<V> {
  $overdue: (flight: Flight) => void
}

/** A look into a store that takes time, a load, or both: everybody who asks meanwhile waits for it. */
interface Flight {
  readonly key: string
  readonly waiting: Deferred<unknown>[]
  timer: Cancellable | null
}

/**
 * Answers from a store, and loads what is not there: a hundred gets of one key make one load. A store that fails
 * is a store that has nothing: reads go on to the loader.
 *
 * @param store one for each actor, or how to make one; a restart of the actor goes on with the same store unless
 *   it is a function
 * @throws {InvalidOptionError | UnknownOptionError}
 */
export function cache<V>(store: CacheStore<V> | (() => CacheStore<V>), options?: CacheOptions<V>): Actor<Cache<V>>
export function cache(
  store: CacheStore | (() => CacheStore),
  options: CacheOptions<unknown> = {},
): Actor<Cache<unknown>> {
  const optional = { load: is.function, ttlMs: is.number(0), loadTimeoutMs: is.number(1) }
  requireOptions('cache', options, {}, optional)
  const token: Protocol<Inner<unknown>> = { id: Cache.id }
  return actor(token, (ctx) => new CacheActor(ctx, typeof store === 'function' ? store() : store, options))
}

class CacheActor {
  readonly #ctx: Context<Inner<unknown>>
  readonly #store: CacheStore
  readonly #options: CacheOptions<unknown>
  readonly #flights = new Map<string, Flight>()
  #hits = 0
  #misses = 0
  #loads = 0
  #loadFailures = 0
  #discarded = 0
  #storeFailures = 0

  constructor(ctx: Context<Inner<unknown>>, store: CacheStore, options: CacheOptions<unknown>) {
    this.#ctx = ctx
    this.#store = store
    this.#options = options
  }

  get(key: string): unknown {
    const flight = this.#flights.get(key)
    if (flight !== undefined) return this.#join(flight)
    const found = this.#store.get(key, this.#now())
    if (found instanceof Promise) return this.#join(this.#lookUp(key, found))
    if (found !== undefined) {
      this.#hits++
      return found
    }
    if (this.#options.load === undefined) {
      this.#misses++
      return undefined
    }
    const started = this.#start(key)
    const answer = this.#join(started)
    this.#load(started)
    return answer
  }

  set({ key, value, ttlMs }: { key: string; value: unknown; ttlMs?: number }): void | Deferred<void> {
    this.#forget(key)
    return this.#done(this.#put(key, value, ttlMs))
  }

  delete(key: string): void | Deferred<void> {
    this.#forget(key)
    return this.#done(this.#store.delete(key))
  }

  clear(): void | Deferred<void> {
    for (const key of [...this.#flights.keys()]) this.#forget(key)
    return this.#done(this.#store.clear())
  }

  stats(): CacheStats | Deferred<CacheStats> {
    const report = (entries: number): CacheStats => ({
      store: this.#store.name,
      entries,
      hits: this.#hits,
      misses: this.#misses,
      loads: this.#loads,
      loadFailures: this.#loadFailures,
      discarded: this.#discarded,
      storeFailures: this.#storeFailures,
    })
    const size = this.#store.size()
    return size instanceof Promise ? answerLater(this.#ctx, size.then(report)) : report(size)
  }

  $overdue(flight: Flight): void {
    this.#loadFailures++
    this.#land(flight)
    const error = new CacheLoadTimeoutError(flight.key, this.#loadTimeoutMs)
    for (const reply of flight.waiting) reply.reject(error)
  }

  // Flights

  #start(key: string): Flight {
    const flight: Flight = { key, waiting: [], timer: null }
    this.#flights.set(key, flight)
    return flight
  }

  #join(flight: Flight): Deferred<unknown> {
    const reply = this.#ctx.reply<unknown>()
    flight.waiting.push(reply)
    return reply
  }

  #lookUp(key: string, found: Promise<unknown>): Flight {
    const flight = this.#start(key)
    found.then(
      (value) => this.#lookedUp(flight, value),
      (error) => {
        this.#storeFailed(error)
        this.#lookedUp(flight, undefined)
      },
    )
    return flight
  }

  #lookedUp(flight: Flight, value: unknown): void {
    if (this.#ctx.signal.aborted) return
    if (value === undefined && this.#options.load !== undefined) return this.#load(flight)
    if (value === undefined) this.#misses += flight.waiting.length
    else this.#hits += flight.waiting.length
    this.#answer(flight, value)
  }

  #load(flight: Flight): void {
    this.#loads++
    flight.timer = this.#ctx.after(this.#loadTimeoutMs, '$overdue', flight)
    let loading: unknown
    try {
      loading = this.#options.load!(flight.key, this.#ctx.signal)
    } catch (error) {
      return this.#loadFailed(flight, error)
    }
    if (!(loading instanceof Promise)) return this.#loaded(flight, loading)
    loading.then(
      (value) => this.#loaded(flight, value),
      (error) => this.#loadFailed(flight, error),
    )
  }

  #loaded(flight: Flight, value: unknown): void {
    if (this.#ctx.signal.aborted) return
    this.#misses += flight.waiting.length
    // An invalidation has taken the flight off the list: the value may be older than what it was about.
    if (this.#flights.get(flight.key) !== flight) this.#discarded++
    else if (value !== undefined) void this.#settled(this.#put(flight.key, value, undefined))
    this.#answer(flight, value)
  }

  #loadFailed(flight: Flight, error: unknown): void {
    this.#loadFailures++
    this.#misses += flight.waiting.length
    this.#land(flight)
    for (const reply of flight.waiting) reply.reject(error)
  }

  #answer(flight: Flight, value: unknown): void {
    this.#land(flight)
    for (const reply of flight.waiting) reply.resolve(value)
  }

  #land(flight: Flight): void {
    flight.timer?.cancel()
    if (this.#flights.get(flight.key) === flight) this.#flights.delete(flight.key)
  }

  #forget(key: string): void {
    this.#flights.delete(key)
  }

  // The store

  #now(): number {
    return this.#store.time === 'wall' ? this.#ctx.clock.wall() : this.#ctx.clock.now()
  }

  #put(key: string, value: unknown, ttlMs: number | undefined): void | Promise<void> {
    const now = this.#now()
    return this.#store.set(key, value, now + (ttlMs ?? this.#options.ttlMs ?? Number.POSITIVE_INFINITY), now)
  }

  #done(work: unknown): void | Deferred<void> {
    if (work instanceof Promise) return answerLater(this.#ctx, this.#settled(work))
  }

  /** Waits for the store; its failure is counted, and nobody's else. */
  #settled(work: void | Promise<unknown>): Promise<void> {
    return Promise.resolve(work).then(
      () => {},
      (error) => this.#storeFailed(error),
    )
  }

  #storeFailed(error: unknown): void {
    this.#storeFailures++
    if (!this.#ctx.signal.aborted) this.#ctx.log.warn(`the ${this.#store.name} store failed`, error)
  }

  get #loadTimeoutMs(): number {
    return this.#options.loadTimeoutMs ?? 10_000
  }
}
