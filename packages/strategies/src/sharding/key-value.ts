import { type Actor, actor, type Protocol, protocol } from '@troupe/core'

/** A store of values by key: what one shard answers, and what a router in front of many answers too. */
export interface KeyValue<V> {
  get: (key: string) => V | undefined
  put: (row: Row<V>) => void
  /** @returns whether there was such a key */
  delete: (key: string) => boolean
  /** Rows with start <= key < end in the order of their keys, `limit` at most. */
  scan: (range: Scan) => readonly Row<V>[]
}

export interface Row<V> {
  readonly key: string
  readonly value: V
}

export interface Scan {
  /** First key, included. Default: the first there is. */
  readonly start?: string
  /** End, excluded. Default: none. */
  readonly end?: string | null
  /** Default 1,000. */
  readonly limit?: number
}

export const KeyValue: Protocol<KeyValue<unknown>> = protocol<KeyValue<unknown>>('key-value')

/** Enough for a page; a larger answer would hold up the messages behind it. */
export const DEFAULT_SCAN_LIMIT = 1_000

/** One shard, in memory only: a restart forgets its rows. A scan sorts the keys in range, O(n log n). */
export function keyValueShard<V = unknown>(): Actor<KeyValue<V>>
export function keyValueShard(): Actor<KeyValue<unknown>> {
  return actor(KeyValue, () => {
    const rows = new Map<string, unknown>()
    return {
      get: (key) => rows.get(key),
      put: ({ key, value }) => void rows.set(key, value),
      delete: (key) => rows.delete(key),
      scan: ({ start = '', end = null, limit = DEFAULT_SCAN_LIMIT }) =>
        [...rows.keys()]
          .filter((key) => key >= start && (end === null || key < end))
          .sort(compare)
          .slice(0, limit)
          .map((key) => ({ key, value: rows.get(key) })),
    }
  })
}

/** By UTF-16 units, like `<`: the same order on every machine, unlike localeCompare. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
