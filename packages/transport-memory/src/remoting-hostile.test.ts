import { actor, protocol, type SystemEvent } from '@troupe/core'
import test, { type ExecutionContext } from 'ava'
import { cbor, Tagged } from './testing/cbor.ts'
import { Kind, type RawLink, type RawPeer } from './testing/raw-peer.ts'
import { Recorder, recorder } from './testing/recorder.ts'
import { sealed } from './testing/sealed.ts'
import { eventsOf, type Node, World } from './testing/world.ts'

/** A node, an honest peer that uses it, and one that is not honest. */
async function besieged(): Promise<{
  world: World
  a: Node
  raw: RawPeer
  stillWorks: (t: ExecutionContext) => Promise<void>
}> {
  const world = new World()
  const [a, honest] = await world.pair({ disconnectGraceMs: 100 })
  const { ref } = recorder(a)
  const lent = await world.lend(ref, a, honest)
  const raw = await world.raw('raw')
  return {
    world,
    a,
    raw,
    async stillWorks(t) {
      t.is(await world.during(lent.ask('echo', 42)), 42)
      t.is(eventsOf(honest, 'peer-lost').length, 0)
      t.is(eventsOf(a, 'actor-failed').length, 0)
      await world.stop()
    },
  }
}

const nested = (depth: number): Uint8Array => Uint8Array.from([...new Array<number>(depth).fill(0x81), 0])
const hello = { troupe: 'hello', min: 1, max: 1, cluster: 'default', name: 'x', uid: 'x', address: '', epoch: 0 }

const badGreetings: readonly (readonly [what: string, frame: Uint8Array])[] = [
  ['an empty frame', new Uint8Array(0)],
  ['text', new TextEncoder().encode('GET / HTTP/1.1')],
  ['a cut hello', cbor(hello).subarray(0, 30)],
  ['a hello with bytes after it', Uint8Array.from([...cbor(hello), 0])],
  ['a hello without a uid', cbor({ ...hello, uid: undefined })],
  ['a hello with an empty uid', cbor({ ...hello, uid: '' })],
  ['a hello of epoch NaN', cbor({ ...hello, epoch: Number.NaN })],
  ['a hello of epoch -1', cbor({ ...hello, epoch: -1 })],
  ['a hello of epoch Infinity', cbor({ ...hello, epoch: Number.POSITIVE_INFINITY })],
  ['a hello of 1 MiB', cbor({ ...hello, name: 'x'.repeat(2 ** 20) })],
  ['a greeting called constructor', cbor({ ...hello, troupe: 'constructor' })],
  ['a greeting called __proto__', cbor({ ...hello, troupe: '__proto__' })],
  ['a greeting whose kind is an object', cbor({ ...hello, troupe: { toString: 1 } })],
  ['a welcome nobody asked for', cbor({ troupe: 'welcome', version: 1, name: 'x', uid: 'x', address: '', epoch: 1 })],
  ['a ref in place of a name', cbor({ ...hello, name: new Tagged(0x5470, ['', 'x', '/user/x', 1]) })],
  ['a batch before any hello', cbor([0, [[Kind.ping]]])],
  ['100 nested arrays', nested(100)],
  ['a class by its name (tag 27)', cbor(new Tagged(27, ['RegExp', 'x', 'g']))],
]
for (const [what, frame] of badGreetings) {
  test(`${what} in place of a hello closes that link only, and is reported`, async (t) => {
    const { world, a, raw, stillWorks } = await besieged()
    const link = await raw.dial(a.system.address)
    link.content(frame)
    await world.time.settle()

    t.is(link.ended?.code, 'protocol')
    t.like(eventsOf(a, 'link-broken'), [{ peer: 'memory://raw' }])
    t.is(a.system.peers.length, 1)
    await stillWorks(t)
  })
}

const sealedHello = sealed(hello)
const badFrames: readonly (readonly [what: string, frame: Uint8Array])[] = [
  ['nothing at all', new Uint8Array(0)],
  ['a request of HTTP', new TextEncoder().encode('GET / HTTP/1.1')],
  ['a hello without a checksum', cbor(hello)],
  ['half a checksum', sealedHello.subarray(0, 4)],
  ['a checksum and nothing else', sealedHello.subarray(0, 6)],
  ['a hello with a bit turned', damaged(sealedHello, 20)],
  ['a hello with a bit of its checksum turned', damaged(sealedHello, 5)],
  ['a hello whose checksum is no number of 32 bits', damaged(sealedHello, 1)],
]
for (const [what, frame] of badFrames) {
  test(`${what} closes that link only, and is reported`, async (t) => {
    const { world, a, raw, stillWorks } = await besieged()
    const link = await raw.dial(a.system.address)
    link.bytes(frame)
    await world.time.settle()

    t.is(link.ended?.code, 'protocol')
    t.like(eventsOf(a, 'link-broken'), [{ peer: 'memory://raw' }])
    await stillWorks(t)
  })
}

