import {
  AskError,
  actor,
  DialError,
  type LogSink,
  oneForOne,
  ProtocolMismatchError,
  protocol,
  type Ref,
  RefusedError,
  staticQuorum,
  type Transport,
} from '@troupe/core'
import test from 'ava'
import { type Recorder, recorder } from './testing/recorder.ts'
import { eventsOf, type Node, World } from './testing/world.ts'

test('two nodes introduce themselves by name, address and uid', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()

  t.deepEqual(b.system.peers, [{ uid: a.system.uid, name: 'a', address: 'memory://a' }])
  t.deepEqual(a.system.peers, [{ uid: b.system.uid, name: 'b', address: 'memory://b' }])
  t.is(eventsOf(a, 'peer-up').length, 1)
  t.is(eventsOf(b, 'peer-up').length, 1)
  await world.stop()
})

test('a node that only dials is reached over the link it made', async (t) => {
  const world = new World()
  const a = await world.node('a')
  const dialOnly = world.network.transport('memory://hidden')
  const listen = dialOnly.listen.bind(dialOnly)
  dialOnly.listen = async (accept, runtime) => {
    await listen(accept, runtime)
    return null
  }
  const b = await world.node('b', { transport: dialOnly })
  await world.connect(b, a)
  const { ref, noted } = recorder(b)
  const lent = await world.lend(ref, b, a)

  t.is(await world.during(lent.ask('echo', 5)), 5)
  t.deepEqual(noted, [5])
  t.is(a.system.peers[0]!.address, '')
  await world.stop()
})

test('connect to a node that is connected already answers the same peer and dials nothing', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()

  t.is((await world.connect(b, a)).uid, a.system.uid)
  t.is((await world.connect(a, b)).uid, b.system.uid)
  t.is(eventsOf(a, 'peer-up').length, 1)
  await world.stop()
})

for (let seed = 1; seed <= 10; seed++) {
  test(`two nodes that dial each other at the same moment keep one link and lose nothing (seed ${seed})`, async (t) => {
    const world = new World(seed)
    const a = await world.node('a')
    const b = await world.node('b')
    await world.during(Promise.all([a.system.connect('memory://b'), b.system.connect('memory://a')]))
    const ofA = recorder(a)
    const ofB = recorder(b)
    const toA = await world.lend(ofA.ref, a, b)
    const toB = await world.lend(ofB.ref, b, a)
    for (let i = 0; i < 100; i++) {
      toA.tell('note', i)
      toB.tell('note', i)
    }
    await world.time.advance(15_000)

    t.deepEqual(ofA.noted, range(100))
    t.deepEqual(ofB.noted, range(100))
    t.is(eventsOf(a, 'peer-up').length, 1)
    t.is(eventsOf(b, 'peer-up').length, 1)
    t.is(eventsOf(a, 'peer-lost').length + eventsOf(b, 'peer-lost').length, 0)
    await world.stop()
  })

  test(`two nodes that use refs to each other for the first time at the same moment lose nothing (seed ${seed})`, async (t) => {
    const world = new World(seed)
    const [a, b, c] = [await world.node('a'), await world.node('b'), await world.node('c')]
    const ofA = recorder(a)
    const ofB = recorder(b)
    await world.connect(a, c)
    await world.connect(b, c)
    const atC = { a: await world.lend(ofA.ref, a, c), b: await world.lend(ofB.ref, b, c) }
    const received = new Map<string, Ref<Recorder>>()
    const mailboxFor = (name: string) =>
      actor(protocol<{ take: (ref: Ref<Recorder>) => void }>('mailbox'), () => ({
        take: (ref) => void received.set(name, ref),
      }))
    const boxA = await world.lend(a.system.spawn(mailboxFor('a')), a, c)
    const boxB = await world.lend(b.system.spawn(mailboxFor('b')), b, c)
    boxA.tell('take', atC.b)
    boxB.tell('take', atC.a)
    await world.until('refs', () => received.size === 2)

    const asked = [received.get('a')!.ask('echo', 1), received.get('b')!.ask('echo', 2)]
    for (const ref of received.values()) ref.tell('note', 3)

    t.deepEqual(await world.during(Promise.all(asked)), [1, 2])
    await world.time.advance(100)
    t.deepEqual(ofB.noted, [1, 3])
    t.deepEqual(ofA.noted, [2, 3])
    t.is(a.system.peers.length, 2)
    await world.stop()
  })
}

