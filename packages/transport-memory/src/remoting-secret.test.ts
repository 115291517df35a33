import { createSystem, InvalidOptionError, RefusedError, type SystemOptions } from '@troupe/core'
import test from 'ava'
import fc from 'fast-check'
import { challenge, proofOf, provenHello } from './testing/proofs.ts'
import { Kind, type RawLink, type RawPeer } from './testing/raw-peer.ts'
import { recorder } from './testing/recorder.ts'
import { sealed, unsealed } from './testing/sealed.ts'
import { eventsOf, type Node, World } from './testing/world.ts'

const SECRET = 'correct horse battery staple'
const OTHER = 'incorrect horse battery staple'
const NONCE = 'never-used-before-1234'

test('two nodes with the same secret, text or the same bytes, talk to each other (law 18)', async (t) => {
  const world = new World()
  const a = await world.node('a', { secret: SECRET })
  const b = await world.node('b', { secret: new TextEncoder().encode(SECRET) })
  await world.connect(b, a)
  const ref = await world.lend(recorder(a).ref, a, b)

  t.is(await world.during(ref.ask('echo', 7)), 7)
  await world.stop()
})

const pairs: readonly (readonly [what: string, a: Secret, b: Secret])[] = [
  ['another secret', SECRET, OTHER],
  ['a secret and one that begins so', SECRET, `${SECRET}!`],
  ['a secret on the side that is dialled only', SECRET, undefined],
  ['a secret on the side that dials only', undefined, SECRET],
]
for (const [what, first, second] of pairs) {
  test(`${what}: refused with code secret, told and reported on both sides, and nobody is a peer`, async (t) => {
    const world = new World()
    const a = await world.node('a', secret(first))
    const b = await world.node('b', secret(second))

    const error = await t.throwsAsync(world.connect(b, a), { instanceOf: RefusedError })
    t.like(error, { code: 'REFUSED', reason: 'secret' })
    for (const node of [a, b]) {
      t.like(eventsOf(node, 'link-refused'), [{ code: 'secret' }])
      t.deepEqual(node.system.peers, [])
      t.is(eventsOf(node, 'peer-up').length, 0)
    }
    await world.stop()
  })
}

test('with several secrets the first is proved and each is taken: it can be changed node by node', async (t) => {
  const lists = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 })
  await fc.assert(
    fc.asyncProperty(lists, lists, async (ofDialler, ofOther) => {
      const world = new World()
      const long = (list: readonly string[]): string[] => list.map((letter) => letter.repeat(16))
      const other = await world.node('a', { secret: long(ofOther) })
      const dialler = await world.node('b', { secret: long(ofDialler) })

      const connected = await world.connect(dialler, other).then(
        () => true,
        () => false,
      )
      t.is(connected, ofOther.includes(ofDialler[0]!))
      t.is(eventsOf(other, 'peer-up').length, connected ? 1 : 0)
      await world.stop()
    }),
    { numRuns: 30 },
  )
})

test('nodes that dial each other at one moment prove it on both links and keep one', async (t) => {
  const world = new World()
  const [a, b] = [await world.node('a', { secret: SECRET }), await world.node('b', { secret: SECRET })]
  await Promise.all([world.connect(a, b), world.connect(b, a)])

  t.deepEqual([a.system.peers.length, b.system.peers.length], [1, 1])
  t.is(eventsOf(a, 'peer-lost').length + eventsOf(b, 'peer-lost').length, 0)
  await world.stop()
})

test('what an honest peer says by hand: challenge, proof of the hello, proof of the welcome', async (t) => {
  const { world, a, raw } = await guarded()
  const link = await introduced(world, raw, a)

  const answer = link.frames[1] as { greeting: Uint8Array; proof: Uint8Array }
  const [theirs, ours] = [link.received[0]!, sealed(hello(raw))]
  t.deepEqual(answer.proof, proofOf(SECRET, 'answer', [sealed(challenge(NONCE)), theirs, ours, answer.greeting]))
  t.like(unsealed(answer.greeting) as object, { troupe: 'welcome', version: 1, name: 'a' })
  t.is(a.system.peers[0]?.name, 'raw')
  await world.stop()
})