test('any single bit turned in a frame is noticed: the link closes, and nothing is delivered', async (t) => {
  const { world, a, raw, stillWorks } = await besieged()
  const { ref, noted } = recorder(a)
  const uid = Number(ref.id.split('/')[1])
  const frame = sealed([0, [[Kind.tell, uid, 'note', cbor(123_456)]]])
  for (let bit = 0; bit < 8 * frame.length; bit++) {
    const link = await raw.join(a.system.address, { uid: `raw-${bit}` })
    link.bytes(damaged(frame, bit >> 3, bit & 7))
    await world.time.settle()
    t.is(link.ended?.code, 'protocol', `bit ${bit}`)
  }

  t.deepEqual(noted, [])
  await stillWorks(t)
})

const badBatches: readonly (readonly [what: string, frame: Uint8Array])[] = [
  ['an empty frame', new Uint8Array(0)],
  ['random bytes', Uint8Array.of(0x9c, 0x01, 0xfe, 0x33, 0x80)],
  ['a second hello', cbor(hello)],
  ['a number', cbor(7)],
  ['a batch without its list', cbor([0])],
  ['a list of numbers', cbor([0, [1, 2]])],
  ['an unknown kind', cbor([0, [[99]]])],
  ['a kind called map', cbor([0, [['map', 1, 2, 3]]])],
  ['a kind called __proto__', cbor([0, [['__proto__', 1, 2, 3]]])],
  ['a kind in a list', cbor([0, [[[0], 1, 'note', cbor(1)]]])],
  ['a tell without payload', cbor([0, [[Kind.tell, 1, 'note']]])],
  ['a tell to nobody', cbor([0, [[Kind.tell, null, 'note', cbor(1)]]])],
  ['a tell whose payload is not CBOR', cbor([0, [[Kind.tell, 1, 'note', Uint8Array.of(0xff)]]])],
  ['a tell whose payload is cut', cbor([0, [[Kind.tell, 1, 'note', cbor('hello').subarray(0, 3)]]])],
  ['an ask of NaN ms', cbor([0, [[Kind.ask, 1, 'echo', cbor(1), 1, Number.NaN]]])],
  ['a ref outside a payload', cbor([0, [[Kind.tell, new Tagged(0x5470, ['', 'x', '/user/x', 1]), 'a', cbor(1)]]])],
  ['a payload 100 deep', cbor([0, [[Kind.tell, 1, 'note', nested(100)]]])],
  ['a batch 100 deep', nested(100)],
  ['a batch with a forbidden tag', cbor([0, [new Tagged(27, ['Function', 'return process'])]])],
  ['a payload with a forbidden tag', cbor([0, [[Kind.tell, 1, 'note', cbor(new Tagged(6, 0))]]])],
  ['a length of 4 billion', Uint8Array.of(0x82, 0, 0x9a, 0xff, 0xff, 0xff, 0xff)],
]
for (const [what, frame] of badBatches) {
  test(`${what} after a welcome closes that link only, and is reported by the peer's name (law 17)`, async (t) => {
    const { world, a, raw, stillWorks } = await besieged()
    const link = await raw.join(a.system.address)
    t.is(a.system.peers.length, 2)
    link.content(frame)
    await world.time.settle()

    t.is(link.ended?.code, 'protocol')
    t.like(eventsOf(a, 'link-broken'), [{ peer: 'memory://raw' }])
    t.is(eventsOf(a, 'peer-lost')[0]?.peer.name, 'raw')
    await stillWorks(t)
  })
}

test('what stands before a bad message in a frame is delivered, what stands after it is not', async (t) => {
  const { world, a, raw, stillWorks } = await besieged()
  const { ref, noted } = recorder(a)
  const uid = Number(ref.id.split('/')[1])
  const honest = await world.node('c')
  await world.connect(honest, a)
  await world.lend(ref, a, honest)
  const link = await raw.join(a.system.address)
  const note = (number: number): unknown[] => [Kind.tell, uid, 'note', cbor(number)]
  link.batch(note(1), note(2), [Kind.tell, uid, 'note', Uint8Array.of(0xff)], note(3))
  await world.time.settle()

  t.deepEqual(noted, [1, 2])
  await stillWorks(t)
})

