/** Keys placed on three shards by hash, by range and, for the columns of a table, by group. */
import { createSystem, type Ref } from '@troupe/core'
import {
  ColumnSharding,
  columnGroup,
  columnTable,
  type KeyValue,
  keyValueShard,
  RangeSharding,
  RendezvousSharding,
  shardedStore,
} from '@troupe/strategies/sharding'

const system = await createSystem({ name: 'sharding' })
const ids = ['red', 'green', 'blue']
const shards = (): Record<string, Ref<KeyValue<number>>> =>
  Object.fromEntries(ids.map((id) => [id, system.spawn(keyValueShard<number>())]))
const fruits = ['apple', 'banana', 'cherry', 'date', 'elderberry', 'fig', 'grape']

// By hash: every caller finds the owner without asking; a fourth shard takes only its own share.
const hash = new RendezvousSharding(ids)
const grown = new RendezvousSharding([...ids, 'white'])
const moved = fruits.filter((key) => hash.owner(key) !== grown.owner(key))
console.log(`hash: ${fruits.map((key) => `${key} ${hash.owner(key)}`).join(', ')}`)
console.log(`with one more shard these move, and only to it: ${moved.map((key) => `${key} ${grown.owner(key)}`)}`)

// By range: neighbours live together, so a scan asks only the shards it meets.
const range = RangeSharding.split(['c', 'f'], ids)
const store = system.spawn(shardedStore(range, shards()))
for (const [value, key] of fruits.entries()) await store.ask('put', { key, value })
const rows = await store.ask('scan', { start: 'b', end: 'f' })
console.log(`range: ${rows.map(({ key, value }) => `${key}=${value}`).join(' ')}`)
console.log(`asked: ${range.ranges('b', 'f').map(({ shard }) => shard)}`)

// By column: what is read together lives together; a projection leaves the other groups alone.
const columns = new ColumnSharding({ profile: ['name', 'city'], money: ['balance'] }, 'profile')
const groups = { profile: system.spawn(columnGroup()), money: system.spawn(columnGroup()) }
const table = system.spawn(columnTable(columns, groups))
await table.ask('put', { key: 'ada', columns: { name: 'Ada', city: 'London', balance: 12 } })
console.log('column:', await table.ask('project', { key: 'ada', columns: ['name', 'city'] }))
await system.stop()
