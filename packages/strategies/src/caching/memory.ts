import { checkOptions, is } from '@troupe/core'
import type { CacheStore } from './store.ts'

export interface MemoryStoreOptions<V> {
  /** Entries held at most. Default 10,000. */
  readonly maxEntries?: number
  /** Sum of the sizes of all entries at most. Default: no limit. Needs `sizeOf`. */
  readonly maxSizeBytes?: number
  /** Size of an entry in bytes, the key included if that matters. Default: every entry counts 0. */
  readonly sizeOf?: (value: V, key: string) => number
}

interface Entry<V> {
  readonly value: V
  readonly expiresAtMs: number
  readonly sizeBytes: number
}

/**
 * A cache in memory: when it is full the entry unused for the longest time goes. An entry that is larger than
 * the store is not taken. Expired entries go when they are asked for or their turn comes. O(1) per call.
 */
export class MemoryStore<V = unknown> implements CacheStore<V> {
  readonly name = 'memory'
  readonly time = 'monotonic'
  readonly #maxEntries: number
  readonly #maxSizeBytes: number
  readonly #sizeOf: (value: V, key: string) => number
  /** From the one unused longest to the one used last: a Map keeps the order of insertion. */
  readonly #entries = new Map<string, Entry<V>>()
  #sizeBytes = 0
  #evictions = 0

  /** @throws {InvalidOptionError | UnknownOptionError} */
  constructor(options: MemoryStoreOptions<V> = {}) {
    checkOptions('MemoryStore', options, {
      maxEntries: is.integer(1),
      maxSizeBytes: is.number(1),
      sizeOf: is.function,
    })
    this.#maxEntries = options.maxEntries ?? 10_000
    this.#maxSizeBytes = options.maxSizeBytes ?? Number.POSITIVE_INFINITY
    this.#sizeOf = options.sizeOf ?? (() => 0)
  }

  /** Sum of the sizes of all entries. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Entries that had to go for others. */
  get evictions(): number {
    return this.#evictions
  }

  get(key: string, nowMs: number): V | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    this.#entries.delete(key)
    if (entry.expiresAtMs <= nowMs) {
      this.#sizeBytes -= entry.sizeBytes
      return undefined
    }
    this.#entries.set(key, entry)
    return entry.value
  }

  set(key: string, value: V, expiresAtMs: number): void {
    this.delete(key)
    const sizeBytes = this.#sizeOf(value, key)
    if (sizeBytes > this.#maxSizeBytes) return
    this.#entries.set(key, { value, expiresAtMs, sizeBytes })
    this.#sizeBytes += sizeBytes
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#maxEntries && this.#sizeBytes <= this.#maxSizeBytes) break
      this.delete(oldest)
      this.#evictions++
    }
  }

  delete(key: string): boolean {
    const entry = this.#entries.get(key)
    if (entry === undefined) return false
    this.#entries.delete(key)
    this.#sizeBytes -= entry.sizeBytes
    return true
  }

  clear(): void {
    this.#entries.clear()
    this.#sizeBytes = 0
  }

  size(): number {
    return this.#entries.size
  }
}