test('a hello again and again with the same uid makes one peer, and frames of the earlier links count no more', async (t) => {
  const { world, a, raw, stillWorks } = await besieged()
  const first = await raw.join(a.system.address)
  const second = await raw.join(a.system.address, { epoch: 1 })
  first.bytes(Uint8Array.of(0xff))
  await world.time.settle()

  t.truthy(first.ended)
  t.is(second.ended, null)
  t.is(a.system.peers.length, 2)
  t.is(eventsOf(a, 'link-broken').length, 0)
  await stillWorks(t)
})

for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', 'unhandled']) {
  test(`a message called ${name} is a dead letter and nothing else (law 17)`, async (t) => {
    const { world, a, raw, stillWorks } = await besieged()
    const seen: unknown[] = []
    const greedy = actor(protocol<{ hear: () => void }>('greedy'), () => ({
      hear: () => {},
      unhandled: (message: string, payload: unknown) => void seen.push(message, payload),
    }))
    const ref = a.system.spawn(greedy)
    const uid = Number(ref.id.split('/')[1])
    const c = await world.node('c')
    await world.connect(c, a)
    await world.lend(ref, a, c)
    const link = await raw.join(a.system.address)
    link.batch([Kind.tell, uid, name, cbor({ polluted: 1 })], [Kind.ask, uid, name, cbor(1), 5, 1000])
    await world.time.advance(5)

    t.deepEqual(seen, [])
    t.like(
      eventsOf(a, 'dead-letter').filter(({ message }) => message === name),
      [{ reason: 'unhandled', message: name }],
    )
    t.like(link.envelopes.find(([kind]) => kind === Kind.failure) as object, { 1: 5, 2: 'undelivered:unhandled' })
    t.is(({} as { polluted?: number }).polluted, undefined)
    t.is(link.ended, null)
    await stillWorks(t)
  })
}

test('an actor whose ref was never given away is out of reach: by its uid, by its path, and by a ref made up (law 18)', async (t) => {
  const { world, a, raw, stillWorks } = await besieged()
  const { ref, noted } = recorder(a, 'secret')
  const echoed = recorder(a)
  const c = await world.node('c')
  await world.connect(c, a)
  await world.lend(echoed.ref, a, c)
  const uid = (id: string): number => Number(id.split('/')[1])
  const link = await raw.join(a.system.address)
  const forged = (number: number): Tagged => new Tagged(0x5470, ['memory://a', a.system.uid, '/user/secret', number])
  link.batch(
    [Kind.tell, uid(ref.id), 'note', cbor(1)],
    [Kind.tell, '/user/secret', 'note', cbor(1)],
    [Kind.watch, '/user/secret', 1, 0],
    [Kind.watch, '', 2, 0],
    [Kind.tell, uid(echoed.ref.id), 'tellTo', cbor({ to: forged(0), number: 1 })],
    [Kind.tell, uid(echoed.ref.id), 'tellTo', cbor({ to: forged(uid(ref.id)), number: 1 })],
  )
  await world.time.advance(5)

  t.deepEqual(noted, [])
  t.is(eventsOf(a, 'dead-letter').filter(({ message }) => message === 'note').length, 4)
  t.deepEqual(
    link.envelopes.filter(([kind]) => kind === Kind.terminated),
    [
      [Kind.terminated, 1, 'not-found'],
      [Kind.terminated, 2, 'not-found'],
    ],
  )
  await world.lend(ref, a, c)
  t.is(eventsOf(a, 'actor-failed').length, 0)
  await stillWorks(t)
})

test('a ref made up by a stranger does not take the place of the real one once that is given away', async (t) => {
  const { world, a, raw, stillWorks } = await besieged()
  const { ref } = recorder(a)
  const relay = recorder(a)
  const c = await world.node('c')
  await world.connect(c, a)
  const atC = recorder(c)
  const keep = actor(protocol<{ keep: (ref: unknown) => unknown }>('keeper'), () => ({ keep: (kept: unknown) => kept }))
  const keeper = a.system.spawn(keep)
  const keeperAtC = await world.lend(keeper, a, c)
  await world.lend(relay.ref, a, c)
  const uid = Number(ref.id.split('/')[1])
  const link = await raw.join(a.system.address)
  const forged = new Tagged(0x5470, ['memory://a', a.system.uid, '/user/x', uid])
  const keeperUid = Number(keeper.id.split('/')[1])
  link.batch([Kind.ask, keeperUid, 'keep', cbor(forged), 1, 1000])
  await world.time.advance(5)
  const real = await world.lend(ref, a, c)
  link.batch([Kind.ask, keeperUid, 'keep', cbor(forged), 2, 1000])
  await world.time.advance(5)

  t.is(await world.during(real.ask('echo', 9)), 9)
  t.truthy(atC.ref)
  t.truthy(keeperAtC)
  await stillWorks(t)
})

