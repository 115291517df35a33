/** Says which shard holds a key. A value: another set of shards is another object. */
export interface ShardingStrategy {
  readonly name: string
  /** Ids of all shards. */
  readonly shards: readonly string[]
  /** The shard of a key. */
  owner(key: string): string
  /**
   * The shards that may hold keys in [`start`, `end`), in the order in which they are to be asked; with the
   * bounds of each. Absent where keys have no order on shards: a scan then has to ask all of them.
   */
  ranges?(start: string, end: string | null): readonly ShardRange[]
}

/** What one shard holds of a scan. */
export interface ShardRange {
  readonly shard: string
  /** First key, included. */
  readonly start: string
  /** End of the keys, excluded; null for no end. */
  readonly end: string | null
}
