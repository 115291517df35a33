import {
  AskError,
  actor,
  FrameTooLargeError,
  NotSerializableError,
  protocol,
  type Ref,
  type Transport,
} from '@troupe/core'
import test from 'ava'
import { MemoryLink } from './memory-link.ts'
import { memoryNetwork } from './memory-network.ts'
import { cbor } from './testing/cbor.ts'
import { Kind } from './testing/raw-peer.ts'
import { Recorder, recorder } from './testing/recorder.ts'
import { eventsOf, type Node, World } from './testing/world.ts'

const A = 'memory://a'
const B = 'memory://b'
const MIB = 1024 * 1024

interface Store {
  put: (bytes: Uint8Array) => number
  make: (sizeBytes: number) => Uint8Array
  fail: (with_: 'long' | 'odd') => void
}
const Store = protocol<Store>('store')

/** Two nodes; `store` is a ref of b to an actor of a that has got `sizes`. */
async function stored(
  network = memoryNetwork(),
): Promise<{ world: World; a: Node; b: Node; store: Ref<Store>; sizes: number[] }> {
  const world = new World(1, network)
  const [a, b] = await world.pair()
  const sizes: number[] = []
  const definition = actor(Store, (context) => ({
    put: (bytes) => sizes.push(bytes.length),
    make: (sizeBytes) => new Uint8Array(sizeBytes),
    fail: (kind) => {
      const error = new Error('x'.repeat(kind === 'long' ? 20 * MIB : 1))
      if (kind === 'odd') Object.assign(error, { message: { f: () => 1 }, name: 7 })
      return context.replyError(error) as never
    },
  }))
  const store = await world.lend(a.system.spawn(definition), a, b)
  return { world, a, b, store, sizes }
}

test('while there is no link 4096 messages wait, and each one more is a dead letter: the counts add up', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const { ref, noted } = recorder(a)
  const remote = await world.lend(ref, a, b)
  world.network.cut(A, B)
  await world.time.advance(5)

  for (let i = 0; i < 5_000; i++) remote.tell('note', i)
  const error = await t.throwsAsync(world.during(remote.ask('echo', 1), 0), { instanceOf: AskError })
  t.like(error, { outcome: 'not-sent', reason: 'outbound-full' })
  world.network.restore(A, B)
  await world.until('all of them', () => noted.length === 4096, 2_000)
  await world.time.advance(100)

  const letters = eventsOf(b, 'dead-letter').filter(({ message }) => message === 'note')
  t.deepEqual(
    noted,
    Array.from({ length: 4096 }, (_, i) => i),
  )
  t.deepEqual(
    letters.map(({ reason, payload }) => [reason, payload]),
    Array.from({ length: 904 }, (_, i) => ['outbound-full', 4096 + i]),
  )
  t.is(await world.during(remote.ask('echo', 7)), 7)
  const { ref: late } = recorder(b)
  b.system.register(Recorder, late)
  t.is((await world.during(a.system.find(Recorder), 100)).id, late.id)
  await world.stop()
})

test('while there is no link 8 MiB wait, and a message that is larger than that waits alone', async (t) => {
  const { world, b, store, sizes } = await stored()
  world.network.cut(A, B)
  await world.time.advance(5)
  for (let i = 0; i < 10; i++) store.tell('put', new Uint8Array(MIB))
  world.network.restore(A, B)
  await world.until('all of them', () => sizes.length === 7, 2_000)
  t.is(eventsOf(b, 'dead-letter').length, 3)

  world.network.cut(A, B)
  await world.time.advance(5)
  store.tell('put', new Uint8Array(12 * MIB))
  store.tell('put', new Uint8Array(1))
  world.network.restore(A, B)
  await world.until('the large one', () => sizes.at(-1) === 12 * MIB, 2_000)
  t.is(eventsOf(b, 'dead-letter').length, 4)
  await world.stop()
})

