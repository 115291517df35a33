import test from 'ava'
import { manualRuntime } from '../runtime/manual.ts'
import { TimerQueue } from '../runtime/timer-queue.ts'
import type { ClusterLease } from './cluster-lease.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import { memoryLease } from './memory-lease.ts'

const TTL_MS = 900

/** A keeper of the lease, what it was answered, and time. */
function keeper(change: (lease: ClusterLease) => ClusterLease = (lease) => lease) {
  const time = manualRuntime()
  const lease = memoryLease(time.clock)
  const answers: string[] = []
  const warnings: string[] = []
  const silent = { debug: () => {}, info: () => {}, error: () => {}, warn: (text: string) => void warnings.push(text) }
  const it = new LeaseKeeper(
    { lease: change(lease), ttlMs: TTL_MS },
    {
      uid: 'a',
      timers: new TimerQueue(time.clock, time.scheduler),
      log: silent,
      claimed: (isTaken) => void answers.push(isTaken ? 'taken' : 'refused'),
      lost: () => void answers.push('lost'),
    },
  )
  return { it, time, lease, answers, warnings }
}

test('a free lease is taken, and kept for as long as the node runs', async (t) => {
  const { it, time, lease, answers } = keeper()
  it.claim()
  await time.advance(10 * TTL_MS)

  t.deepEqual(answers, ['taken'])
  t.is(lease.owner, 'a')
  it.close()
  await time.advance(1)
  t.is(lease.owner, null)
})

test('one that another has is tried for one and a half times its life, and then refused', async (t) => {
  const { it, time, lease, answers } = keeper()
  await lease.acquire('b', 100 * TTL_MS)
  it.claim()
  await time.advance(1.4 * TTL_MS)
  t.deepEqual(answers, [])
  await time.advance(0.3 * TTL_MS)

  t.deepEqual(answers, ['refused'])
})

test('that of an owner that is silent is taken once its life is over', async (t) => {
  const { it, time, lease, answers } = keeper()
  await lease.acquire('b', TTL_MS)
  it.claim()
  await time.advance(0.9 * TTL_MS)
  t.deepEqual(answers, [])
  await time.advance(0.3 * TTL_MS)

  t.deepEqual(answers, ['taken'])
})

test('one that another took while this node was silent is lost, once', async (t) => {
  const { it, time, lease, answers } = keeper()
  it.claim()
  await time.advance(1)
  await lease.release('a')
  await lease.acquire('b', 100 * TTL_MS)
  await time.advance(5 * TTL_MS)

  t.deepEqual(answers, ['taken', 'lost'])
})

test('a lease out of reach is refused in the end, with a warning; one that never answers too', async (t) => {
  for (const acquire of [() => Promise.reject(new Error('no route')), () => new Promise<never>(() => {})]) {
    const { it, time, answers, warnings } = keeper((lease) => ({ ...bound(lease), acquire }))
    it.claim()
    await time.advance(2.5 * TTL_MS)

    t.deepEqual(answers, ['refused'])
    t.true(warnings.every((text) => text.includes('no route')))
  }
})

test('an answer that took as long as the lease lives is no answer: the node had no time', async (t) => {
  let asked = 0
  let jumpedMs = 0
  const { it, time, answers } = keeper((lease) => ({
    ...bound(lease),
    acquire: (owner, ttlMs) => {
      // The clock of the node jumps, and all that was due meanwhile comes late.
      if (++asked === 1) jumpedMs = 5 * TTL_MS
      return lease.acquire(owner, ttlMs)
    },
  }))
  const now = time.clock.now.bind(time.clock)
  Object.assign(time.clock, { now: () => now() + jumpedMs })
  it.claim()
  await time.advance(1)

  t.deepEqual(answers, ['refused'])
  t.is(asked, 1)
})

test('a claim that was given up brings no answer, and what it took is not kept', async (t) => {
  const { it, time, lease, answers } = keeper()
  it.claim()
  it.giveUp()
  await time.advance(2 * TTL_MS)
  t.is(lease.owner, null)
  it.claim()
  await time.advance(1)
  it.giveUp()
  await time.advance(5 * TTL_MS)

  t.deepEqual(answers, ['taken'])
  t.is(lease.owner, 'a')
})

function bound(lease: ClusterLease): ClusterLease {
  return {
    acquire: (owner, ttlMs) => lease.acquire(owner, ttlMs),
    renew: (owner, ttlMs) => lease.renew(owner, ttlMs),
    release: (owner) => lease.release(owner),
  }
}

test('a lease that throws where it should reject, or answers at once, is one that cannot be reached, or one that answers', async (t) => {
  const thrown = keeper((lease) => ({
    acquire: () => {
      throw new Error('no disk')
    },
    renew: (owner, ttlMs) => lease.renew(owner, ttlMs),
    release: (owner) => lease.release(owner),
  }))
  thrown.it.claim()
  await thrown.time.advance(2 * TTL_MS)
  t.deepEqual(thrown.answers, ['refused'])
  t.regex(thrown.warnings[0]!, /no disk/)

  const plain = keeper(() => ({ acquire: () => true, renew: () => true, release: () => {} }) as never)
  plain.it.claim()
  await plain.time.advance(2 * TTL_MS)
  t.deepEqual(plain.answers, ['taken'])
  t.notThrows(() => plain.it.close())
})
