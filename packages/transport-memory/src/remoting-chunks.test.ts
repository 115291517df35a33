import { AskError, actor, protocol, type Ref, SeededRandom } from '@troupe/core'
import test from 'ava'
import { simulatedNetwork } from './simulated.ts'
import { cbor } from './testing/cbor.ts'
import { FLOW_CONTROL, Kind } from './testing/raw-peer.ts'
import { eventsOf, type Node, World } from './testing/world.ts'

const MIB = 1024 * 1024

interface Store {
  put: (bytes: Uint8Array) => number
  note: (number: number) => number
  get: (sizeBytes: number) => Uint8Array
}
const Store = protocol<Store>('store')

/** Notes what it gets: the size of bytes, and numbers as they are. */
function store(node: Node): { readonly ref: Ref<Store>; readonly noted: number[] } {
  const noted: number[] = []
  const definition = actor(Store, () => ({
    put: (bytes) => noted.push(bytes.every((byte) => byte === bytes.length % 251) ? bytes.length : Number.NaN),
    note: (number) => noted.push(number),
    get: (sizeBytes) => filled(sizeBytes),
  }))
  return { ref: node.system.spawn(definition), noted }
}

function filled(sizeBytes: number): Uint8Array {
  return new Uint8Array(sizeBytes).fill(sizeBytes % 251)
}

/** Over links that carry 64 MiB a second, and take 128 KiB before they have to be waited for. */
async function pair() {
  const world = new World()
  const model = { minLatencyMs: 0.5, meanLatencyMs: 0.5, capacityBytes: MIB / 8, bytesPerSecond: 64 * MIB }
  const network = simulatedNetwork({ random: new SeededRandom(1), model })
  const a = await world.node('a', { transport: network.transport('a') })
  const b = await world.node('b', { transport: network.transport('b') })
  await world.connect(b, a)
  const one = store(a)
  const other = store(a)
  return {
    world,
    network,
    a,
    b,
    one: { ...one, remote: await world.lend(one.ref, a, b) },
    other: { ...other, remote: await world.lend(other.ref, a, b) },
  }
}

test('a message of 16 MiB arrives as it was, and what was told behind it to the same actor comes behind it (law 1)', async (t) => {
  const { world, one } = await pair()
  const sizes = [1, 128 * 1024, 128 * 1024 + 1, 256 * 1024, MIB, 16 * MIB - 20]
  for (const [i, size] of sizes.entries()) {
    await world.during(one.remote.offer('put', filled(size)))
    one.remote.tell('note', -1 - i)
  }
  await world.until('all of them', () => one.noted.length === 2 * sizes.length)

  t.deepEqual(
    one.noted,
    sizes.flatMap((size, i) => [size, -1 - i]),
  )
  await world.stop()
})