test('sent = handled + dead letters, when a sender is faster than its link and never waits (law 19)', async (t) => {
  const world = new World(1, memoryNetwork({ highWaterBytes: 4_096 }))
  const [a, b] = await world.pair()
  const { ref, noted } = recorder(a)
  const remote = await world.lend(ref, a, b)
  let sent = 0
  for (let burst = 0; burst < 30; burst++) {
    for (let i = 0; i < 3_000; i++) remote.tell('note', sent++)
    await world.time.advance(1)
  }
  await world.time.advance(500)

  const lost = eventsOf(b, 'dead-letter').filter(({ reason }) => reason === 'outbound-full').length
  t.is(noted.length + lost, sent)
  t.true(noted.every((number, i) => i === 0 || number > noted[i - 1]!))
  await world.stop()
})

test('a message above 16 MiB is an error that says so, as an ask and as a tell, and the link stays', async (t) => {
  const { world, b, store } = await stored()
  const large = new Uint8Array(16 * MIB + 1)

  t.throws(() => store.tell('put', large), {
    instanceOf: FrameTooLargeError,
    message: /message of 167\d+ bytes exceeds the limit of 16777216; send it in parts/,
  })
  const error = await t.throwsAsync(world.during(store.ask('put', large)), { instanceOf: AskError })
  t.like(error, { outcome: 'not-sent' })
  t.true(error.cause instanceof FrameTooLargeError)
  t.like(error.cause, { code: 'FRAME_TOO_LARGE', limitBytes: 16 * MIB })
  t.is(await world.during(store.ask('put', new Uint8Array(15 * MIB))), 1)
  t.is(eventsOf(b, 'peer-lost').length, 0)
  await world.stop()
})

test('an answer above 16 MiB fails its ask with that error, and the link stays', async (t) => {
  const { world, b, store } = await stored()

  const error = await t.throwsAsync(world.during(store.ask('make', 17 * MIB)), { instanceOf: AskError })

  t.is(error.outcome, 'failed')
  t.regex(error.message, /exceeds the limit of 16777216/)
  t.like(error.cause as object, { causeName: 'FrameTooLargeError', causeCode: 'FRAME_TOO_LARGE' })
  t.is(eventsOf(b, 'peer-lost').length, 0)
  await world.stop()
})

test('a hundred answers of 1 MiB go out in many frames, none above 256 KiB', async (t) => {
  const network = memoryNetwork()
  const { world, b, store } = await stored(network)
  let largest = 0
  const send = MemoryLink.prototype.send
  MemoryLink.prototype.send = function (frame) {
    largest = Math.max(largest, frame.length)
    return send.call(this, frame)
  }
  const answers = await world.during(Promise.all(Array.from({ length: 100 }, () => store.ask('make', MIB))))
  MemoryLink.prototype.send = send

  t.is(answers.length, 100)
  t.true(largest <= MIB / 4, `${largest} bytes`)
  t.is(eventsOf(b, 'peer-lost').length, 0)
  await world.stop()
})

test('an error of 20 MiB or of strange pieces reaches the asker as far as it can travel', async (t) => {
  const { world, b, store } = await stored()

  const long = await t.throwsAsync(world.during(store.ask('fail', 'long')), { instanceOf: AskError })
  const odd = await t.throwsAsync(world.during(store.ask('fail', 'odd')), { instanceOf: AskError })

  t.is(long.reason, 'refused')
  t.true(long.message.length < 20_000)
  t.regex(odd.message, /an object/)
  t.is(eventsOf(b, 'peer-lost').length, 0)
  await world.stop()
})

test('a message that cannot be encoded names the path, as an ask and as a tell, and sends nothing', async (t) => {
  const { world, a, store, sizes } = await stored()
  const bad = { deep: [() => 1] } as never

  t.throws(() => store.tell('put', bad), {
    instanceOf: NotSerializableError,
    message: /payload\.deep\[0\] is a function/,
  })
  const error = await t.throwsAsync(world.during(store.ask('put', bad)), { instanceOf: AskError })
  t.like(error, { outcome: 'not-sent', reason: 'not-serializable' })
  await world.time.advance(5)
  t.deepEqual(sizes, [])
  t.is(eventsOf(a, 'dead-letter').length, 0)
  await world.stop()
})

