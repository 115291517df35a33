import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSystem, InvalidOptionError, type Ref, UnknownOptionError } from '@troupe/core'
import { manualRuntime, within } from '@troupe/testkit'
import test from 'ava'
import fc from 'fast-check'
import {
  type Cache,
  type CacheOptions,
  type CacheStore,
  cache,
  DistributedStore,
  distributedCache,
  MemoryStore,
} from './index.ts'
import { LmdbMissingError, LmdbStore } from './lmdb.ts'
import { cacheStoreContract } from './store.contract.ts'

const NEVER = Number.POSITIVE_INFINITY
const lmdbFails = await import('lmdb').then(
  () => null,
  (error: Error) => error.message,
)

cacheStoreContract(test, 'memory', async () => ({ store: new MemoryStore(), settle: async (answer) => answer }))
cacheStoreContract(test, 'distributed', async () => {
  const { runtime, caches } = await owners(3)
  return { store: new DistributedStore({ caches }), settle: async (answer) => within(runtime, Promise.resolve(answer)) }
})
cacheStoreContract(
  test,
  'lmdb',
  async () => {
    const path = temporary()
    const store = await LmdbStore.open({ path })
    return { store, settle: async (answer) => answer, close: () => store.close().then(() => remove(path)) }
  },
  lmdbFails,
)

test('memory and LMDB: a value is a miss from the instant on at which it expires', async (t) => {
  const path = temporary()
  const disk = lmdbFails === null ? await LmdbStore.open({ path }) : null
  for (const store of [new MemoryStore(), ...(disk === null ? [] : [disk])]) {
    await store.set('a', 1, 100)
    t.is(await store.get('a', 99), 1)
    t.is(await store.get('a', 100), undefined)
    await store.set('a', 2, NEVER)
    t.is(await store.get('a', 1e12), 2)
  }
  await disk?.close()
  remove(path)
})

test('memory: behaves like a list sorted by last use, bounded by entries and by size', (t) => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
  const action = fc.oneof(
    fc.record({ get: key }),
    fc.record({ set: key, size: fc.nat(12) }),
    fc.record({ remove: key }),
  )
  fc.assert(
    fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
      const store = new MemoryStore<number>({ maxEntries: 4, maxSizeBytes: 20, sizeOf: (value) => value })
      let twin: { key: string; size: number }[] = [] // least recently used first
      for (const each of actions) {
        if ('get' in each) {
          const known = twin.find((entry) => entry.key === each.get)
          if (store.get(each.get, 0) !== known?.size) return false
          if (known !== undefined) twin = [...twin.filter((entry) => entry !== known), known]
        } else if ('remove' in each) {
          store.delete(each.remove)
          twin = twin.filter((entry) => entry.key !== each.remove)
        } else {
          store.set(each.set, each.size, NEVER)
          twin = [...twin.filter((entry) => entry.key !== each.set), { key: each.set, size: each.size }]
          while (twin.length > 4 || sum(twin) > 20) twin.shift()
        }
        if (store.size() !== twin.length || store.sizeBytes !== sum(twin)) return false
      }
      return true
    }),
  )
  t.pass()
})

test('memory: an entry larger than the whole store is not taken, and pushes nothing out', (t) => {
  const store = new MemoryStore<string>({ maxSizeBytes: 10, sizeOf: (value) => value.length })
  store.set('a', '12345', NEVER)

  store.set('b', '12345678901', NEVER)

  t.is(store.get('b', 0), undefined)
  t.is(store.get('a', 0), '12345')
  t.is(store.evictions, 0)
})

const lmdbTest = lmdbFails === null ? test : test.skip

lmdbTest('lmdb: entries outlive the process, and the oldest written goes when it is full', async (t) => {
  const path = temporary()
  const first = await LmdbStore.open({ path, maxEntries: 2 })
  for (const key of ['a', 'b', 'a', 'c']) await first.set(key, { key }, NEVER)
  await first.close()

  const second = await LmdbStore.open({ path, maxEntries: 2 })

  t.is(second.size(), 2)
  t.deepEqual(second.get('a', 0), { key: 'a' })
  t.is(second.get('b', 0), undefined)
  await second.set('d', 4, NEVER)
  t.is(second.get('a', 0), undefined)
  await second.close()
  remove(path)
})

