import {
  actor,
  createSystem,
  InvalidOptionError,
  protocol,
  type Ref,
  SeededRandom,
  type SystemOptions,
  type Transport,
  UnknownOptionError,
} from '@troupe/core'
import test, { type ExecutionContext } from 'ava'
import { simulatedNetwork } from './simulated.ts'
import { cbor, Tagged, uncbor } from './testing/cbor.ts'
import { Kind, type RawLink } from './testing/raw-peer.ts'
import { Recorder, recorder, watcher } from './testing/recorder.ts'
import { eventsOf, type Node, World } from './testing/world.ts'

const Hidden = protocol<Recorder>('hidden')

/** Swaps refs: keeps the one it is handed and hands out that of the hidden actor. */
interface Desk {
  swap: (mine: Ref<Recorder>) => Ref<Recorder>
}
const Desk = protocol<Desk>('desk')

type Links = (world: World) => (name: string) => Transport

/** Links in memory, and those that the simulator has: late, and with frames of one moment in any order between pairs. */
const LINKS: Readonly<Record<string, Links>> = {
  memory: (world) => (name) => world.network.transport(`memory://${name}`),
  simulated: () => {
    const model = { minLatencyMs: 5, meanLatencyMs: 10, longTail: { oneIn: 10, maxMs: 50 }, reconnectMs: 50 }
    const network = simulatedNetwork({ random: new SeededRandom(7), model })
    return (name) => network.transport(name)
  },
}

/** How a client is started: as nodes are, or as a page does, with the least of parts. */
const KINDS = ['client', 'page'] as const
type Kinds = (typeof KINDS)[number]

/** A node with an actor that clients can find and one that they cannot, another node, and a client of the first. */
async function staged(links: Links = LINKS.memory!, kind: Kinds = 'client') {
  const world = new World()
  const transport = links(world)
  const start = (name: string, more: Partial<SystemOptions> = {}): Promise<Node> =>
    world.node(name, { transport: transport(name), ...more })
  const server = await start('server', { expose: [Recorder, Desk] })
  const other = await start('other')
  const client = await (kind === 'page'
    ? world.page('client', { transport: transport('client') })
    : start('client', { role: 'client' }))
  const shown = recorder(server, 'shown')
  const hidden = recorder(server, 'hidden')
  server.system.register(Recorder, shown.ref)
  server.system.register(Hidden, hidden.ref)
  await world.connect(other, server)
  await world.connect(client, server)
  await world.time.advance(200)
  return { world, server, other, client, shown, hidden }
}

/** A client by hand, and the uids that it was told of, and those that it was not. */
async function untrusted(stage: Awaited<ReturnType<typeof staged>>) {
  const raw = await stage.world.raw('raw')
  const link = await raw.join(stage.server.system.address, { role: 'client' })
  await stage.world.time.advance(5)
  const listed = listedUids(link)
  const uids = Array.from({ length: 40 }, (_, uid) => uid).filter((uid) => ![...listed.values()].includes(uid))
  return { link, shownUid: listed.get('/user/shown')!, deskUid: listed.get('/user/desk') ?? 0, uids }
}

/** The refs in what the node's receptionist has told: path to uid. */
function listedUids(link: RawLink): ReadonlyMap<string, number> {
  const listed = new Map<string, number>()
  const look = (value: unknown): void => {
    if (value instanceof Uint8Array) look(uncbor(value))
    else if (value instanceof Tagged) {
      const [, , path, uid] = value.value as [string, string, string, number]
      listed.set(path, uid)
    } else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) look(inner)
  }
  look(link.frames)
  return listed
}