const strangers: readonly (readonly [what: string, say: (link: RawLink, raw: RawPeer) => void])[] = [
  ['a proof with another secret', (link, raw) => link.send(provenHello(OTHER, challenge(NONCE), link, hello(raw)))],
  [
    'an empty proof',
    (link, raw) => link.send({ ...provenHello(SECRET, challenge(NONCE), link, hello(raw)), proof: none }),
  ],
  ['half a proof', (link, raw) => link.send(cut(provenHello(SECRET, challenge(NONCE), link, hello(raw))))],
  [
    'the proof of another hello',
    (link, raw) =>
      link.send({
        ...provenHello(SECRET, challenge(NONCE), link, hello(raw)),
        greeting: sealed(hello(raw, { epoch: 9 })),
      }),
  ],
  [
    'a proof over another challenge than the one of this link',
    (link, raw) => link.send(provenHello(SECRET, challenge('another-nonce-of-its-own'), link, hello(raw))),
  ],
  ['the answer that an acceptor would prove', (link, raw) => link.send(asAnswer(link, raw))],
]
for (const [what, say] of strangers) {
  test(`${what}: the stranger gets a refusal, and learns no name, uid, cluster or address (law 18)`, async (t) => {
    const { world, a, raw } = await guarded()
    const link = await challenged(world, raw, a)
    const before = link.frames.length
    say(link, raw)
    link.batch([Kind.tell, '/system/receptionist', 'replace', none])
    await world.time.settle()

    t.like(link.frames.slice(before), [{ troupe: 'refusal', code: 'secret', uid: '', min: 1, max: 1 }])
    t.is(link.frames.length, before + 1)
    t.deepEqual(link.ended, { code: 'normal', reason: 'secret' })
    t.like(eventsOf(a, 'link-refused'), [{ peer: 'memory://raw', code: 'secret' }])
    const learnt = JSON.stringify([link.frames, link.ended])
    for (const word of ['"a"', a.system.uid, 'the-cluster', 'memory://a']) t.false(learnt.includes(word), word)
    t.deepEqual(a.system.peers, [])
    await world.stop()
  })
}

test('a hello, and nothing before it, is refused with code secret and no word about the node', async (t) => {
  const { world, a, raw } = await guarded()
  const link = await raw.join(a.system.address, { cluster: 'the-cluster' })

  t.like(link.frames, [{ troupe: 'refusal', code: 'secret', uid: '' }])
  t.false(JSON.stringify(link.frames).includes(a.system.uid))
  t.like(eventsOf(a, 'link-refused'), [{ peer: 'memory://raw', code: 'secret' }])
  await world.stop()
})

test('a proof that was overheard is none on any other link, with the same words or a new challenge', async (t) => {
  const { world, a, raw } = await guarded()
  const first = await challenged(world, raw, a)
  const proven = provenHello(SECRET, challenge(NONCE), first, hello(raw, { uid: 'overheard' }))
  first.send(proven)
  await world.time.settle()
  t.is(a.system.peers.length, 1)
  for (const nonce of [NONCE, 'another-nonce-of-its-own']) {
    const again = await challenged(world, raw, a, nonce)
    again.send(proven)
    await world.time.settle()
    t.like(again.frames[1] as object, { troupe: 'refusal', code: 'secret' })
  }

  t.is(first.ended, null)
  t.is(eventsOf(a, 'peer-up').length, 1)
  await world.stop()
})

test('a challenge and a proof that are sent back to whoever made them are no proof', async (t) => {
  const { world, a, raw } = await guarded()
  raw.onFrame = (_frame, link) => link.bytes(link.received.at(-1)!)

  const error = await t.throwsAsync(world.during(a.system.connect(raw.address)), { instanceOf: RefusedError })
  t.is(error?.reason, 'secret')
  t.like(eventsOf(a, 'link-refused'), [{ peer: raw.address, code: 'secret' }])
  t.deepEqual(a.system.peers, [])
  await world.stop()
})

