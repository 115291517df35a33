import { InvalidOptionError, is, requireOptions, TroupeError } from '@troupe/core'
import type { Database, RootDatabase } from 'lmdb'
import type { CacheStore } from './store.ts'

export interface LmdbStoreOptions {
  /** The folder, made if it is not there. One process and thread at a time should write it. */
  readonly path: string
  /** Entries held at most. Default 1,000,000. */
  readonly maxEntries?: number
}

/** The package `lmdb` is not there. It is an optional peer dependency. */
export class LmdbMissingError extends TroupeError {
  override readonly name = 'LmdbMissingError'
  readonly code = 'LMDB_MISSING'

  constructor(options?: ErrorOptions) {
    super('the disk cache needs the package lmdb: npm install lmdb', options)
  }
}

interface Entry<V> {
  readonly value: V
  /** Wall clock; null for never. */
  readonly expiresAtMs: number | null
  /** Place in the order of insertion. */
  readonly sequence: number
}

/** LMDB's limit is 1,978 bytes; a UTF-16 unit takes 3 at most. */
const MAX_KEY_LENGTH = 650

/**
 * A cache on disk, which survives the process: LMDB, memory-mapped, reads without a copy of the file. When it is
 * full the entry written longest ago goes. Writes are committed in batches; the last ones before a crash may be
 * missing, none is ever half there. Keys longer than 650 characters are not kept.
 */
export class LmdbStore<V = unknown> implements CacheStore<V> {
  readonly name = 'lmdb'
  readonly time = 'wall'
  readonly #root: RootDatabase
  readonly #entries: Database<Entry<V>, string>
  readonly #order: Database<string, number>
  readonly #maxEntries: number
  #sequence: number
  #size: number

  private constructor(root: RootDatabase, maxEntries: number) {
    this.#root = root
    this.#entries = root.openDB({ name: 'entries' })
    this.#order = root.openDB({ name: 'order' })
    this.#maxEntries = maxEntries
    this.#size = this.#entries.getCount()
    this.#sequence = 0
    for (const last of this.#order.getKeys({ reverse: true, limit: 1 })) this.#sequence = last
  }

  /**
   * Opens a store, with what it held before.
   *
   * @throws {LmdbMissingError} when the package lmdb is not installed
   * @throws {InvalidOptionError} when the folder cannot be used
   */
  static async open<V = unknown>(options: LmdbStoreOptions): Promise<LmdbStore<V>> {
    requireOptions('LmdbStore', options, { path: is.string }, { maxEntries: is.integer(1) })
    const { open } = await import('lmdb').catch((cause) => {
      throw new LmdbMissingError({ cause })
    })
    try {
      return new LmdbStore<V>(open({ path: options.path }), options.maxEntries ?? 1_000_000)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new InvalidOptionError('LmdbStore', 'path', `a folder that can be written (${why})`, options.path)
    }
  }

  get(key: string, nowMs: number): V | undefined {
    if (key.length > MAX_KEY_LENGTH) return undefined
    const entry = this.#entries.get(wire(key))
    return entry === undefined || (entry.expiresAtMs !== null && entry.expiresAtMs <= nowMs) ? undefined : entry.value
  }

  async set(key: string, value: V, expiresAtMs: number): Promise<void> {
    if (key.length > MAX_KEY_LENGTH) return
    await this.#root.transaction(() => {
      this.#remove(wire(key))
      const sequence = ++this.#sequence
      const expires = expiresAtMs === Number.POSITIVE_INFINITY ? null : expiresAtMs
      this.#entries.putSync(wire(key), { value, expiresAtMs: expires, sequence })
      this.#order.putSync(sequence, wire(key))
      this.#size++
      while (this.#size > this.#maxEntries) {
        for (const { value: oldest } of this.#order.getRange({ limit: 1 })) this.#remove(oldest)
      }
    })
  }

  async delete(key: string): Promise<boolean> {
    return key.length <= MAX_KEY_LENGTH && this.#root.transaction(() => this.#remove(wire(key)))
  }

  async clear(): Promise<void> {
    await this.#root.transaction(() => {
      this.#entries.clearSync()
      this.#order.clearSync()
      this.#size = 0
    })
  }

  size(): number {
    return this.#size
  }

  /** Writes out what is pending and closes the files. The store must not be used after that. */
  close(): Promise<void> {
    return this.#root.close()
  }

  /** Within a transaction only. */
  #remove(stored: string): boolean {
    const entry = this.#entries.get(stored)
    if (entry === undefined) return false
    this.#entries.removeSync(stored)
    this.#order.removeSync(entry.sequence)
    this.#size--
    return true
  }
}

/** LMDB has no empty keys. */
function wire(key: string): string {
  return `k${key}`
}