for (const [over, links, kind] of Object.entries(LINKS).flatMap(([over, links]) =>
  KINDS.map((kind) => [over, links, kind] as const),
)) {
  const name = `${over}, ${kind}`
  test(`${name}: a client finds what its server exposes, and nothing else (law 18)`, async (t) => {
    const { world, server, other, client, hidden } = await staged(links, kind)

    t.is(await world.during((await world.during(client.system.find(Recorder))).ask('echo', 1)), 1)
    t.deepEqual(client.system.findAll(Hidden), [])
    t.is(other.system.findAll(Hidden).length, 1)
    const late = recorder(server)
    server.system.register(Hidden, late.ref)
    server.system.register(Recorder, late.ref)
    await world.time.advance(200)
    t.is(client.system.findAll(Recorder).length, 2)
    t.deepEqual(client.system.findAll(Hidden), [])
    await world.during(server.system.stop(hidden.ref))
    await world.time.advance(200)
    t.is(other.system.findAll(Hidden).length, 1)
    await world.stop()
  })

  test(`${name}: what a client registers is found by itself only, and others know that it is a client`, async (t) => {
    const { world, server, other, client } = await staged(links, kind)
    const own = recorder(client)
    client.system.register(Hidden, own.ref)
    await world.time.advance(200)

    t.is(client.system.findAll(Hidden).length, 1)
    t.is(server.system.findAll(Hidden).length, 1)
    t.is(other.system.findAll(Hidden).length, 1)
    t.deepEqual(
      server.system.peers.filter(({ role }) => role === 'client'),
      [{ uid: client.system.uid, name: 'client', address: '', role: 'client' }],
    )
    t.is(eventsOf(server, 'dead-letter').length, 0)
    await world.stop()
  })

  test(`${name}: refs work that a client was handed, and those it hands out: it is told, asked and watched like any node`, async (t) => {
    const { world, server, client, hidden } = await staged(links, kind)
    const taken: Ref<Recorder>[] = []
    const desk = actor(Desk, () => ({
      swap: (mine) => {
        taken.push(mine)
        return hidden.ref
      },
    }))
    server.system.register(Desk, server.system.spawn(desk))
    const own = recorder(client)

    const atClient = await world.during((await world.during(client.system.find(Desk))).ask('swap', own.ref))
    t.is(await world.during(atClient.ask('echo', 4)), 4)
    t.deepEqual(hidden.noted, [4])
    t.is(await world.during(taken[0]!.ask('echo', 5)), 5)
    const ofServer = watcher(client, atClient)
    const ofClient = watcher(server, taken[0]!)
    await world.time.advance(200)
    await world.during(server.system.stop(hidden.ref))
    await world.during(client.system.stop(own.ref))
    await world.time.advance(200)

    t.deepEqual([ofServer.reasons, ofClient.reasons], [['stopped'], ['stopped']])
    await world.stop()
  })
}

test('a client reaches by uid what it was given, by path nothing: neither by tell, nor ask, nor watch (law 18)', async (t) => {
  const stage = await staged()
  const { world, server, shown, hidden } = stage
  const { link, shownUid, uids } = await untrusted(stage)
  const paths = ['/system/receptionist', '/user/shown', '/user/hidden', '/user', '/']

  link.batch([Kind.tell, shownUid, 'note', cbor(7)])
  const before = link.frames.length
  for (const to of [...uids, ...paths]) {
    link.batch([Kind.tell, to, 'note', cbor(1)])
    link.batch([Kind.ask, to, 'echo', cbor(1), 100, 1000])
    link.batch([Kind.watch, to, 200, 0])
    link.batch([Kind.unwatch, 200])
  }
  link.batch([Kind.tell, '/system/receptionist', 'replace', cbor({ node: server.system.peers[0]!.uid, listings: [] })])
  await world.time.advance(5)

  t.deepEqual(shown.noted, [7])
  t.deepEqual(hidden.noted, [])
  const answers = link.frames.slice(before).flatMap((frame) => (frame as [number, unknown[][]])[1])
  t.is(answers.filter(([kind]) => kind === Kind.failure).length, uids.length + paths.length)
  t.is(
    answers.filter(([kind, , reason]) => kind === Kind.terminated && reason === 'not-found').length,
    uids.length + paths.length,
  )
  t.is(answers.filter(([kind]) => kind === Kind.reply).length, 0)
  await world.stop()
})