test('a peer that asks and takes no answer for 4 heartbeats loses its link, and the answers are dropped and counted', async (t) => {
  const world = new World()
  const valve = clogging(world, A, 'memory://raw')
  const a = await world.node('a', { transport: valve.transport })
  const c = await world.node('c')
  await world.connect(c, a)
  const definition = actor(Store, () => ({ put: () => 0, make: (size) => new Uint8Array(size), fail: () => {} }))
  const ref = a.system.spawn(definition)
  await world.lend(ref, a, c)
  const uid = Number(ref.id.split('/')[1])
  const raw = await world.raw('raw')
  const link = await raw.join(a.system.address)
  valve.shut = true
  for (let i = 0; i < 50; i++) {
    link.batch([Kind.ask, uid, 'make', cbor(MIB), i, 60_000])
    await world.time.advance(100)
  }

  t.regex(eventsOf(a, 'peer-lost')[0]!.why, /took nothing for 4\d\d\d ms/)
  t.truthy(link.ended)
  t.true(eventsOf(a, 'late-reply').length > 30)
  t.true(valve.heldBytes < 3 * MIB, `${valve.heldBytes} bytes`)
  t.is(a.system.peers.length, 1)
  await world.stop()
})

test('pings of a peer that takes no answer fill no memory either', async (t) => {
  const world = new World()
  const valve = clogging(world, A, 'memory://raw')
  const a = await world.node('a', { transport: valve.transport })
  const raw = await world.raw('raw')
  const link = await raw.join(a.system.address)
  valve.shut = true
  for (let i = 0; i < 100; i++) {
    link.batch(...Array.from({ length: 100 }, () => [Kind.ping]))
    await world.time.advance(1)
  }

  t.true(valve.heldBytes < 3_000, `${valve.heldBytes} bytes`)
  await world.stop()
})

test('an ask whose time is over when it arrives is not handled', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const { ref, noted } = recorder(a)
  await world.lend(ref, a, b)
  const uid = Number(ref.id.split('/')[1])
  const raw = await world.raw('raw')
  const link = await raw.join(a.system.address)
  link.batch([Kind.ask, uid, 'echo', cbor(1), 1, 0], [Kind.ask, uid, 'echo', cbor(2), 2, 10])
  await world.time.advance(5)

  t.deepEqual(noted, [2])
  await world.stop()
})

test('a registration made and taken back while the link is down is right on the other side once it is up', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const first = recorder(a)
  a.system.register(Recorder, first.ref)
  await world.during(b.system.find(Recorder))
  world.network.cut(A, B)
  await world.time.advance(10)
  const second = recorder(a)
  a.system.register(Recorder, second.ref)
  await world.during(a.system.stop(first.ref))
  world.network.restore(A, B)
  await world.until('link', () => b.system.peers.length === 1)
  await world.time.advance(10)

  t.deepEqual(
    b.system.findAll(Recorder).map(({ id }) => id),
    [second.ref.id],
  )
  await world.stop()
})

/** A transport whose links to `peer` take nothing once it is shut: as a socket does whose other side reads nothing. */
function clogging(
  world: World,
  address: string,
  peer: string,
): { readonly transport: Transport; shut: boolean; heldBytes: number } {
  const transport = world.network.transport(address)
  const valve = { transport, shut: false, heldBytes: 0 }
  const listen = transport.listen.bind(transport)
  transport.listen = (accept, runtime) =>
    listen((link) => {
      const send = link.send.bind(link)
      if (link.peer === peer) {
        link.send = (frame) => {
          if (!valve.shut) return send(frame)
          valve.heldBytes += frame.length
          return false
        }
      }
      accept(link)
    }, runtime)
  return valve
}
