import { AskError, actor, bounded, type MailboxStrategy, OfferError, protocol, type Ref } from '@troupe/core'
import test from 'ava'
import { cbor } from './testing/cbor.ts'
import { FLOW_CONTROL, Kind } from './testing/raw-peer.ts'
import { recorder } from './testing/recorder.ts'
import { eventsOf, type Node, World } from './testing/world.ts'

const A = 'memory://a'
const B = 'memory://b'
const WINDOW = 4_096
const HALF = 2_048
const KIB = 1024

interface Slow {
  work: (n: number) => Promise<void> | void
  store: (bytes: Uint8Array) => Promise<void>
  ask: (n: number) => Promise<number>
}
const Slow = protocol<Slow>('slow')

/** Takes `workMs` over each message. */
function slow(node: Node, world: World, workMs: number, mailbox?: MailboxStrategy) {
  const done: number[] = []
  const wait = (): Promise<void> => new Promise((resolve) => void world.time.scheduler.after(workMs, resolve))
  const work = async (n: number): Promise<void> => {
    await wait()
    done.push(n)
  }
  const handlers = { work, store: (bytes: Uint8Array) => work(bytes.length), ask: (n: number) => work(n).then(() => n) }
  const definition = actor(Slow, () => handlers)
  const ref = node.system.spawn(definition, mailbox === undefined ? {} : { mailbox })
  return { ref, done, queued: () => node.system.inspect({ below: ref.path }).actors[0]!.queued }
}

async function pair(workMs: number, mailbox?: MailboxStrategy) {
  const world = new World()
  const [a, b] = await world.pair()
  const actor = slow(a, world, workMs, mailbox)
  const quick = recorder(a)
  const remote = await world.lend(actor.ref, a, b)
  return { world, a, b, ...actor, remote, quick: { ...quick, remote: await world.lend(quick.ref, a, b) } }
}

/** Offers numbers one after the other for as long as the test runs. */
function offering(world: World, remote: Ref<Slow>): { offered: number; failed: unknown } {
  const state: { offered: number; failed: unknown } = { offered: 0, failed: null }
  const offer = async (): Promise<void> => {
    for (;;) {
      try {
        await remote.offer('work', state.offered, { timeoutMs: 60_000 })
        state.offered++
      } catch (error) {
        // No attempt to connect is waited for.
        if (!(error instanceof OfferError) || error.reason !== 'unreachable') throw error
        await new Promise<void>((resolve) => void world.time.scheduler.after(10, resolve))
      }
    }
  }
  offer().catch((error) => {
    state.failed = error
  })
  return state
}

test('whoever offers to an actor of another node goes at its pace: 4,096 messages ahead of it at most', async (t) => {
  const { world, b, done, queued, remote } = await pair(1)
  const offers = offering(world, remote)
  await world.time.advance(100)
  t.is(offers.offered, WINDOW)
  let most = 0
  for (let ms = 0; ms < 6_000; ms += 100) {
    await world.time.advance(100)
    most = Math.max(most, queued())
    t.true(offers.offered - done.length <= WINDOW + 1, `${offers.offered} offered, ${done.length} done`)
  }

  t.true(done.length > 5_000)
  t.true(done.every((n, i) => n === i))
  // And the markers between them.
  t.true(most <= WINDOW + 8, `${most} queued`)
  t.is(eventsOf(b, 'dead-letter').length, 0)
  t.is(offers.failed, null)
  await world.stop()
})

test('4 MiB of payloads wait for an actor there, and one message more; offers go on as it handles them', async (t) => {
  const { world, done, queued, remote } = await pair(10)
  let offered = 0
  const offers = Array.from({ length: 200 }, () =>
    remote.offer('store', new Uint8Array(100 * KIB), { timeoutMs: 60_000 }).then(() => {
      offered++
    }),
  )
  await world.time.advance(5)
  // And the markers between them, one for each eighth.
  t.true(queued() >= 40 && queued() <= 49, `${queued()} queued`)

  await world.during(Promise.all(offers))
  t.true(offered - done.length <= 42, `${offered} offered, ${done.length} done`)
  await world.until('all of them', () => done.length === 200)
  await world.stop()
})