test('refs that a client makes up lead nowhere, and nobody is dialled for them (law 18)', async (t) => {
  const stage = await staged()
  const { world, server, other, hidden } = stage
  const elsewhere = recorder(other)
  const atServer = await world.lend(elsewhere.ref, other, server)
  // Hands on what it is handed, to a node that trusts this one.
  const desk = actor(Desk, () => ({
    swap: (mine) => {
      atServer.tell('tellTo', { to: mine, number: 13 })
      return mine
    },
  }))
  server.system.register(Desk, server.system.spawn(desk, { name: 'desk' }))
  const { link, shownUid, deskUid, uids } = await untrusted(stage)
  const dialled = await world.raw('dialled')
  const forged = [
    ...uids.map((uid) => [server.system.address, server.system.uid, '/user/hidden', uid]),
    [server.system.address, server.system.uid, '/system/receptionist', 0],
    ...uids.map((uid) => [other.system.address, other.system.uid, '/user/x', uid]),
    ['memory://dialled', 'nobody-knows', '/user/x', 1],
    ['memory://dialled', 'raw-uid', '/user/x', 1],
  ]
  for (const parts of forged) {
    link.batch([Kind.tell, shownUid, 'tellTo', cbor({ to: new Tagged(0x5470, parts), number: 13 })])
    link.batch([Kind.tell, deskUid, 'swap', cbor(new Tagged(0x5470, parts))])
  }
  await world.time.advance(100)

  t.deepEqual([hidden.noted, elsewhere.noted], [[], []])
  t.is(dialled.links.length, 0)
  t.is(eventsOf(server, 'actor-failed').length, 0)
  await world.stop()
})

/** Loses the link of a peer for good. */
const lostAfter =
  (role: 'node' | Kinds, graceMs: number) =>
  async (t: ExecutionContext): Promise<void> => {
    const world = new World()
    const server = await world.node('server')
    const peer = await (role === 'page'
      ? world.page('peer', { disconnectGraceMs: 200_000 })
      : world.node('peer', { role, disconnectGraceMs: 200_000 }))
    await world.connect(peer, server)
    world.network.cut('memory://server', 'memory://peer')
    await world.time.advance(graceMs - 1)
    t.is(eventsOf(server, 'peer-lost').length, 1)
    t.is(eventsOf(server, 'peer-down').length, 0)
    await world.time.advance(2)

    t.like(eventsOf(server, 'peer-down'), [{ reason: 'node-down', peer: { uid: peer.system.uid } }])
    world.network.restore('memory://server', 'memory://peer')
    await t.throwsAsync(world.connect(peer, server), { message: /quarantined/ })
    await world.stop()
  }

test('a client whose link is lost for longer than 60 s is down, and not before (law 11)', lostAfter('client', 60_000))
test('a page whose link is lost for longer than 60 s is down, and not before (law 11)', lostAfter('page', 60_000))
test('beside clients a node is down as ever, 10 s after its link is lost (law 11)', lostAfter('node', 10_000))

for (const kind of KINDS) {
  test(`a ${kind} that is back within 60 s goes on where it was: its refs still work, and no watch hears of it (law 11)`, async (t) => {
    const { world, server, client, shown } = await staged(LINKS.memory, kind)
    const atClient = await world.during(client.system.find(Recorder))
    const own = recorder(client)
    atClient.tell('tellTo', { to: own.ref, number: 1 })
    const { reasons } = watcher(client, atClient)
    await world.time.advance(5)
    world.network.cut('memory://server', 'memory://client')
    await world.time.advance(8_000)
    world.network.restore('memory://server', 'memory://client')
    await world.time.advance(5_000)

    atClient.tell('tellTo', { to: own.ref, number: 2 })
    await world.time.advance(5)
    t.deepEqual([own.noted, shown.noted, reasons], [[1, 2], [], []])
    t.is(eventsOf(server, 'peer-down').length, 0)
    await world.stop()
  })
}

test('role and expose are checked at the door', async (t) => {
  const start = (options: object): Promise<unknown> => createSystem({ name: 'x', ...options })

  await t.throwsAsync(start({ role: 'server' }), { instanceOf: InvalidOptionError, message: /"role"/ })
  await t.throwsAsync(start({ expose: ['desk'] }), { instanceOf: InvalidOptionError, message: /"expose"/ })
  await t.throwsAsync(start({ exposed: [Desk] }), { instanceOf: UnknownOptionError, message: /did you mean "expose"/ })
})
