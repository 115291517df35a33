import { actor, protocol, type Ref } from '@troupe/core'
import { Feature } from '@troupe/core/testing'
import test, { type ExecutionContext } from 'ava'
import { cbor, Tagged } from './testing/cbor.ts'
import { Kind, type RawLink, type RawPeer } from './testing/raw-peer.ts'
import { type Recorder, recorder, watcher } from './testing/recorder.ts'
import { eventsOf, type Node, World } from './testing/world.ts'

const FEATURES = { features: Feature.sequencing }

/** A node, and a peer by hand that numbers its system messages; `uid` is that of an actor of the node which it may use. */
async function numbering(): Promise<{
  world: World
  a: Node
  raw: RawPeer
  link: RawLink
  ref: Ref<Recorder>
  uid: number
}> {
  const world = new World()
  const a = await world.node('a')
  const b = await world.node('b')
  await world.connect(b, a)
  const { ref } = recorder(a)
  await world.lend(ref, a, b)
  const raw = await world.raw('raw')
  const link = await raw.join(a.system.address, FEATURES)
  return { world, a, raw, link, ref, uid: Number(ref.id.split('/')[1]) }
}

/** The numbers that frames acknowledge, of those that carry nothing else. */
function bareAcknowledgements(link: RawLink): unknown[] {
  return link.frames
    .filter((frame): frame is [number, unknown[]] => Array.isArray(frame) && (frame[1] as unknown[]).length === 0)
    .map(([number]) => number)
}

function acknowledgements(link: RawLink): unknown[] {
  return link.frames.filter(Array.isArray).map(([number]) => number)
}

function notices(link: RawLink): readonly (readonly unknown[])[] {
  return link.envelopes.filter(([kind]) => kind === Kind.terminated)
}

test('on an idle link a system message is acknowledged by an empty frame after 50 ms, and no second time', async (t) => {
  const { world, link, uid } = await numbering()
  link.batch([Kind.watch, uid, 1, 0, 1])
  await world.time.advance(49)
  t.deepEqual(bareAcknowledgements(link), [])

  await world.time.advance(2)
  t.deepEqual(bareAcknowledgements(link), [1])
  await world.time.advance(400)
  t.deepEqual(bareAcknowledgements(link), [1])
  await world.stop()
})

test('what is sent anyway acknowledges system messages, and no frame is sent for that alone', async (t) => {
  const { world, link, uid } = await numbering()
  link.batch([Kind.watch, uid, 1, 0, 1], [Kind.unwatch, 1, 2])
  await world.time.advance(1)
  link.batch([Kind.ask, uid, 'echo', cbor(1), 7, 1_000])
  await world.time.advance(100)

  t.is(acknowledgements(link).at(-1), 2)
  t.deepEqual(bareAcknowledgements(link), [])
  await world.stop()
})

test('a system message that comes again over a new link is not acted on twice, and acknowledged again', async (t) => {
  const { world, a, raw, link, ref, uid } = await numbering()
  link.batch([Kind.watch, uid, 1, 0, 1], [Kind.unwatch, 1, 2], [Kind.watch, uid, 2, 0, 3])
  await world.time.advance(1)
  link.close()
  await world.time.advance(1)
  const second = await raw.join(a.system.address, { ...FEATURES, epoch: 1 })
  second.batch([Kind.watch, uid, 1, 0, 1], [Kind.unwatch, 1, 2], [Kind.watch, uid, 2, 0, 3])
  await world.time.advance(60)
  t.deepEqual(bareAcknowledgements(second), [3])

  await world.during(a.system.stop(ref))
  await world.time.advance(5)
  t.deepEqual(notices(second), [[Kind.terminated, 2, 'stopped', 1]])
  await world.stop()
})