lmdbTest('lmdb: a key longer than it can hold is not kept; a folder that cannot be is refused', async (t) => {
  const path = temporary()
  const store = await LmdbStore.open({ path })
  await store.set('k'.repeat(5_000), 1, NEVER)
  t.is(store.get('k'.repeat(5_000), 0), undefined)
  t.false(await store.delete('k'.repeat(5_000)))
  await store.close()

  writeFileSync(join(path, 'file'), '')
  await t.throwsAsync(LmdbStore.open({ path: join(path, 'file', 'below') }), { instanceOf: InvalidOptionError })
  t.regex(new LmdbMissingError().message, /npm install lmdb/)
  remove(path)
})

test('a hundred concurrent gets of one key make one load, and what it answers is kept', async (t) => {
  const { runtime, ref, loads } = await loading({})

  const answers = Array.from({ length: 100 }, () => ref.ask('get', 'k'))
  await runtime.settle()
  t.is(loads.length, 1)
  loads[0]!.resolve('value')

  t.deepEqual(new Set(await within(runtime, Promise.all(answers))), new Set(['value']))
  t.is(await within(runtime, ref.ask('get', 'k')), 'value')
  t.like(await within(runtime, ref.ask('stats')), { loads: 1, hits: 1, misses: 100, entries: 1 })
})

for (const by of ['delete', 'set', 'clear'] as const) {
  test(`an invalidation by ${by} during a load discards what it loaded`, async (t) => {
    const { runtime, ref, loads } = await loading({})
    const before = ref.ask('get', 'k')
    await runtime.settle()

    if (by === 'delete') await within(runtime, ref.ask('delete', 'k'))
    else if (by === 'clear') await within(runtime, ref.ask('clear'))
    else await within(runtime, ref.ask('set', { key: 'k', value: 'newer' }))
    const after = ref.ask('get', 'k')
    await runtime.settle()
    loads[0]!.resolve('old')
    loads[1]?.resolve('newer')

    t.is(await within(runtime, before), 'old', 'it began before')
    t.is(await within(runtime, after), 'newer')
    t.is(await within(runtime, ref.ask('get', 'k')), 'newer')
    t.like(await within(runtime, ref.ask('stats')), { discarded: 1 })
  })
}

test('an error of a load goes to all who wait, and is not kept; nor is a missing value', async (t) => {
  const { runtime, ref, loads } = await loading({})
  const waiting = [ref.ask('get', 'k'), ref.ask('get', 'k')]
  await runtime.settle()
  loads[0]!.reject(new Error('source is down'))
  for (const each of waiting) t.regex((await t.throwsAsync(within(runtime, each)))!.message, /source is down/)

  const again = ref.ask('get', 'k')
  await runtime.settle()
  loads[1]!.resolve(undefined)
  t.is(await within(runtime, again), undefined)
  const third = ref.ask('get', 'k')
  await runtime.settle()
  loads[2]!.resolve('there')
  t.is(await within(runtime, third), 'there')
})

test('a load that takes too long is given up with CACHE_LOAD_TIMEOUT, and the next get loads anew', async (t) => {
  const { runtime, ref, loads } = await loading({ loadTimeoutMs: 100 })
  const waiting = t.throwsAsync(ref.ask('get', 'k'))
  await runtime.advance(100)

  t.like(await waiting, { cause: { causeCode: 'CACHE_LOAD_TIMEOUT' } })
  const again = ref.ask('get', 'k')
  await runtime.settle()
  loads[0]!.resolve('late')
  loads[1]!.resolve('fresh')
  t.is(await within(runtime, again), 'fresh')
  t.is(await within(runtime, ref.ask('get', 'k')), 'fresh')
})