test('a welcome nobody has proved opens nothing, before the challenge or in place of the proof', async (t) => {
  for (const step of [0, 1]) {
    const { world, a, raw } = await guarded()
    raw.onFrame = (_frame, link) => {
      if (link.frames.length <= step) link.send(challenge('a-nonce-of-a-stranger'))
      else link.send(raw.welcome())
    }
    await t.throwsAsync(world.during(a.system.connect(raw.address, { timeoutMs: 300 })), {
      message: /where .* was due/,
    })
    t.deepEqual(a.system.peers, [])
    t.true(eventsOf(a, 'link-broken').length > 0)
    await world.stop()
  }
})

test('a greeting cut anywhere closes its link, at each step of the proofs', async (t) => {
  const { world, a, raw } = await guarded()
  const first = sealed(challenge(NONCE))
  for (let length = 0; length < first.length; length += 3) {
    const link = await raw.dial(a.system.address)
    link.bytes(first.subarray(0, length))
    await world.time.settle()
    t.is(link.ended?.code, 'protocol')
  }
  for (let length = 0; length < 150; length += 7) {
    const link = await challenged(world, raw, a)
    link.bytes(sealed(provenHello(SECRET, challenge(NONCE), link, hello(raw))).subarray(0, length))
    await world.time.settle()
    t.is(link.ended?.code, 'protocol')
  }

  t.deepEqual(a.system.peers, [])
  await world.stop()
})

test('a refusal that nobody has proved is no death of the peer that was there: only the grace is', async (t) => {
  const world = new World()
  const a = await world.node('a', { secret: SECRET, disconnectGraceMs: 5_000 })
  const b = await world.node('b', { secret: SECRET })
  await world.connect(a, b)
  world.kill(b)
  await world.during(b.system.stop())
  const impostor = await world.raw('b')
  impostor.onFrame = (_frame, link) =>
    link.send({ troupe: 'refusal', code: 'quarantined', message: 'go away', uid: b.system.uid, min: 1, max: 1 })
  await world.time.advance(4_000)

  t.true(impostor.links.length > 0)
  t.deepEqual(eventsOf(a, 'peer-down'), [])
  t.true(eventsOf(a, 'link-refused').every(({ code, message }) => code === 'secret' && !message.includes('go away')))
  await world.time.advance(3_000)
  t.like(eventsOf(a, 'peer-down'), [{ reason: 'node-down' }])
  await world.stop()
})

test('of links that do not introduce themselves 256 are kept, and then the oldest is given up', async (t) => {
  const world = new World()
  const a = await world.node('a', { secret: SECRET })
  const raw = await world.raw('raw')
  const silent: RawLink[] = []
  for (let i = 0; i < 500; i++) silent.push(await raw.dial(a.system.address))
  const honest = await world.node('b', { secret: SECRET })
  await world.connect(honest, a)

  t.is(silent.filter(({ ended }) => ended === null).length, 255)
  t.like(silent[0]!.frames, [{ troupe: 'refusal', code: 'busy', uid: '' }])
  t.true(silent.slice(0, 245).every(({ ended }) => ended?.reason === 'busy'))
  t.is(eventsOf(a, 'link-refused').filter(({ code }) => code === 'busy').length, 245)
  t.is(a.system.peers.length, 1)
  await world.stop()
})

test('a link that stops in the middle of its proofs is closed after handshakeTimeoutMs', async (t) => {
  const { world, a, raw } = await guarded({ handshakeTimeoutMs: 300 })
  const link = await challenged(world, raw, a)
  await world.time.advance(299)
  t.is(link.ended, null)
  await world.time.advance(1)

  await world.time.settle()
  t.is(link.ended?.code, 'protocol')
  await world.stop()
})