test('an offer to a full mailbox of another node waits there for room, and none becomes a dead letter', async (t) => {
  for (const overflow of ['reject', 'drop-newest', 'drop-oldest', 'fail'] as const) {
    const { world, a, b, done, queued, remote } = await pair(1, bounded({ capacity: 3, overflow }))
    const offers = Array.from({ length: 100 }, (_, n) => remote.offer('work', n))
    await world.time.advance(5)
    t.true(queued() <= 3)
    await world.during(Promise.all(offers))
    await world.until('all of them', () => done.length === 100)

    t.true(done.every((n, i) => n === i))
    for (const node of [a, b]) t.is(eventsOf(node, 'dead-letter').length, 0)
    await world.stop()
  }
})

test('what waits for room in a mailbox when its actor stops becomes dead letters there', async (t) => {
  const { world, a, b, ref, remote } = await pair(1_000, bounded({ capacity: 2 }))
  const offers = Array.from({ length: 10 }, (_, n) => remote.offer('work', n))
  await world.during(Promise.all(offers))
  await world.time.advance(5)
  await world.during(a.system.stop(ref))
  await world.time.advance(5)

  const letters = eventsOf(a, 'dead-letter').map(({ reason, payload }) => [payload, reason])
  t.deepEqual(
    letters.sort(),
    [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => [n, n < 3 ? 'stopped' : 'stopping']),
  )
  t.is(eventsOf(b, 'dead-letter').length, 0)
  await world.stop()
})

test('an actor that does not keep up holds up nobody else: tells, asks and system messages to others go through', async (t) => {
  const { world, a, b, remote, quick } = await pair(1_000)
  for (let n = 0; n < 3 * WINDOW; n++) {
    remote.tell('work', n)
    if (n % 500 === 0) await world.time.advance(1)
  }
  await world.time.advance(1)

  quick.remote.tell('note', 1)
  t.is(await world.during(quick.remote.ask('echo', 2), 2), 2)
  t.deepEqual(quick.noted, [1, 2])
  const other = recorder(b)
  t.truthy(await world.lend(other.ref, b, a))
  const error = await t.throwsAsync(world.during(remote.ask('ask', 1), 0), { instanceOf: AskError })
  t.like(error, { outcome: 'not-sent', reason: 'outbound-full' })
  await world.stop()
})

test('behind the 4,096 that an actor has to handle 2,048 wait at the sender; more are dead letters, and the counts add up', async (t) => {
  const { world, a, b, done, remote } = await pair(1)
  for (let n = 0; n < 10_000; n++) {
    remote.tell('work', n)
    if (n % 500 === 499) await world.time.advance(0)
  }
  const letters = eventsOf(b, 'dead-letter')
  t.true(letters.every(({ reason }) => reason === 'outbound-full'))
  t.true(letters.length >= 10_000 - WINDOW - HALF - 500)
  t.like(b.system.stats().remote, { sent: WINDOW, queued: 10_000 - WINDOW - letters.length })
  t.like(a.system.stats().remote, { received: WINDOW })

  await world.until('all the others', () => done.length === 10_000 - letters.length)
  t.is(b.system.stats().deadLetters['outbound-full'], letters.length)
  t.true(done.every((n, i) => i === 0 || n > done[i - 1]!))
  t.like(b.system.stats().remote, { sent: done.length, queued: 0, queuedBytes: 0 })
  await world.stop()
})

