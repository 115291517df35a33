import { type AnyRef, actor, createSystem, InvalidOptionError, type Ref } from '@troupe/core'
import { manualRuntime, within } from '@troupe/testkit'
import test from 'ava'
import fc from 'fast-check'
import {
  ColumnSharding,
  columnGroup,
  columnTable,
  keyValueShard,
  RangeSharding,
  RendezvousSharding,
  shardedStore,
} from './index.ts'

const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `shard-${i}`)
const keys = (count: number): string[] => Array.from({ length: count }, (_, i) => `key/${i}`)

test('rendezvous: a shard that comes takes its share and moves no other key; one that goes gives only its own', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.array(fc.string(), { maxLength: 200 }), (count, some) => {
      const before = new RendezvousSharding(ids(count))
      const after = new RendezvousSharding(ids(count + 1))
      return some.every((key) => after.owner(key) === before.owner(key) || after.owner(key) === `shard-${count}`)
    }),
  )
  const [nine, ten] = [new RendezvousSharding(ids(9)), new RendezvousSharding(ids(10))]
  const moved = keys(20_000).filter((key) => nine.owner(key) !== ten.owner(key))
  t.true(Math.abs(moved.length / 2_000 - 1) < 0.1, `${moved.length} of 20,000 moved, 2,000 would be ideal`)
})

test('rendezvous: 10 shards share 100,000 keys within 4 % of the average', (t) => {
  const sharding = new RendezvousSharding(ids(10))
  const held = new Map<string, number>()
  for (const key of keys(100_000)) held.set(sharding.owner(key), (held.get(sharding.owner(key)) ?? 0) + 1)

  for (const [shard, count] of held) t.true(Math.abs(count / 10_000 - 1) < 0.04, `${shard} holds ${count}`)
  t.is(held.size, 10)
})

test('rendezvous: copies lie on distinct shards, the owner first, and the next one owns the key when it goes', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 9 }), fc.string(), (count, key) => {
      const sharding = new RendezvousSharding(ids(count))
      const owners = sharding.owners(key, 3)
      const without = new RendezvousSharding(ids(count).filter((shard) => shard !== owners[0]))
      return (
        owners.length === Math.min(3, count) &&
        new Set(owners).size === owners.length &&
        owners[0] === sharding.owner(key) &&
        owners[1] === without.owner(key)
      )
    }),
  )
  const reversed = new RendezvousSharding(ids(5).reverse())
  t.true(keys(100).every((key) => reversed.owner(key) === new RendezvousSharding(ids(5)).owner(key)))
  t.throws(() => new RendezvousSharding(['a', 'a']), { instanceOf: InvalidOptionError })
  t.throws(() => new RendezvousSharding([]), { instanceOf: InvalidOptionError })
})

const text = fc.string({ maxLength: 3 })
const splits = fc
  .uniqueArray(
    text.filter((point) => point !== ''),
    { maxLength: 8 },
  )
  .map((points) => points.sort())

test('range: the ranges tile all keys without hole or overlap, and each key is in the range of its owner', (t) => {
  fc.assert(
    fc.property(splits, text, (points, key) => {
      const sharding = RangeSharding.split(points, ids(points.length + 1))
      const all = sharding.ranges('', null)
      const tiles = all.every(({ start }, i) => start === (i === 0 ? '' : all[i - 1]!.end)) && all.at(-1)!.end === null
      const holders = all.filter(({ start, end }) => start <= key && (end === null || key < end))
      return tiles && holders.length === 1 && holders[0]!.shard === sharding.owner(key)
    }),
  )
  t.pass()
})

test('range: a scan asks exactly the shards that own a key of it, in order', (t) => {
  fc.assert(
    fc.property(splits, text, fc.option(text), fc.array(text, { maxLength: 40 }), (points, start, end, some) => {
      const sharding = RangeSharding.split(points, ids(points.length + 1))
      const ranges = sharding.ranges(start, end)
      const inside = some.filter((key) => key >= start && (end === null || key < end))
      const ascending = ranges.every(({ start: from }, i) => i === 0 || ranges[i - 1]!.end === from)
      const needed = ranges.every((range) => range.end === null || range.start < range.end)
      return ascending && needed && inside.every((key) => ranges.some(({ shard }) => shard === sharding.owner(key)))
    }),
  )
  t.deepEqual(RangeSharding.split(['m'], ['a', 'b']).ranges('k', 'm'), [{ shard: 'a', start: 'k', end: 'm' }])
})

