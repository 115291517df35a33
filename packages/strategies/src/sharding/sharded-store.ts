import { type Actor, actor, type Context, InvalidOptionError, type Ref } from '@troupe/core'
import { answerLater } from '../answer-later.ts'
import { compare, DEFAULT_SCAN_LIMIT, KeyValue, type Row, type Scan } from './key-value.ts'
import type { ShardingStrategy } from './strategy.ts'

/**
 * A router in front of key-value shards: get, put and delete go to the owner of the key, by forwarding, so that
 * the shard answers the caller itself. A scan asks only the shards whose range it meets, one after another
 * until the limit is reached; where the strategy knows no ranges it asks all at once and merges.
 *
 * A scan is no snapshot: rows written meanwhile may or may not show. It fails as a whole when a shard does.
 *
 * @param shards one ref for each of the strategy's shards, by id
 * @throws {InvalidOptionError} when a shard has no ref, or a ref no shard
 */
export function shardedStore<V = unknown>(
  strategy: ShardingStrategy,
  shards: Readonly<Record<string, Ref<KeyValue<V>>>>,
): Actor<KeyValue<V>>
export function shardedStore(
  strategy: ShardingStrategy,
  shards: Readonly<Record<string, Ref<KeyValue<unknown>>>>,
): Actor<KeyValue<unknown>> {
  const refs = refsOf('shardedStore', strategy.shards, shards)
  const refOf = (key: string): Ref<KeyValue<unknown>> => refs.get(strategy.owner(key))!
  return actor(KeyValue, (ctx) => ({
    get: (key) => ctx.forward(refOf(key)),
    put: ({ key }) => ctx.forward(refOf(key)),
    delete: (key) => ctx.forward(refOf(key)),
    scan: (range) => answerLater(ctx, scan(range, strategy, refs, deadline(ctx))),
  }))
}

/** The ref of each id. @throws {InvalidOptionError} unless they match one to one */
export function refsOf<R>(where: string, ids: readonly string[], refs: Readonly<Record<string, R>>): Map<string, R> {
  const found = new Map(Object.entries(refs))
  const missing = ids.filter((id) => !found.has(id))
  const stray = [...found.keys()].filter((id) => !ids.includes(id))
  if (missing.length > 0 || stray.length > 0) {
    const why = [...missing.map((id) => `"${id}" is missing`), ...stray.map((id) => `"${id}" is unknown`)].join(', ')
    throw new InvalidOptionError(where, 'refs', `one ref for each of ${ids.join(', ')}: ${why}`, refs)
  }
  return found
}

/** Time left for asks made on behalf of the present one. */
export function deadline(ctx: Pick<Context<never>, 'remainingMs' | 'clock'>): () => { timeoutMs?: number } {
  const { remainingMs, clock } = ctx
  if (remainingMs === null) return () => ({})
  const dueMs = clock.now() + remainingMs
  return () => ({ timeoutMs: Math.max(1, dueMs - clock.now()) })
}

async function scan(
  { start = '', end = null, limit = DEFAULT_SCAN_LIMIT }: Scan,
  strategy: ShardingStrategy,
  refs: ReadonlyMap<string, Ref<KeyValue<unknown>>>,
  options: () => { timeoutMs?: number },
): Promise<readonly Row<unknown>[]> {
  if (strategy.ranges === undefined) {
    const parts = await Promise.all([...refs.values()].map((ref) => ref.ask('scan', { start, end, limit }, options())))
    return parts
      .flat()
      .sort((a, b) => compare(a.key, b.key))
      .slice(0, limit)
  }
  const rows: Row<unknown>[] = []
  for (const range of strategy.ranges(start, end)) {
    if (rows.length >= limit) break
    const request = { start: range.start, end: range.end, limit: limit - rows.length }
    rows.push(...(await refs.get(range.shard)!.ask('scan', request, options())))
  }
  return rows
}
