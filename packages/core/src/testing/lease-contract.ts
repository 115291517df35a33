import type { ClusterLease } from '../cluster/cluster-lease.ts'
import type { Assertions, TestFunction } from './assertions.ts'

/** A lease under test, as two nodes have it, and time that passes for both. */
export interface LeaseWorld {
  readonly here: ClusterLease
  readonly there: ClusterLease
  /** Lets so much time pass, in ms. */
  pass(ms: number): void | Promise<void>
  close?(): void | Promise<void>
}

const TTL_MS = 1_000

/**
 * What every lease promises its cluster, as tests: for those that come with Troupe and those you write.
 *
 * @param name put before each title
 * @param makeWorld called once per test
 */
export function leaseContract(
  test: TestFunction,
  name: string,
  makeWorld: () => LeaseWorld | Promise<LeaseWorld>,
): void {
  for (const [title, keep] of Object.entries(promises)) {
    test(`${name}: ${title}`, async (t) => {
      const world = await makeWorld()
      try {
        await keep(t, world)
      } finally {
        await world.close?.()
      }
    })
  }
}

const promises: Record<string, (t: Assertions, world: LeaseWorld) => Promise<void>> = {
  'one owner has it, and may take it again': async (t, { here, there }) => {
    t.true(await here.acquire('a', TTL_MS))
    t.is(await there.acquire('b', TTL_MS), false)
    t.true(await here.acquire('a', TTL_MS))
    t.is(await there.acquire('b', TTL_MS), false)
  },

  'as long as it is renewed nobody else gets it': async (t, { here, there, pass }) => {
    t.true(await here.acquire('a', TTL_MS))
    for (let i = 0; i < 5; i++) {
      t.is(await there.acquire('b', TTL_MS), false)
      await pass(0.8 * TTL_MS)
      t.true(await here.renew('a', TTL_MS))
    }
    t.is(await there.acquire('b', TTL_MS), false)
  },

  'that of a silent owner is over after its time, and then it is not the old owner’s': async (t, world) => {
    const { here, there, pass } = world
    t.true(await here.acquire('a', TTL_MS))
    t.is(await there.acquire('b', TTL_MS), false)
    await pass(0.9 * TTL_MS)
    t.is(await there.acquire('b', TTL_MS), false)
    await pass(0.2 * TTL_MS)
    t.true(await there.acquire('b', TTL_MS))
    t.is(await here.renew('a', TTL_MS), false)
    t.is(await here.acquire('a', TTL_MS), false)
    t.true(await there.renew('b', TTL_MS))
  },

  'one that was released is free at once, and only its owner can release it': async (t, { here, there }) => {
    t.true(await here.acquire('a', TTL_MS))
    await there.release('b')
    t.is(await there.acquire('b', TTL_MS), false)
    await here.release('a')
    t.true(await there.acquire('b', TTL_MS))
    await here.release('a')
    t.true(await there.renew('b', TTL_MS))
  },

  'who does not have it cannot renew it': async (t, { here, there }) => {
    t.is(await here.renew('a', TTL_MS), false)
    t.true(await here.acquire('a', TTL_MS))
    t.is(await there.renew('b', TTL_MS), false)
  },

  'of two who want it at one moment one gets it, again and again': async (t, { here, there }) => {
    for (let i = 0; i < 20; i++) {
      const got = await Promise.all([here.acquire('a', TTL_MS), there.acquire('b', TTL_MS)])
      t.is(got.filter(Boolean).length, 1)
      await (got[0] ? here.release('a') : there.release('b'))
    }
  },
}