test('a value is a miss after its time to live, its own or the default one', async (t) => {
  const { runtime, system } = await stage()
  const ref = system.spawn(cache<number>(new MemoryStore(), { ttlMs: 100 }))
  await within(runtime, ref.ask('set', { key: 'short', value: 1, ttlMs: 50 }))
  await within(runtime, ref.ask('set', { key: 'long', value: 2 }))

  await runtime.advance(60)
  t.is(await within(runtime, ref.ask('get', 'short')), undefined)
  t.is(await within(runtime, ref.ask('get', 'long')), 2)
  await runtime.advance(60)
  t.is(await within(runtime, ref.ask('get', 'long')), undefined)
})

test('a store that fails is a store that has nothing', async (t) => {
  const { runtime, system } = await stage()
  const broken = (): Promise<never> => Promise.reject(new Error('disk gone'))
  const store: CacheStore<string> = {
    ...{ name: 'broken', time: 'monotonic' },
    ...{ get: broken, set: broken, delete: broken, clear: broken, size: () => 0 },
  }
  const ref = system.spawn(cache(store, { load: (key) => `loaded ${key}` }))

  await within(runtime, ref.ask('set', { key: 'k', value: 'v' }))
  t.is(await within(runtime, ref.ask('get', 'k')), 'loaded k')
  t.like(await within(runtime, ref.ask('stats')), { storeFailures: 3 })
})

test('distributed: each key lies on one cache, and a lost owner is a miss at once, not an error', async (t) => {
  const { runtime, system, caches } = await owners(3)
  const ref = system.spawn(distributedCache<string>({ caches, load: (key) => `loaded ${key}` }))
  const keys = Array.from({ length: 30 }, (_, i) => `key-${i}`)
  for (const key of keys) await within(runtime, ref.ask('set', { key, value: 'v' }))
  const sizes = await Promise.all(
    Object.values(caches).map((each) => within(runtime, each.ask('stats')).then(({ entries }) => entries)),
  )
  t.is(
    sizes.reduce((a, b) => a + b),
    30,
  )
  t.true(sizes.every((size) => size > 0))

  await within(runtime, system.stop(caches['cache-0']!))
  const answers = await within(runtime, Promise.all(keys.map((key) => ref.ask('get', key))))

  t.is(answers.filter((answer) => answer === 'v').length, sizes[1]! + sizes[2]!)
  t.true(answers.every((answer, i) => answer === 'v' || answer === `loaded ${keys[i]}`))
})

test('options are checked at the door', (t) => {
  const misspelt = { sizeOf: () => 1, maxEntrys: 1 }

  t.throws(() => new MemoryStore(misspelt), { instanceOf: UnknownOptionError, message: /"maxEntries"/ })
  t.throws(() => cache(new MemoryStore(), { ttlMs: -1 }), { instanceOf: InvalidOptionError })
  t.throws(() => distributedCache({ caches: {}, timeoutMs: 0 }), { instanceOf: InvalidOptionError })
})

async function stage() {
  const runtime = manualRuntime()
  return { runtime, system: await createSystem({ name: 'test', runtime, log: false }) }
}

async function owners(count: number) {
  const { runtime, system } = await stage()
  const names = Array.from({ length: count }, (_, i) => `cache-${i}`)
  const caches: Record<string, Ref<Cache<string>>> = {}
  for (const name of names) caches[name] = system.spawn(cache<string>(new MemoryStore()), { name })
  return { runtime, system, caches }
}

/** A cache whose loads end when the test says so. */
async function loading(options: CacheOptions<string>) {
  const { runtime, system } = await stage()
  const loads: { resolve(value: string | undefined): void; reject(error: Error): void }[] = []
  const load = (): Promise<string | undefined> =>
    new Promise((resolve, reject) => {
      loads.push({ resolve, reject })
    })
  return { runtime, loads, ref: system.spawn(cache(new MemoryStore<string>(), { ...options, load })) }
}

function sum(entries: readonly { size: number }[]): number {
  return entries.reduce((total, { size }) => total + size, 0)
}

function temporary(): string {
  return mkdtempSync(join(tmpdir(), 'troupe-lmdb-'))
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true })
}