test('range: holes, disorder and shards named twice are refused', (t) => {
  t.throws(() => new RangeSharding([{ start: 'a', shard: 'x' }]), { instanceOf: InvalidOptionError })
  t.throws(() => RangeSharding.split(['b', 'a'], ids(3)), { instanceOf: InvalidOptionError })
  t.throws(() => RangeSharding.split(['a'], ids(3)), { instanceOf: InvalidOptionError, message: /2 ids/ })
  t.throws(() => RangeSharding.split(['a'], ['x', 'x']), { instanceOf: InvalidOptionError })
})

for (const [name, strategy] of [
  ['rendezvous', new RendezvousSharding(ids(3))],
  ['range', RangeSharding.split(['key/3', 'key/6'], ids(3))],
] as const) {
  test(`a store over ${name} answers like one map, in scans too`, async (t) => {
    const { runtime, system, counted } = await stage()
    const shards = Object.fromEntries(ids(3).map((id) => [id, counted(system.spawn(keyValueShard<number>()))]))
    const store = system.spawn(shardedStore(strategy, shards))

    for (const [i, key] of keys(9).entries()) await within(runtime, store.ask('put', { key, value: i }))

    t.is(await within(runtime, store.ask('get', 'key/4')), 4)
    t.is(await within(runtime, store.ask('get', 'none')), undefined)
    t.true(await within(runtime, store.ask('delete', 'key/4')))
    t.false(await within(runtime, store.ask('delete', 'key/4')))
    const rows = await within(runtime, store.ask('scan', { start: 'key/2', end: 'key/8' }))
    t.deepEqual(
      rows.map(({ key }) => key),
      ['key/2', 'key/3', 'key/5', 'key/6', 'key/7'],
    )
    t.is((await within(runtime, store.ask('scan', { limit: 2 }))).length, 2)
  })
}

test('range: a scan sends no message to a shard outside it, nor behind its limit', async (t) => {
  const { runtime, system, counted, messages } = await stage()
  const shards = Object.fromEntries(ids(3).map((id) => [id, counted(system.spawn(keyValueShard<number>()))]))
  const store = system.spawn(shardedStore(RangeSharding.split(['b', 'c'], ids(3)), shards))
  for (const key of ['a1', 'a2', 'b1', 'c1']) await within(runtime, store.ask('put', { key, value: 1 }))
  const before = messages()

  await within(runtime, store.ask('scan', { start: 'a', end: 'b' }))
  t.is(messages() - before, 1)
  await within(runtime, store.ask('scan', { limit: 3 }))
  t.is(messages() - before, 3)
})

test('column: a projection sends one message to each group that holds a wanted column, and none elsewhere', async (t) => {
  const { runtime, system, counted, messages } = await stage()
  const strategy = new ColumnSharding({ names: ['first', 'last'], sizes: ['height'] }, 'rest')
  const groups = Object.fromEntries(strategy.groups.map((group) => [group, counted(system.spawn(columnGroup()))]))
  const table = system.spawn(columnTable(strategy, groups))
  await within(runtime, table.ask('put', { key: 'k', columns: { first: 'A', last: 'B', height: 1, other: true } }))
  await within(runtime, table.ask('put', { key: 'k', columns: { last: 'C' } }))
  const before = messages()

  t.deepEqual(await within(runtime, table.ask('project', { key: 'k', columns: ['last', 'first'] })), {
    last: 'C',
    first: 'A',
  })
  t.is(messages() - before, 1)
  const two = await within(runtime, table.ask('project', { key: 'k', columns: ['height', 'other', 'new'] }))
  t.deepEqual(two, { height: 1, other: true, new: null })
  t.is(messages() - before, 3)
  t.is(await within(runtime, table.ask('project', { key: 'none', columns: ['first'] })), null)
  await within(runtime, table.ask('delete', 'k'))
  t.is(await within(runtime, table.ask('project', { key: 'k', columns: ['first', 'height', 'other'] })), null)
})

test('a column in two groups, a shard without a ref and a ref without a shard are refused', async (t) => {
  const { system } = await stage()
  const ref = system.spawn(keyValueShard())

  t.throws(() => new ColumnSharding({ a: ['x'], b: ['x'] }, 'rest'), { message: /"x" is in "a" too/ })
  t.throws(() => shardedStore(new RendezvousSharding(['a', 'b']), { a: ref }), { message: /"b" is missing/ })
  t.throws(() => shardedStore(new RendezvousSharding(['a']), { a: ref, b: ref }), { message: /"b" is unknown/ })
})

/** A system, and relays that count what goes through them. */
async function stage() {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'test', runtime, log: false })
  let count = 0
  const relay = (to: AnyRef) =>
    system.spawn(
      actor('relay', (ctx) => ({
        unhandled: () => {
          count++
          return ctx.forward(to)
        },
      })),
    )
  return { runtime, system, messages: () => count, counted: <P>(to: Ref<P>): Ref<P> => relay(to) as AnyRef as Ref<P> }
}