test('a dial that is answered when the other side has made a link already is given up: that link and its asks go on (law 1)', async (t) => {
  const world = new World()
  const transport = world.network.transport('memory://a')
  const dial = transport.dial.bind(transport)
  transport.dial = async (address, signal) => {
    const link = await dial(address, signal)
    await new Promise<void>((resolve) => void world.time.scheduler.after(50, resolve))
    return link
  }
  const a = await world.node('a', { transport })
  const b = await world.node('b')
  const late = a.system.connect(b.system.address)
  await world.connect(b, a)
  const remote = await world.lend(recorder(a).ref, a, b)
  const held = remote.ask('hold')
  await world.time.advance(100)

  t.is((await late).uid, b.system.uid)
  for (const node of [a, b]) t.deepEqual([eventsOf(node, 'peer-up').length, eventsOf(node, 'peer-lost').length], [1, 0])
  remote.tell('release')
  t.is(await world.during(held), 'released')
  await world.stop()
})

test('whoever dials a node whose own dial gets no answer is let in at once', async (t) => {
  const world = new World()
  const isStuck = new Set<string>()
  const stuck = (address: string): Transport => {
    const transport = world.network.transport(address)
    const dial = transport.dial.bind(transport)
    transport.dial = (to, signal) =>
      isStuck.has(address)
        ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(new DialError(to, 'no answer'))))
        : dial(to, signal)
    return transport
  }
  const nodes = [
    await world.node('a', { transport: stuck('memory://a'), handshakeTimeoutMs: 1_000 }),
    await world.node('b', { transport: stuck('memory://b'), handshakeTimeoutMs: 1_000 }),
  ]
  const [lower, higher] = nodes.sort((one, other) => (one.system.uid < other.system.uid ? -1 : 1)) as [Node, Node]
  isStuck.add(lower.system.address)
  const hopeless = lower.system.connect(higher.system.address)
  await world.time.advance(10)
  const startMs = world.time.clock.now()

  t.is((await world.connect(higher, lower)).uid, lower.system.uid)
  t.true(world.time.clock.now() - startMs < 20)
  t.is((await world.during(hopeless)).uid, higher.system.uid)
  await world.stop()
})

test('a ref that is handed on works from a node that was never connected to its own', async (t) => {
  const world = new World()
  const [a, b, c] = [await world.node('a'), await world.node('b'), await world.node('c')]
  await world.connect(a, b)
  await world.connect(b, c)
  const ofA = recorder(a)
  const ofC = recorder(c)
  const atB = await world.lend(ofA.ref, a, b)
  const cAtB = await world.lend(ofC.ref, c, b)

  cAtB.tell('tellTo', { to: atB, number: 7 })
  await world.until('number', () => ofA.noted.length > 0)

  t.deepEqual(ofA.noted, [7])
  t.deepEqual(c.system.peers.map(({ name }) => name).sort(), ['a', 'b'])
  await world.stop()
})

test('a ref that comes home is the actor itself, without a link', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const ofA = recorder(a)
  const ofB = recorder(b)
  const toB = await world.lend(ofB.ref, b, a)
  const sent = eventsOf(a, 'dead-letter').length

  toB.tell('tellTo', { to: ofA.ref, number: 3 })
  await world.until('number', () => ofA.noted.length > 0)

  t.deepEqual(ofA.noted, [3])
  t.is(eventsOf(a, 'dead-letter').length, sent)
  await world.stop()
})

