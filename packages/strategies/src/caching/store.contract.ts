import type { Assertions, TestFunction } from '@troupe/core/testing'
import type { CacheStore } from './store.ts'

/** A fresh, empty store for one test. */
export interface StoreStage {
  readonly store: CacheStore
  /** Waits for what the store answers by promise. */
  settle<T>(answer: T | Promise<T>): Promise<T>
  close?(): Promise<void>
}

/** The promises of `CacheStore` as tests. @param cannot the reason why the store cannot be tested here: all are skipped */
export function cacheStoreContract(
  test: TestFunction,
  name: string,
  make: () => Promise<StoreStage>,
  cannot: string | null = null,
): void {
  for (const [title, keep] of Object.entries(promises)) {
    const run = async (t: Assertions): Promise<void> => {
      const stage = await make()
      try {
        await keep(t, stage)
      } finally {
        await stage.close?.()
      }
    }
    if (cannot === null) test(`${name}: ${title}`, run)
    else test.skip(`${name}: ${title} (cannot: ${cannot})`, run)
  }
}

const NEVER = Number.POSITIVE_INFINITY

const promises: Record<string, (t: Assertions, stage: StoreStage) => Promise<void>> = {
  'what was set is there, the last value of each key, and nothing else': async (t, { store, settle }) => {
    await settle(store.set('a', 1, NEVER, 0))
    await settle(store.set('b', 2, NEVER, 0))
    await settle(store.set('a', 3, NEVER, 0))

    t.is(await settle(store.get('a', 0)), 3)
    t.is(await settle(store.get('b', 0)), 2)
    t.is(await settle(store.get('c', 0)), undefined)
    t.is(await settle(store.size()), 2)
  },

  'what was deleted is gone, and everything after clear': async (t, { store, settle }) => {
    for (const key of ['a', 'b', 'c']) await settle(store.set(key, key, NEVER, 0))
    await settle(store.delete('a'))
    await settle(store.delete('none'))

    t.is(await settle(store.get('a', 0)), undefined)
    t.is(await settle(store.get('b', 0)), 'b')
    await settle(store.clear())
    t.is(await settle(store.get('b', 0)), undefined)
    t.is(await settle(store.size()), 0)
  },

  'falsy, nested and binary values come back as they went in': async (t, { store, settle }) => {
    const values = [null, false, 0, '', { list: [1, { deep: 'yes' }] }, Uint8Array.of(1, 2, 255)]
    for (const [i, value] of values.entries()) await settle(store.set(`${i}`, value, NEVER, 0))

    for (const [i, value] of values.entries()) {
      const found = await settle(store.get(`${i}`, 0))
      t.deepEqual(found instanceof Uint8Array ? [...found] : found, value instanceof Uint8Array ? [...value] : value)
    }
  },

  'any text is a key': async (t, { store, settle }) => {
    const keys = ['', '__proto__', 'constructor', 'ünï/cödé 🎭', 'a\u0000b', 'x'.repeat(600)]
    for (const key of keys) await settle(store.set(key, `value of ${key}`, NEVER, 0))

    for (const key of keys) t.is(await settle(store.get(key, 0)), `value of ${key}`)
    t.is(await settle(store.size()), keys.length)
  },

  'calls about one key take effect in order, waited for or not': async (t, { store, settle }) => {
    const calls = [store.set('a', 1, NEVER, 0), store.delete('a'), store.set('a', 2, NEVER, 0)]
    const last = [store.set('b', 1, NEVER, 0), store.delete('b')]
    await settle(Promise.all([...calls, ...last]))

    t.is(await settle(store.get('a', 0)), 2)
    t.is(await settle(store.get('b', 0)), undefined)
  },
}
