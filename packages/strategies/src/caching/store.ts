/**
 * Where a cache keeps its values. Answers at once or by promise; a cache works with either.
 *
 * Calls about one key take effect in the order in which they were made, waited for or not. A store may forget
 * anything at any time: what is not there is a miss, never an error.
 */
export interface CacheStore<V = unknown> {
  readonly name: string
  /** Which clock its times are of: `wall` for a store that outlives the process. */
  readonly time: 'monotonic' | 'wall'
  /** The value, or undefined when there is none, or it has expired by `nowMs`. */
  get(key: string, nowMs: number): V | undefined | Promise<V | undefined>
  /** @param expiresAtMs first instant at which the value is gone; infinite for never */
  set(key: string, value: V, expiresAtMs: number, nowMs: number): void | Promise<void>
  /** @returns whether there was something to delete, as far as the store knows */
  delete(key: string): boolean | Promise<boolean>
  clear(): void | Promise<void>
  /** Entries held, expired ones that nobody has asked for included. */
  size(): number | Promise<number>
}
