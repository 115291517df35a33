import { actor, protocol } from '@troupe/core'
import test from 'ava'
import { cbor } from './testing/cbor.ts'
import { FLOW_CONTROL, Kind, type RawLink } from './testing/raw-peer.ts'
import { eventsOf, type Node, World } from './testing/world.ts'

const WINDOW = 4_096

interface Stuck {
  take: (payload: unknown) => Promise<void>
}
const Stuck = protocol<Stuck>('stuck')

/** A node with actors that never get done with their first message, and something that sends to them by hand. */
async function besieged(actors: number, features: number) {
  const world = new World()
  const [a, honest] = await world.pair()
  const uids: number[] = []
  for (let i = 0; i < actors; i++) {
    const ref = a.system.spawn(actor(Stuck, () => ({ take: () => new Promise<void>(() => {}) })))
    a.system.register(Stuck, ref)
    uids.push(Number(ref.id.split('/')[1]))
  }
  await world.until('listing', () => honest.system.findAll(Stuck).length === actors)
  const raw = await world.raw('raw')
  const link = await raw.join(a.system.address, { features, uid: 'greedy', address: '' })
  return { world, a, uids, link }
}

function queued({ system }: Node): number {
  return system.inspect({ below: '/user', limit: 1_000 }).actors.reduce((sum, actor) => sum + actor.queued, 0)
}

async function flood(world: World, link: RawLink, count: number, envelope: (n: number) => readonly unknown[]) {
  for (let n = 0; n < count; n += 256) {
    link.batch(...Array.from({ length: Math.min(256, count - n) }, (_, i) => envelope(n + i)))
    if (n % 2_048 === 0) await world.time.advance(1)
  }
  await world.time.advance(1_100)
}

test('a peer that has no flow control, or says so, has no more than 4,096 messages ahead of an actor: the rest is dead letters', async (t) => {
  const { world, a, uids, link } = await besieged(1, 0)
  await flood(world, link, 3 * WINDOW, () => [Kind.tell, uids[0], 'take', cbor(1)])

  t.is(link.ended, null)
  t.true(queued(a) <= WINDOW + 16, `${queued(a)} wait`)
  t.true(eventsOf(a, 'dead-letter').filter(({ reason }) => reason === 'mailbox-full').length >= 2 * WINDOW - 16)
  t.is(link.envelopes.filter(([kind]) => kind === Kind.credit).length, 0)
  await world.stop()
})

test('messages that reach nobody bring no credit for those that wait', async (t) => {
  const { world, a, uids, link } = await besieged(1, FLOW_CONTROL)
  await flood(world, link, 3 * WINDOW, (n) => [
    Kind.tell,
    uids[0],
    n % 1_024 === 1_023 ? 'constructor' : 'take',
    cbor(1),
  ])

  t.regex(eventsOf(a, 'link-broken')[0]?.message ?? '', /without credit/)
  t.true(queued(a) <= WINDOW + 16, `${queued(a)} wait`)
  await world.stop()
})

test('of one peer 64 MiB wait for slow actors: the rest is dead letters, and the link stays', async (t) => {
  const { world, a, uids, link } = await besieged(40, FLOW_CONTROL)
  const large = cbor('x'.repeat(128 * 1024))
  // Each within its window: 32 times 128 KiB.
  await flood(world, link, 40 * 32, (n) => [Kind.tell, uids[n % 40], 'take', large])

  t.is(link.ended, null)
  const dead = eventsOf(a, 'dead-letter').filter(({ reason }) => reason === 'mailbox-full').length
  const waiting = (40 * 32 - dead) * large.length
  t.true(waiting <= 64 * 1024 * 1024 && waiting > 64 * 1024 * 1024 - large.length, `${waiting} bytes wait`)
  await world.stop()
})

test('what is small on the wire and large in memory counts for what it takes', async (t) => {
  const { world, a, uids, link } = await besieged(40, FLOW_CONTROL)
  const dense = Uint8Array.from([0x9a, 0, 0, 0x40, 0, ...new Array<number>(0x4000).fill(0xa0)])
  await flood(world, link, 120, (n) => [Kind.tell, uids[n % 40], 'take', dense])

  t.is(link.ended, null)
  const dead = eventsOf(a, 'dead-letter').filter(({ reason }) => reason === 'mailbox-full').length
  // Of 16,384 empty maps each, a megabyte.
  t.true(120 - dead <= 64, `${120 - dead} wait`)
  await world.stop()
})