test('while a message of 16 MiB is under way, what is told to others arrives, and system messages too', async (t) => {
  const { world, a, b, one, other } = await pair()
  one.remote.tell('put', filled(16 * MIB - 20))
  one.remote.tell('note', 0)
  await world.time.advance(1)
  for (let n = 0; n < 10; n++) {
    other.remote.tell('note', n)
    await world.time.advance(2)
  }
  t.is(await world.during(other.remote.ask('note', 10), 20), 11)
  t.deepEqual(other.noted, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  const { ref: late } = store(b)
  b.system.register(Store, late)
  t.is((await world.during(a.system.find(Store), 20)).id, late.id)

  t.deepEqual(one.noted, [])
  await world.until('the large one', () => one.noted.length === 2)
  t.deepEqual(one.noted, [16 * MIB - 20, 0])
  await world.stop()
})

test('two large messages to two actors go by turns: the smaller one does not wait for the end of the other', async (t) => {
  const { world, one, other } = await pair()
  one.remote.tell('put', filled(8 * MIB))
  other.remote.tell('put', filled(MIB))
  await world.until('the smaller one', () => other.noted.length === 1)

  t.deepEqual(one.noted, [])
  await world.until('the other', () => one.noted.length === 1)
  await world.stop()
})

test('ten large messages and ten large answers at once arrive as they were', async (t) => {
  const { world, one, other } = await pair()
  const sizes = Array.from({ length: 10 }, (_, i) => MIB / 2 - i)
  const answers = world.during(Promise.all(sizes.map((size) => other.remote.ask('get', size))))
  for (const size of sizes) one.remote.tell('put', filled(size))

  t.deepEqual(
    (await answers).map((bytes) => [bytes.length, bytes[0], bytes.at(-1)]),
    sizes.map((size) => [size, size % 251, size % 251]),
  )
  await world.until('all of them', () => one.noted.length === 10)
  t.deepEqual(one.noted, sizes)
  await world.stop()
})

test('a connection lost in the midst of large messages: the ask is unknown, the tell a dead letter, what waits arrives', async (t) => {
  const { world, network, b, one, other } = await pair()
  const asked = t.throwsAsync(world.during(one.remote.ask('put', filled(4 * MIB))), { instanceOf: AskError })
  other.remote.tell('put', filled(4 * MIB))
  other.remote.tell('note', 7)
  await world.time.advance(20)
  network.reset('a', 'b')

  t.like(await asked, { outcome: 'unknown', reason: 'link-lost' })
  await world.until('what waits', () => other.noted.length === 1, 2_000)
  t.deepEqual(other.noted, [7])
  t.deepEqual(
    eventsOf(b, 'dead-letter').map(({ reason, message }) => [reason, message]),
    [['link-lost', 'put']],
  )
  t.is(await world.during(one.remote.ask('put', filled(MIB))), 1)
  await world.stop()
})

test('the end of an actor is heard of behind the large message it had sent before (law 10)', async (t) => {
  const { world, a, b } = await pair()
  const Heir = protocol<{ take: (bytes: Uint8Array) => void; gone: (notice: { reason: string }) => void }>('heir')
  const heard: unknown[] = []
  const Giver = protocol<{ give: (to: Ref<{ take: (bytes: Uint8Array) => void }>) => void }>('giver')
  const giver = a.system.spawn(
    actor(Giver, (context) => ({
      give: (to) => {
        to.tell('take', filled(4 * MIB))
        context.stop()
      },
    })),
  )
  const remote = await world.lend(giver, a, b)
  const heir = b.system.spawn(
    actor(Heir, (context) => {
      context.watch(remote, 'gone')
      return { take: (bytes) => void heard.push(bytes.length), gone: ({ reason }) => void heard.push(reason) }
    }),
  )
  remote.tell('give', heir)
  await world.until('the end', () => heard.length === 2)

  t.deepEqual(heard, [4 * MIB, 'stopped'])
  await world.stop()
})

test('a peer that sends pieces in a wrong order, or none that it promised, loses its link, in words', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const raw = await world.raw('raw')
  const piece = (offset: number) => [Kind.chunk, 0, MIB, offset, new Uint8Array(1_000)]

  const wrong = await raw.join(a.system.address, { features: FLOW_CONTROL, uid: 'wrong', address: '' })
  wrong.batch(piece(0), piece(2_000))
  await world.time.advance(5)
  t.regex(wrong.ended?.reason ?? '', /a piece that begins/)
  t.regex(eventsOf(a, 'link-broken')[0]!.message, /a piece that begins at 2000, where 1000 is due/)

  const slow = await raw.join(a.system.address, { features: FLOW_CONTROL, uid: 'slow', address: '' })
  slow.batch(piece(0))
  for (let ms = 0; ms < 31_000; ms += 500) {
    if (slow.ended === null) slow.batch([Kind.pong])
    await world.time.advance(500)
  }
  t.truthy(slow.ended)
  t.regex(eventsOf(a, 'peer-lost').find(({ peer }) => peer.uid === 'slow')!.why, /nothing has come for 30000 ms/)

  const other = await raw.join(a.system.address, { uid: 'without', address: '' })
  other.batch(piece(0))
  await world.time.advance(5)
  t.regex(eventsOf(a, 'link-broken')[1]!.message, /pieces that were not agreed on/)
  t.is(b.system.peers.length, 1)
  await world.stop()
})

test('to a peer that takes no pieces a large message goes as a whole', async (t) => {
  const world = new World()
  const a = await world.node('a')
  const { ref } = store(a)
  const raw = await world.raw('raw')
  const link = await raw.join(a.system.address)
  await world.lend(ref, a, await linked(world, a))
  link.batch([Kind.ask, Number(ref.id.split('/')[1]), 'get', cbor(MIB), 1, 1_000])
  await world.time.advance(5)

  const reply = link.envelopes.find(([kind]) => kind === Kind.reply)!
  t.true((reply[2] as Uint8Array).length > MIB)
  t.false(link.envelopes.some(([kind]) => Number(kind) > Kind.bye))
  await world.stop()
})

async function linked(world: World, to: Node): Promise<Node> {
  const node = await world.node('c')
  await world.connect(node, to)
  return node
}