test('a notice is sent again over each new link, by its number and first of all, until it is acknowledged', async (t) => {
  const { world, a, raw, link, ref, uid } = await numbering()
  link.batch([Kind.watch, uid, 1, 0, 1])
  await world.time.advance(1)
  await world.during(a.system.stop(ref))
  await world.time.advance(1)
  t.deepEqual(notices(link), [[Kind.terminated, 1, 'stopped', 1]])

  let last = link
  for (let epoch = 1; epoch <= 3; epoch++) {
    last.close()
    await world.time.settle()
    last = await raw.join(a.system.address, { ...FEATURES, epoch })
    await world.time.advance(5)
    t.deepEqual(last.envelopes[0], [Kind.terminated, 1, 'stopped', 1])
  }
  last.send([1, []])
  await world.time.advance(5)
  last.close()
  await world.time.settle()
  last = await raw.join(a.system.address, { ...FEATURES, epoch: 4 })
  await world.time.advance(500)
  t.deepEqual(notices(last), [])
  await world.stop()
})

for (const [what, batch] of [
  ['without a number', [0, [[Kind.watch, 1, 1, 0]]]],
  ['whose number leaves one out', [0, [[Kind.watch, 1, 1, 0, 2]]]],
  ['that acknowledges what was never sent', [1, [[Kind.ping]]]],
] as const) {
  test(`a frame ${what} closes its link, from a peer that numbers system messages (law 17)`, async (t) => {
    const { world, a, link } = await numbering()
    link.send(batch)
    await world.time.settle()

    t.is(link.ended?.code, 'protocol')
    t.like(eventsOf(a, 'link-broken'), [{ peer: 'memory://raw' }])
    await world.stop()
  })
}

test('a peer without the numbering names its watches again on each link, and hears its notices until it confirms them', async (t) => {
  const { world, a, raw, link, ref, uid } = await numbering()
  link.close()
  await world.time.settle()
  const old = await raw.join(a.system.address, { uid: 'old-uid' })
  old.batch([Kind.watch, uid, 1, 0])
  await world.time.advance(1)
  await world.during(a.system.stop(ref))
  await world.time.advance(5)
  old.close()
  const second = await raw.join(a.system.address, { uid: 'old-uid', epoch: 1 })
  await world.time.advance(5)
  second.batch([Kind.watch, uid, 1, 0])
  await world.time.advance(5)
  second.batch([Kind.unwatch, 1])
  await world.time.advance(1)
  second.close()
  const third = await raw.join(a.system.address, { uid: 'old-uid', epoch: 2 })
  await world.time.advance(5)

  const heard = (each: RawLink): unknown[] => notices(each).map((notice) => notice.slice(1, 3))
  t.deepEqual(heard(old), [[1, 'stopped']])
  t.true(heard(second).length >= 1)
  t.deepEqual(heard(third), [])
  t.deepEqual(bareAcknowledgements(second), [])
  await world.stop()
})

/** Has an actor of `a` watch actors of a peer that takes nothing, so many of them. */
async function overwhelm(t: ExecutionContext, count: number): Promise<{ world: World; a: Node; gone: unknown[] }> {
  const world = new World()
  const a = await world.node('a')
  const raw = await world.raw('raw')
  const link = await raw.join(a.system.address, FEATURES)
  interface Watching {
    watch: (refs: readonly Ref<Recorder>[]) => void
    gone: (notice: unknown) => void
  }
  const gone: unknown[] = []
  const definition = actor(protocol<Watching>('watching'), (context) => ({
    watch: (refs) => {
      for (const ref of refs) context.watch(ref, 'gone')
    },
    gone: (notice) => void gone.push(notice),
  }))
  const ref = a.system.spawn(definition)
  const b = await world.node('b')
  await world.connect(b, a)
  await world.lend(ref, a, b)
  link.close()
  await world.time.settle()
  const refs = Array.from({ length: count }, (_, n) => new Tagged(0x5470, ['', 'raw-uid', '/user/x', n + 1]))
  const messenger = await raw.join(a.system.address, { ...FEATURES, uid: 'messenger', address: '' })
  messenger.batch([Kind.tell, Number(ref.id.split('/')[1]), 'watch', cbor(refs)])
  await world.time.advance(5)
  t.is(a.system.peers.length, 2)
  return { world, a, gone }
}