test('answers and notices wait for no credit: two nodes whose actors flood each other go on answering', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const here = slow(a, world, 50)
  const there = slow(b, world, 50)
  const toHere = await world.lend(here.ref, a, b)
  const toThere = await world.lend(there.ref, b, a)
  const quick = recorder(a)
  const toQuick = await world.lend(quick.ref, a, b)
  for (let n = 0; n < 2 * WINDOW; n++) {
    toHere.tell('work', n)
    toThere.tell('work', n)
    if (n % 500 === 499) await world.time.advance(1)
  }

  t.is(await world.during(toQuick.ask('echo', 5), 3), 5)
  await world.time.advance(10_000)
  t.is(await world.during(toQuick.ask('echo', 6), 3), 6)
  for (const node of [a, b]) t.is(eventsOf(node, 'peer-lost').length, 0)
  t.true(here.done.length > 150)
  t.true(there.done.length > 150)
  await world.stop()
})

test('when a connection is lost, what the actor there has not handled counts on the next one, and what was lost does not', async (t) => {
  const { world, done, queued, remote } = await pair(2)
  const offers = offering(world, remote)
  let most = 0
  for (let cut = 0; cut < 6; cut++) {
    await world.time.advance(1_500)
    world.network.cut(A, B)
    await world.time.advance(20)
    world.network.restore(A, B)
    for (let ms = 0; ms < 500; ms += 10) {
      await world.time.advance(10)
      most = Math.max(most, queued())
    }
  }
  t.true(most <= WINDOW + 8, `${most} queued`)
  t.is(offers.failed, null)
  const before = done.length
  await world.time.advance(30_000)
  t.true(done.length - before > 14_000, `${done.length - before} in 30 s`)
  t.is(offers.failed, null)
  await world.stop()
})

test('a peer that sends without credit loses its link, in words; so does one that gives what was never used', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const actor = slow(a, world, 10_000)
  await world.lend(actor.ref, a, b)
  const uid = Number(actor.ref.id.split('/')[1])
  const raw = await world.raw('raw')
  const greedy = await raw.join(a.system.address, { features: FLOW_CONTROL, uid: 'greedy', address: '' })
  for (let n = 0; n <= WINDOW; n += 64)
    greedy.batch(...Array.from({ length: 64 }, () => [Kind.tell, uid, 'work', cbor(1)]))
  await world.time.advance(5)
  t.truthy(greedy.ended)
  t.regex(eventsOf(a, 'link-broken')[0]!.message, /a message for actor \d+ without credit/)
  t.true(actor.queued() <= WINDOW + 8)

  const generous = await raw.join(a.system.address, { features: FLOW_CONTROL, uid: 'generous', address: '' })
  generous.batch([Kind.credit, 7, 1, 1])
  await world.time.advance(5)
  t.regex(eventsOf(a, 'link-broken')[1]!.message, /credit for 1 messages to actor 7, where 0 are out/)

  const odd = await raw.join(a.system.address, { features: FLOW_CONTROL, uid: 'odd', address: '' })
  odd.batch([Kind.credit, 7, 0.5, 1])
  await world.time.advance(5)
  t.regex(eventsOf(a, 'link-broken')[2]!.message, /a credit of 0.5 messages/)
  t.is(a.system.peers.length, 1)
  await world.stop()
})

test('credit for a few messages comes back within a second, by name of the actor, and for actors that are gone', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const { ref } = recorder(a)
  await world.lend(ref, a, b)
  const uid = Number(ref.id.split('/')[1])
  const raw = await world.raw('raw')
  const link = await raw.join(a.system.address, { features: FLOW_CONTROL })
  link.batch(
    [Kind.tell, uid, 'note', cbor(1)],
    [Kind.tell, 9_999, 'note', cbor('gone')],
    [Kind.tell, uid, 'note', cbor(2)],
  )
  await world.time.advance(1_010)

  t.deepEqual(
    link.envelopes.filter(([kind]) => kind === Kind.credit),
    [
      [Kind.credit, -1, 0, 0],
      [Kind.credit, 9_999, 1, 5],
      [Kind.credit, uid, 2, 2],
    ],
  )
  await world.stop()
})
