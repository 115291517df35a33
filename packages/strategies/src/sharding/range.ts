import { InvalidOptionError } from '@troupe/core'
import type { ShardingStrategy, ShardRange } from './strategy.ts'

/**
 * Keys in order: each shard owns the keys from its start up to the next one's, so that a scan asks neighbours
 * only. The ranges tile all keys, the first from the empty text, the last without an end.
 *
 * Keys are compared by UTF-16 units, as `<` does. O(log shards) per key.
 */
export class RangeSharding implements ShardingStrategy {
  readonly name = 'range'
  readonly shards: readonly string[]
  /** Where each shard starts, sorted; the first is the empty text. */
  readonly #starts: readonly string[]

  /**
   * @param ranges the start of each shard's keys, ascending; the first must be the empty text
   * @throws {InvalidOptionError} when keys are left out, a start or a shard comes twice, or the order is wrong
   */
  constructor(ranges: readonly { readonly start: string; readonly shard: string }[]) {
    const ascending = ranges.every(({ start }, i) => (i === 0 ? start === '' : ranges[i - 1]!.start < start))
    if (ranges.length === 0 || !ascending)
      throw new InvalidOptionError('RangeSharding', 'ranges', "ascending by start, the first from ''", ranges)
    this.#starts = ranges.map(({ start }) => start)
    this.shards = ranges.map(({ shard }) => shard)
    if (new Set(this.shards).size < this.shards.length)
      throw new InvalidOptionError('RangeSharding', 'ranges', 'one range for each shard', ranges)
  }

  /** Shards split at the given keys: `['m']` makes two, up to 'm' and from 'm'. Ids come in the same order. */
  static split(points: readonly string[], shards: readonly string[]): RangeSharding {
    if (shards.length !== points.length + 1)
      throw new InvalidOptionError('RangeSharding', 'shards', `${points.length + 1} ids, one more than points`, shards)
    return new RangeSharding(['', ...points].map((start, i) => ({ start, shard: shards[i]! })))
  }

  owner(key: string): string {
    return this.shards[this.#indexOf(key)]!
  }

  ranges(start: string, end: string | null): readonly ShardRange[] {
    const found: ShardRange[] = []
    if (end !== null && end <= start) return found
    for (let i = this.#indexOf(start); i < this.shards.length; i++) {
      const from = this.#starts[i]!
      if (end !== null && from >= end) break
      const next = this.#starts[i + 1] ?? null
      found.push({
        shard: this.shards[i]!,
        start: from > start ? from : start,
        end: next === null || (end !== null && end < next) ? end : next,
      })
    }
    return found
  }

  /** The last range that starts at or before the key. */
  #indexOf(key: string): number {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#starts[middle]! <= key) low = middle
      else high = middle - 1
    }
    return low
  }
}