test('a run that 20,000 system messages wait for may come back; one more, and it counts as down: event, count, refusal', async (t) => {
  const patient = await overwhelm(t, 20_000)
  t.deepEqual(eventsOf(patient.a, 'peer-down'), [])
  await patient.world.stop()

  const { world, a, gone } = await overwhelm(t, 20_001)
  t.like(eventsOf(a, 'system-backlog'), [{ peer: { uid: 'raw-uid' }, messages: 20_001 }])
  t.like(eventsOf(a, 'peer-down'), [{ peer: { uid: 'raw-uid' }, reason: 'node-down' }])
  t.is(a.system.stats().systemBacklogs, 1)
  t.is(gone.length, 20_001)
  await world.stop()
})

test('25,000 watches that are made in one turn are no backlog on a link that takes them', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const remotes: Ref<Recorder>[] = []
  for (let n = 0; n < 5; n++) remotes.push(await world.lend(recorder(a).ref, a, b))
  const watching = actor(protocol<{ go: () => void; gone: () => void }>('many'), (context) => ({
    go: () => {
      for (let n = 0; n < 25_000; n++) {
        context.watch(remotes[n % 5]!, 'gone')
        context.unwatch(remotes[n % 5]!)
      }
    },
    gone: () => {},
  }))
  b.system.spawn(watching).tell('go')
  await world.time.advance(200)

  t.deepEqual([eventsOf(b, 'peer-down'), eventsOf(b, 'peer-lost'), eventsOf(a, 'peer-lost')], [[], [], []])
  const { reasons } = watcher(b, remotes[0]!)
  await world.time.advance(5)
  remotes[0]!.tell('crash')
  await world.time.advance(5)
  t.deepEqual(reasons, ['failed'])
  await world.stop()
})

test('no node registers actors, or takes them off the list, in the name of another (law 18)', async (t) => {
  const { world, a, link, ref } = await numbering()
  const other = a.system.peers.find(({ name }) => name === 'b')!
  const listed = protocol<Recorder>('listed')
  const b = await world.node('c')
  await world.connect(b, a)
  const { ref: honest } = recorder(b)
  b.system.register(listed, honest)
  await world.during(a.system.find(listed))
  const forged = new Tagged(0x5470, ['memory://c', b.system.uid, '/user/forged', 99])
  const own = new Tagged(0x5470, ['memory://raw', 'raw-uid', '/user/own', 1])
  const listing = (...refs: readonly unknown[]): object => ({ protocol: 'listed', refs })
  const change = (added: readonly unknown[], removed: readonly string[]) => ({ protocol: 'listed', added, removed })
  for (const node of [b.system.uid, other.uid]) {
    link.batch(
      [Kind.tell, '/system/receptionist', 'replace', cbor({ node, version: 7, listings: [] })],
      [Kind.tell, '/system/receptionist', 'replace', cbor({ node, version: 8, listings: [listing(forged)] })],
      [Kind.tell, '/system/receptionist', 'update', cbor({ node, version: 9, ...change([], [honest.id]) })],
      [Kind.tell, '/system/receptionist', 'update', cbor({ node, version: 2, ...change([forged, own], []) })],
    )
  }
  await world.time.advance(5)
  const ids = (): string[] => a.system.findAll(listed).map(({ id }) => id)
  t.deepEqual(ids(), [honest.id])

  const said = { node: 'raw-uid', version: 0, ...change([forged, own], [honest.id]) }
  link.batch([Kind.tell, '/system/receptionist', 'update', cbor(said)])
  await world.time.advance(5)
  t.deepEqual(ids(), [honest.id, 'raw-uid/1'])
  t.truthy(ref)
  await world.stop()
})
