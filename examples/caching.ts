/** The same cache actor over three stores: memory, disk, and a store spread over several cache actors. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSystem } from '@troupe/core'
import { cache, distributedCache, MemoryStore } from '@troupe/strategies/caching'
import { LmdbStore } from '@troupe/strategies/caching/lmdb'

const system = await createSystem({ name: 'caching' })

// Read-through: a hundred askers of one key make one load.
let loads = 0
const load = async (key: string): Promise<string> => {
  loads++
  return key.toUpperCase()
}
const memory = system.spawn(cache<string>(new MemoryStore({ maxEntries: 2 }), { load, ttlMs: 60_000 }))
await Promise.all(Array.from({ length: 100 }, () => memory.ask('get', 'a')))
console.log(`memory: 100 gets at once, ${loads} load`)

// Room for two: the entry unused for the longest time goes.
for (const key of ['b', 'a', 'c', 'a', 'b']) await memory.ask('get', key)
console.log(`memory: ${loads} loads after b, a, c, a, b`)

// Disk: what was set is there for the next process.
const folder = mkdtempSync(join(tmpdir(), 'troupe-cache-'))
for (const run of ['first', 'second']) {
  const store = await LmdbStore.open<string>({ path: folder })
  const disk = system.spawn(cache(store))
  console.log(`disk: ${run} run finds ${await disk.ask('get', 'k')}`)
  await disk.ask('set', { key: 'k', value: 'v' })
  await system.stop(disk)
  await store.close()
}
rmSync(folder, { recursive: true })

// Distributed: each key lives on the one of three owners that hashing picks; all callers agree on it.
const owner = () => system.spawn(cache<string>(new MemoryStore()))
const caches = { red: owner(), green: owner(), blue: owner() }
const front = system.spawn(distributedCache({ caches }))
for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) await front.ask('set', { key, value: key })
const held = await Promise.all(Object.values(caches).map((ref) => ref.ask('stats')))
console.log(
  `distributed: ${held.map(({ entries }) => entries).join(' + ')} entries, f is ${await front.ask('get', 'f')}`,
)
await system.stop()