test('nonsense sent to the receptionist harms nobody: not its listings, not its life', async (t) => {
  const { world, a, raw, stillWorks } = await besieged()
  const { ref } = recorder(a)
  a.system.register(Recorder, ref)
  const link = await raw.join(a.system.address)
  const peer = a.system.peers[0]!.uid
  const self = new Tagged(0x5470, ['memory://raw', 'raw-uid', '/system/receptionist', 0])
  const payloads = [
    null,
    7,
    'peer',
    peer,
    { node: peer, sync: null, down: true },
    { node: { toString: 1 }, listings: [] },
    self,
    {},
    { node: 1, listings: [] },
    { node: peer, listings: 'x' },
    { node: peer, listings: [null, 3, {}] },
    { node: peer, listings: [{ protocol: 'x', refs: 1 }] },
    { node: peer, listings: [{ protocol: 'x', refs: [1, null, {}] }] },
    { node: peer, listing: { protocol: '__proto__', refs: [self] } },
  ]
  for (const name of ['replace', 'update', 'peerChanged', 'nonsense']) {
    for (const payload of payloads) link.batch([Kind.tell, '/system/receptionist', name, cbor(payload)])
  }
  await world.time.advance(10)
  const late = await world.node('late')
  await world.connect(late, a)
  const { ref: second } = recorder(late)
  late.system.register(Recorder, second)

  t.is((await world.during(late.system.find(Recorder))).id, second.id)
  await world.until('listings', () => a.system.findAll(Recorder).length >= 2, 100)
  t.true(late.system.findAll(Recorder).some(({ id }) => id === ref.id))
  t.is(eventsOf(a, 'actor-failed').length, 0)
  await stillWorks(t)
})

test('20,000 random and mutated frames from a seed break links and nothing else (law 18)', async (t) => {
  const { world, a, raw, stillWorks } = await besieged()
  const { ref } = recorder(a)
  const c = await world.node('c')
  await world.connect(c, a)
  await world.lend(ref, a, c)
  const uid = Number(ref.id.split('/')[1])
  const seed = cbor([
    0,
    [
      [Kind.tell, uid, 'note', cbor(1)],
      [Kind.ask, uid, 'echo', cbor({ a: [1, 'two', null] }), 1, 100],
      [Kind.reply, 1, cbor('x')],
      [Kind.failure, 1, 'handler', 'm', 'n', null],
      [Kind.watch, uid, 1, 0],
      [Kind.unwatch, 1],
      [Kind.terminated, 1, 'stopped'],
      [Kind.ping],
    ],
  ])
  const prototypes = JSON.stringify(prototypeKeys())
  const random = world.time.random.stream('fuzz')
  const unhandled: unknown[] = []
  const note = (error: unknown): void => void unhandled.push(error)
  process.on('unhandledRejection', note)
  let link: RawLink | null = null
  let joined = 0
  for (let i = 0; i < 20_000; i++) {
    if (link === null || link.ended !== null) link = await raw.join(a.system.address, { uid: `fuzz-${joined++}` })
    // Many frames per visit: most of them end the link, and the rest of the visit meets a closed one.
    const content = i % 2 === 0 ? mutated(seed, random) : randomBytes(random)
    if (i % 4 < 3) link.content(content)
    else link.bytes(content)
    if (i % 8 === 7) await world.time.settle()
  }
  await world.time.advance(10)
  process.off('unhandledRejection', note)

  t.true(joined > 1_000)
  t.deepEqual(unhandled, [])
  t.is(JSON.stringify(prototypeKeys()), prototypes)
  t.deepEqual(
    a.events.filter(({ type }) => type === 'actor-failed' || type === 'actor-killed'),
    [] as SystemEvent[],
  )
  await stillWorks(t)
})

interface Source {
  below(bound: number): number
}

function damaged(frame: Uint8Array, at: number, bit = 0): Uint8Array {
  return frame.map((byte, i) => (i === at ? byte ^ (1 << bit) : byte))
}

function randomBytes(random: Source): Uint8Array {
  return Uint8Array.from({ length: random.below(40) }, () => random.below(256))
}

function mutated(frame: Uint8Array, random: Source): Uint8Array {
  const copy = frame.slice(0, random.below(4) === 0 ? random.below(frame.length) : frame.length)
  for (let n = random.below(4); n >= 0 && copy.length > 0; n--) copy[random.below(copy.length)] = random.below(256)
  return copy
}

function prototypeKeys(): string[][] {
  return [Object, Array, Map, Set, Function, String, Number].map(({ prototype }) =>
    Object.getOwnPropertyNames(prototype),
  )
}