test('an ask that is forwarded to another node ends there: answered, failed, refused, gone or too late, as that says', async (t) => {
  interface Far {
    answer: () => string
    fail: () => string
    refuse: () => string
    never: () => string
  }
  interface Near {
    hand: (name: keyof Far) => string
  }
  const world = new World()
  const [a, b] = await world.pair()
  const far = a.system.spawn(
    actor(protocol<Far>('far'), (ctx) => ({
      answer: () => 'answered',
      fail: () => {
        throw new RangeError('failed')
      },
      refuse: () => ctx.replyError(new RangeError('refused')) as never,
      never: () => ctx.reply<string>() as never,
    })),
    { supervise: oneForOne({ decide: () => 'resume' }) },
  )
  const lent = await world.lend(far, a, b)
  const near = b.system.spawn(
    actor(protocol<Near>('near'), (ctx) => ({ hand: (name) => ctx.forward(lent, name) as never })),
  )
  const end = (name: string): Promise<string> =>
    world.during(
      near.ask('hand', name as keyof Far, { timeoutMs: 200 }).catch((error: AskError) => {
        const cause = error.cause as { causeName?: string } | undefined
        return [error.outcome, error.reason, cause?.causeName].filter(Boolean).join(' ')
      }),
    )

  const ends = []
  for (const name of ['answer', 'fail', 'refuse', 'never', 'unheard of']) ends.push(await end(name))
  await world.during(a.system.stop(far))
  ends.push(await end('answer'))

  t.deepEqual(ends, [
    'answered',
    'failed handler RangeError',
    'failed refused RangeError',
    'unknown timeout',
    'not-sent unhandled',
    'not-sent stale-ref',
  ])
  await world.stop()
})

test('an ask of another node on behalf of somebody whose time is over is rejected at once: not-sent, timeout (law 13)', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const remote = await world.lend(recorder(a).ref, a, b)
  const late: unknown[] = []
  interface Slow {
    pass: () => Promise<number>
  }
  const slow = b.system.spawn(
    actor(protocol<Slow>('slow'), (context) => ({
      pass: async () => {
        await new Promise<void>((resolve) => void world.time.scheduler.after(100, resolve))
        const asked = context.ask(remote, 'echo', 1)
        asked.catch((error) => late.push(error))
        return asked
      },
    })),
  )

  await t.throwsAsync(world.during(slow.ask('pass', undefined, { timeoutMs: 50 })), {
    message: /no reply within 50 ms/,
  })
  await world.time.advance(51)

  t.like(late, [{ outcome: 'not-sent', reason: 'timeout' }])
  await world.stop()
})

test('a node of another cluster is refused by name, at once and on both sides', async (t) => {
  const world = new World()
  const a = await world.node('a', { cluster: 'east' })
  const b = await world.node('b', { cluster: 'west' })

  const error = await t.throwsAsync(world.connect(b, a), { instanceOf: RefusedError })

  t.is(error.reason, 'cluster')
  t.regex(error.message, /memory:\/\/a refused.*a is of cluster "east", not "west"/)
  t.is(eventsOf(a, 'link-refused')[0]!.peer, 'b')
  t.is(eventsOf(b, 'link-refused')[0]!.peer, 'memory://a')
  t.true(world.time.clock.now() < 100)
  await world.stop()
})