test('a node of the version before, and one of a version to come, are understood (law 17)', async (t) => {
  const before = {}
  const toCome = { min: 0, max: 9, features: 2 ** 40 + 2 ** 30 + 1, roles: ['client'], limits: { frame: 1 } }
  for (const said of [before, toCome]) {
    const world = new World()
    const a = await world.node('a')
    const raw = await world.raw('raw')
    const link = await raw.join(a.system.address, said)
    t.like(link.frames[0] as object, { troupe: 'welcome', version: 1, features: said === before ? 0 : 1 })
    t.is(a.system.peers.length, 1)

    raw.onFrame = (_frame, other) => other.send(raw.welcome({ uid: 'other-uid', features: 2 ** 30, roles: [] }))
    const peer = await world.during((await world.node('b')).system.connect(raw.address))
    t.is(peer.uid, 'other-uid')
    await world.stop()
  }
})

test('no common version is told to a stranger as such, and nothing else is', async (t) => {
  const { world, a, raw } = await guarded()
  const link = await raw.dial(a.system.address)
  link.send(challenge(NONCE, { min: 7, max: 9 }))
  await world.time.settle()

  t.like(link.frames, [{ troupe: 'refusal', code: 'protocol', uid: '', min: 1, max: 1 }])
  t.false(JSON.stringify(link.frames).includes(a.system.uid))
  raw.onFrame = (_frame, other) => other.send({ troupe: 'refusal', code: 'protocol', message: '', min: 7, max: 9 })
  await t.throwsAsync(world.during(a.system.connect(raw.address)), { code: 'PROTOCOL_MISMATCH', message: /7 to 9/ })
  await world.stop()
})

test('a secret has 16 bytes at least; a shorter one, none at all, or no secret: an error that does not show it', async (t) => {
  for (const wrong of [
    'hunter2-hunter2',
    new Uint8Array(15),
    [],
    42,
    [SECRET, 'hunter2'],
    { toString: () => SECRET },
  ]) {
    const error = await t.throwsAsync(createSystem({ name: 'a', secret: wrong as never }), {
      instanceOf: InvalidOptionError,
      message: /"secret" must be .* 16 bytes/,
    })
    t.notRegex(String(error), /hunter2|horse/)
  }
})

type Secret = SystemOptions['secret']

function secret(given: Secret): Partial<SystemOptions> {
  return given === undefined ? {} : { secret: given }
}

/** A node with a secret, and somebody by hand. */
async function guarded(options: Partial<SystemOptions> = {}): Promise<{ world: World; a: Node; raw: RawPeer }> {
  const world = new World()
  const a = await world.node('a', { secret: SECRET, cluster: 'the-cluster', ...options })
  return { world, a, raw: await world.raw('raw') }
}

/** A link that has got the challenge of the node. */
async function challenged(world: World, raw: RawPeer, a: Node, nonce = NONCE): Promise<RawLink> {
  const link = await raw.dial(a.system.address)
  link.send(challenge(nonce))
  await world.time.settle()
  return link
}

/** A link that has been welcomed. */
async function introduced(world: World, raw: RawPeer, a: Node): Promise<RawLink> {
  const link = await challenged(world, raw, a)
  link.send(provenHello(SECRET, challenge(NONCE), link, hello(raw)))
  await world.time.settle()
  return link
}

function hello(raw: RawPeer, other: object = {}): object {
  return raw.hello({ cluster: 'the-cluster', ...other })
}

const none = new Uint8Array(0)

function cut(proven: object): object {
  return { ...proven, proof: (Reflect.get(proven, 'proof') as Uint8Array).subarray(0, 16) }
}

/** What the other role would say, with a code that fits that role. */
function asAnswer(link: RawLink, raw: RawPeer): object {
  const greeting = sealed(hello(raw))
  const said = [sealed(challenge(NONCE)), link.received[0]!, greeting]
  return { troupe: 'proven', greeting, proof: proofOf(SECRET, 'answer', said) }
}
