import { AskError, actor, FrameTooLargeError, ProtocolMismatchError, protocol } from '@troupe/core'
import { DIALECT, type Dialect, Feature } from '@troupe/core/testing'
import test from 'ava'
import { cbor } from './testing/cbor.ts'
import { Kind } from './testing/raw-peer.ts'
import { recorder, watcher } from './testing/recorder.ts'
import { eventsOf, World } from './testing/world.ts'

const A = 'memory://a'
const B = 'memory://b'
const SECRET = 'a secret of sixteen bytes and more'

function speaking(min: number, max: number, features = 0): Dialect {
  return { ...DIALECT, versions: { min, max }, features }
}

for (const [before, after] of [
  [speaking(1, 1), speaking(1, 2, Feature.sequencing)],
  [speaking(1, 2, Feature.sequencing | (1 << 20)), speaking(2, 3, Feature.sequencing | (1 << 21))],
] as const) {
  const words = `${before.versions.min}-${before.versions.max} and ${after.versions.min}-${after.versions.max}`
  test(`nodes of protocol ${words} work together, and a watch survives a lost link and hears one death (law 17)`, async (t) => {
    for (const [ofA, ofB] of [
      [before, after],
      [after, before],
    ]) {
      const world = new World()
      const [a, b] = [await world.node('a', {}, ofA), await world.node('b', {}, ofB)]
      await world.connect(b, a)
      const remote = await world.lend(recorder(a).ref, a, b)
      const { reasons } = watcher(b, remote)
      await world.time.advance(5)
      for (let times = 0; times < 3; times++) {
        world.network.cut(A, B)
        await world.time.advance(300)
        world.network.restore(A, B)
        await world.until('link', () => b.system.peers.length === 1)
        await world.time.advance(20)
      }
      t.is(await world.during(remote.ask('echo', 3)), 3)
      t.deepEqual(reasons, [])

      world.network.cut(A, B)
      await world.during(a.system.stop().then(() => {}))
      await world.time.advance(11_000)
      t.is(reasons.length, 1)
      await world.stop()
    }
  })
}

for (const secret of [undefined, SECRET]) {
  const how = secret === undefined ? 'without a secret' : 'with one'
  test(`nodes of protocol 1 to 2 and 3 to 4 refuse each other, and both name both, ${how} (law 17)`, async (t) => {
    const world = new World()
    const options = secret === undefined ? {} : { secret }
    const a = await world.node('a', options, speaking(1, 2))
    const b = await world.node('b', options, speaking(3, 4))

    const error = await t.throwsAsync(world.connect(b, a), { instanceOf: ProtocolMismatchError })

    t.regex(error.message, /memory:\/\/a speaks protocol 1 to 2, this node speaks 3 to 4/)
    t.regex(eventsOf(b, 'link-refused')[0]!.message, /1 to 2.*3 to 4/)
    t.is(eventsOf(a, 'link-refused')[0]!.code, 'protocol')
    if (secret === undefined) t.regex(eventsOf(a, 'link-refused')[0]!.message, /1 to 2.*3 to 4/)
    await world.stop()
  })
}

test('a greeting names versions, features and limits, and a welcome the highest version and the features of both', async (t) => {
  const world = new World()
  const a = await world.node('a', {}, speaking(1, 3, 0b1011))
  const raw = await world.raw('raw')
  const link = await raw.join(a.system.address, { max: 2, features: 0b0110 })
  t.like(link.frames[0] as object, { version: 2, features: 0b0010, messageBytes: DIALECT.messageBytes })

  const connecting = a.system.connect(raw.address).catch(() => {})
  await world.until('hello', () => raw.links[0]?.frames.length === 1)
  const { messageBytes, frameBytes } = DIALECT
  t.like(raw.links[0]!.frames[0] as object, { min: 1, max: 3, features: 0b1011, messageBytes, frameBytes })
  raw.links[0]!.send(raw.welcome({ version: 2, uid: 'other' }))
  await world.during(connecting)
  await world.stop()
})

test('a node sends no message larger than the other side has said that it takes: tell, ask and answer fail at once', async (t) => {
  const world = new World()
  const a = await world.node('a', {}, { ...DIALECT, messageBytes: 300_000 })
  const b = await world.node('b')
  await world.connect(b, a)
  interface Store {
    put: (bytes: Uint8Array) => number
    make: (sizeBytes: number) => Uint8Array
  }
  const definition = actor(protocol<Store>('store'), () => ({
    put: ({ length }) => length,
    make: (sizeBytes) => new Uint8Array(sizeBytes),
  }))
  const atA = await world.lend(b.system.spawn(definition), b, a)
  const atB = await world.lend(a.system.spawn(definition), a, b)

  t.throws(() => atB.tell('put', new Uint8Array(300_000)), {
    instanceOf: FrameTooLargeError,
    message: /exceeds the limit of 300000/,
  })
  t.is(await world.during(atB.ask('put', new Uint8Array(299_000))), 299_000)
  const answered = await t.throwsAsync(world.during(atA.ask('make', 400_000)), { instanceOf: AskError })
  t.regex(answered.message, /exceeds the limit of 300000/)
  t.deepEqual(eventsOf(b, 'peer-lost'), [])
  await world.stop()
})

test('whoever says that it takes less than 256 KiB has said nothing that could be a greeting', async (t) => {
  const world = new World()
  const a = await world.node('a')
  const raw = await world.raw('raw')
  for (const [limits, isTaken] of [
    [{ messageBytes: 256 * 1024, frameBytes: 2 ** 40 }, true],
    [{ messageBytes: 256 * 1024 - 1 }, false],
    [{ frameBytes: 0 }, false],
    [{ frameBytes: Number.NaN }, false],
  ] as const) {
    const link = await raw.join(a.system.address, { ...limits, uid: JSON.stringify(limits) })
    t.is(link.ended === null, isTaken)
  }
  await world.stop()
})

test('an old node sends no numbers and acknowledges nothing', async (t) => {
  const world = new World()
  const a = await world.node('a', {}, speaking(1, 1))
  const b = await world.node('b')
  await world.connect(b, a)
  const { ref } = recorder(a)
  await world.lend(ref, a, b)
  const raw = await world.raw('raw')
  const link = await raw.join(a.system.address, { features: Feature.sequencing })
  link.batch([Kind.watch, Number(ref.id.split('/')[1]), 1, 0, 1], [Kind.tell, 1, 'nothing', cbor(0)])
  await world.during(a.system.stop(ref))
  await world.time.advance(200)

  const batches = link.frames.filter(Array.isArray) as [number, readonly unknown[][]][]
  t.true(batches.every(([acknowledged, envelopes]) => acknowledged === 0 && envelopes.length > 0))
  t.is(link.envelopes.find(([kind]) => kind === Kind.terminated)?.length, 3)
  await world.stop()
})