test('a member by other rules is refused, and both are named; a node that is no member is none of them (law 14)', async (t) => {
  const world = new World()
  const a = await world.node('a', { membership: { splitBrain: staticQuorum({ size: 2 }) } })
  const other = await world.node('b', { membership: { splitBrain: staticQuorum({ size: 3 }) } })
  const same = await world.node('c', { membership: { splitBrain: staticQuorum({ size: 2 }), appVersion: '2' } })
  const none = await world.node('d')

  const error = await t.throwsAsync(world.connect(other, a), { instanceOf: RefusedError })
  t.is(error.reason, 'membership')
  t.regex(
    error.message,
    /a is a member by other rules \(splitBrain static-quorum 2, .* than b \(splitBrain static-quorum 3, /,
  )
  for (const node of [same, none]) await world.connect(node, a)
  t.is(a.system.peers.length, 2)
  await world.stop()
})

test('a node that dials itself is refused', async (t) => {
  const world = new World()
  const a = await world.node('a')

  const error = await t.throwsAsync(world.connect(a, a), { instanceOf: RefusedError })

  t.is(error.reason, 'self')
  t.deepEqual(a.system.peers, [])
  await world.stop()
})

test('a hello of protocol 99 gets a refusal that names both versions, and the link ends (law 17)', async (t) => {
  const world = new World()
  const a = await world.node('a')
  const raw = await world.raw('raw')
  const link = await raw.join(a.system.address, { min: 99, max: 99 })

  const [refusal] = link.frames as [{ troupe: string; code: string; message: string; min: number; max: number }]
  t.like(refusal, { troupe: 'refusal', code: 'protocol', min: 1, max: 1 })
  t.regex(refusal.message, /speaks protocol 1, raw speaks 99/)
  t.is(link.ended?.code, 'normal')
  t.is(eventsOf(a, 'link-refused')[0]?.code, 'protocol')
  t.deepEqual(a.system.peers, [])
  await world.stop()
})

test('a hello of protocol 1 to 99 is welcomed at the highest version both speak (law 17)', async (t) => {
  const world = new World()
  const a = await world.node('a')
  const raw = await world.raw('raw')
  const link = await raw.join(a.system.address, { max: 99 })

  t.like(link.frames[0] as object, { troupe: 'welcome', version: 1, name: 'a' })
  await world.stop()
})

test('who dials a listener of protocol 99 gets a ProtocolMismatchError that names both, at once', async (t) => {
  const world = new World()
  const a = await world.node('a')
  const raw = await world.raw('raw')
  raw.onFrame = (_frame, link) => link.send({ troupe: 'refusal', code: 'protocol', message: '', min: 99, max: 99 })

  const error = await t.throwsAsync(world.during(a.system.connect(raw.address)), { instanceOf: ProtocolMismatchError })

  t.regex(error.message, /memory:\/\/raw speaks protocol 99, this node speaks 1/)
  t.true(world.time.clock.now() < 100)
  await world.stop()
})

test('a welcome at a version this node does not speak is a ProtocolMismatchError', async (t) => {
  const world = new World()
  const a = await world.node('a')
  const raw = await world.raw('raw')
  raw.onFrame = (_frame, link) => link.send(raw.welcome({ version: 99 }))

  const error = await t.throwsAsync(world.during(a.system.connect(raw.address)), { instanceOf: ProtocolMismatchError })

  t.regex(error.message, /speaks protocol 99, this node speaks 1/)
  await world.stop()
})

test('a welcome that pretends to be this very node is turned down', async (t) => {
  const world = new World()
  const a = await world.node('a')
  const raw = await world.raw('raw')
  raw.onFrame = (_frame, link) => link.send(raw.welcome({ uid: a.system.uid }))

  await t.throwsAsync(world.during(a.system.connect(raw.address, { timeoutMs: 200 })))

  t.deepEqual(a.system.peers, [])
  await world.stop()
})

test('connect tries again until somebody listens', async (t) => {
  const world = new World()
  const b = await world.node('b')
  const connecting = b.system.connect('memory://late', { timeoutMs: 5_000 })
  await world.time.advance(1_000)
  await world.node('late')

  t.is((await world.during(connecting)).name, 'late')
  await world.stop()
})

test('connect gives up within timeoutMs, and its DialError says why', async (t) => {
  const world = new World()
  const a = await world.node('a')

  await t.throwsAsync(world.during(a.system.connect('memory://nobody', { timeoutMs: 1_000 })), {
    instanceOf: DialError,
    message: /memory:\/\/nobody.*nobody listens there/,
  })
  t.true(world.time.clock.now() <= 1_001)
  await world.stop()
})

test('connect gives up within timeoutMs when the other side accepts and says nothing', async (t) => {
  const world = new World()
  const a = await world.node('a')
  await world.raw('mute')

  await t.throwsAsync(world.during(a.system.connect('memory://mute', { timeoutMs: 300 })), {
    instanceOf: DialError,
    message: /memory:\/\/mute.*300 ms/,
  })
  t.true(world.time.clock.now() <= 301)
  await world.stop()
})

test('who accepts and says nothing is given up after handshakeTimeoutMs, and so is who dials and says nothing', async (t) => {
  const world = new World()
  const a = await world.node('a', { handshakeTimeoutMs: 1_000 })
  const raw = await world.raw('mute')
  const dialled = await raw.dial(a.system.address)
  const failing = t.throwsAsync(world.during(a.system.connect('memory://mute', { timeoutMs: 1_050 })), {
    message: /no introduction within 1000 ms/,
  })
  await failing

  t.truthy(dialled.ended)
  t.truthy(raw.links[0]!.ended)
  await world.stop()
})

for (const [what, frame] of [
  ['garbage', Uint8Array.of(0xff, 0x00, 0x13)],
  ['a batch', Uint8Array.of(0x82, 0x00, 0x80)],
  ['nothing', new Uint8Array(0)],
] as const) {
  test(`who answers a hello with ${what} makes connect reject, and later attempts are free`, async (t) => {
    const world = new World()
    const a = await world.node('a')
    const raw = await world.raw('raw')
    raw.onFrame = (_frame, link) => link.bytes(frame)

    await t.throwsAsync(world.during(a.system.connect(raw.address, { timeoutMs: 50 }), 1_000))
    raw.onFrame = (_frame, link) => link.send(raw.welcome())

    t.is((await world.during(a.system.connect(raw.address))).name, 'raw')
    await world.stop()
  })
}

test('connect under another address of a connected node finds the connection there is', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const door = world.network.transport('memory://alias')
  const transportOfA = world.network.transport('memory://inner')
  // Another address that leads to the same node: what is dialled here is accepted there.
  const links: unknown[] = []
  await door.listen((link) => {
    links.push(link)
    void relay(link, transportOfA)
  }, world.time)
  await transportOfA.listen(() => {}, world.time)

  const peer = await world.during(b.system.connect('memory://alias', { timeoutMs: 1_000 }))
  t.is(peer.uid, a.system.uid)
  const again = await world.during(b.system.connect('memory://alias', { timeoutMs: 1_000 }))
  t.is(again.uid, a.system.uid)

  t.is(links.length, 1)
  t.is(eventsOf(b, 'peer-up').length, 1)
  await world.stop()

  async function relay(link: Parameters<Parameters<typeof door.listen>[0]>[0], out: typeof door): Promise<void> {
    const other = await out.dial('memory://a', new AbortController().signal)
    link.open({
      frame: (bytes) => void other.send(bytes),
      drain: () => {},
      close: (code, reason) => other.close(code, reason),
    })
    other.open({
      frame: (bytes) => void link.send(bytes),
      drain: () => {},
      close: (code, reason) => link.close(code, reason),
    })
  }
})

test('a node that stops says so: its peers hear node-down at once, without any grace', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const startMs = world.time.clock.now()

  await world.during(a.system.stop())
  await world.until('peer-down', () => eventsOf(b, 'peer-down').length > 0)

  t.is(eventsOf(b, 'peer-down')[0]!.reason, 'left')
  t.is(eventsOf(b, 'peer-lost').length, 0)
  t.true(world.time.clock.now() - startMs < 50)
  t.deepEqual(b.system.peers, [])
  await world.stop()
})

test('a system that stops fails the asks that are open, and connect too', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const { ref } = recorder(a)
  const atB = await world.lend(ref, a, b)
  const open = atB.ask('hold', undefined, { timeoutMs: 60_000 })
  const connecting = b.system.connect('memory://nobody', { timeoutMs: 60_000 })
  const outcomes = Promise.allSettled([open, connecting])
  await world.time.advance(50)

  await world.during(b.system.stop())
  const [asked, connected] = await world.during(outcomes)

  t.is(asked.status, 'rejected')
  t.true((asked as PromiseRejectedResult).reason instanceof AskError)
  t.is(connected.status, 'rejected')
  t.regex(String((connected as PromiseRejectedResult).reason), /stopped/)
  await t.throwsAsync(b.system.connect('memory://a'), { message: /stopped/ })
  await world.stop()
})

test('after a stop nothing is left to do: no timer, no frame, no attempt to connect', async (t) => {
  const world = new World()
  const [a, b] = await world.pair({ seeds: ['memory://nobody'] })
  await world.node('c', { seeds: ['memory://a', 'memory://b'] })
  await world.time.advance(3_000)
  world.network.cut('memory://a', 'memory://b')
  await world.time.advance(50)

  await world.stop()
  const counts = [a.events.length, b.events.length]
  let fired = 0
  const after = world.time.scheduler.after.bind(world.time.scheduler)
  world.time.scheduler.after = (delayMs, task) => {
    fired++
    return after(delayMs, task)
  }
  await world.time.advance(60_000)

  t.deepEqual([a.events.length, b.events.length], counts)
  t.is(fired, 0)
})

test('a seed that is not there yet is found when it comes, and found again after it restarted', async (t) => {
  const world = new World()
  const b = await world.node('b', { seeds: ['memory://a'] })
  await world.time.advance(10_000)
  const a = await world.node('a')

  await world.until('peer', () => b.system.peers.length === 1, 2_000)
  world.kill(a)
  await world.time.advance(15_000)
  const second = await world.node('a')
  await world.until('peer', () => b.system.peers[0]?.uid === second.system.uid, 2_000)

  t.deepEqual(
    eventsOf(b, 'peer-down').map(({ reason }) => reason),
    ['node-down'],
  )
  await world.stop()
})

test('a seed that refuses is asked again less and less often, not each second', async (t) => {
  const world = new World()
  const a = await world.node('a', { cluster: 'other' })
  const b = await world.node('b', { seeds: ['memory://a', 'memory://b'] })

  await world.time.advance(120_000)

  t.true(eventsOf(a, 'link-refused').length < 12, `${eventsOf(a, 'link-refused').length} in two minutes`)
  t.true(eventsOf(a, 'link-refused').length > 1)
  t.is(eventsOf(b, 'link-refused').filter(({ code }) => code === 'self').length, 0)
  await world.stop()
})

test('a seed that does not answer is in the log once, with address and cause, and once more when it is reached', async (t) => {
  const world = new World()
  const lines: string[] = []
  const log: LogSink = (level, path, message) => lines.push(`${level} ${path} ${message}`)
  await world.node('b', { seeds: ['memory://a'], log })

  await world.time.advance(1_900)
  t.deepEqual(lines, [])
  await world.time.advance(60_000)
  const unanswered =
    'warn / seed memory://a does not answer, tried again each 1000 ms: cannot connect to memory://a: nobody listens there'
  t.deepEqual(lines, [unanswered])

  const a = await world.node('a')
  await world.time.advance(60_000)
  t.is(lines.length, 2)
  t.regex(lines[1]!, /^warn \/ seed memory:\/\/a is reached, after 6\d failed attempts$/)

  // Another outage is other news.
  world.kill(a)
  await world.time.advance(60_000)
  t.deepEqual(lines.slice(2), [unanswered])
  await world.stop()
})

test('a seed that comes at the second attempt, one that refuses and the node itself are not in the log as unanswered', async (t) => {
  const world = new World()
  const lines: string[] = []
  const log: LogSink = (_level, _path, message) => lines.push(message)
  await world.node('other', { cluster: 'other' })
  await world.node('b', { seeds: ['memory://a', 'memory://b', 'memory://other'], log })
  await world.time.advance(500)
  await world.node('a')

  await world.time.advance(60_000)
  await world.stop()

  t.true(lines.length > 0)
  t.deepEqual(
    lines.filter((line) => !line.startsWith('connection refused (cluster)')),
    [],
  )
})

test('20 nodes connect to each other and agree on everything that is registered, then stop', async (t) => {
  const world = new World()
  const Service = protocol<{ ping: () => string }>('service')
  const seeds = Array.from({ length: 20 }, (_, i) => `memory://n${i}`)
  const nodes = await Promise.all(seeds.map((_, i) => world.node(`n${i}`, { seeds })))
  for (const { system } of nodes)
    system.register(Service, system.spawn(actor(Service, () => ({ ping: () => system.name }))))
  await world.until('mesh', () => nodes.every(({ system }) => system.peers.length === 19), 5_000)
  await world.time.advance(50)

  const seen = nodes.map(({ system }) =>
    system
      .findAll(Service)
      .map(({ id }) => id)
      .sort(),
  )
  t.is(seen[0]!.length, 20)
  for (const ids of seen) t.deepEqual(ids, seen[0])
  t.is(nodes.flatMap((node) => eventsOf(node, 'peer-lost')).length, 0)
  await world.during(nodes[0]!.system.stop())
  await world.until('farewell', () => nodes.slice(1).every(({ system }) => system.findAll(Service).length === 19), 100)
  await world.stop()
})

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}
