import { AskError, actor, type DeadLetterReason, type LateReply, protocol, type Ref } from '@troupe/core'
import test from 'ava'
import fc from 'fast-check'
import { memoryNetwork } from './memory-network.ts'
import { cbor, Tagged } from './testing/cbor.ts'
import { Kind } from './testing/raw-peer.ts'
import { type Recorder, recorder, watcher } from './testing/recorder.ts'
import { eventsOf, type Node, World } from './testing/world.ts'

const A = 'memory://a'
const B = 'memory://b'

/** Two nodes; `remote` is a ref of b to an actor of a. */
async function linked(seed = 1): Promise<{ world: World; a: Node; b: Node; remote: Ref<Recorder>; noted: number[] }> {
  const world = new World(seed)
  const [a, b] = await world.pair()
  const { ref, noted } = recorder(a)
  const remote = await world.lend(ref, a, b)
  return { world, a, b, remote, noted }
}

test('a node that is down fails who has linked its actors: LinkedActorError, node-down', async (t) => {
  const { world, a, b, remote } = await linked()
  interface Linked {
    ping: () => string
  }
  const local = b.system.spawn(
    actor(protocol<Linked>('linked'), (context) => {
      context.link(remote)
      return { ping: () => 'pong' }
    }),
    { name: 'linked' },
  )
  await world.time.advance(5)

  world.network.cut(A, B)
  await world.time.advance(9_000)
  t.deepEqual(eventsOf(b, 'actor-failed'), [])
  await world.time.advance(1_001)

  t.like(eventsOf(b, 'actor-failed'), [
    {
      path: '/user/linked',
      error: { code: 'LINKED_ACTOR', linked: `${a.system.address}${remote.path}`, reason: 'node-down' },
    },
  ])
  const asked = await t.throwsAsync(local.ask('ping'), { instanceOf: AskError })
  t.is(asked.reason, 'stopped')
  await world.stop()
})

for (const seed of [1, 2, 3]) {
  test(`a link lost for less than the grace is no death: watches stay, and what was told meanwhile arrives in order (seed ${seed}) (law 11)`, async (t) => {
    const { world, a, b, remote, noted } = await linked(seed)
    const { reasons } = watcher(b, remote)
    await world.time.advance(5)

    world.network.cut(A, B)
    await world.time.advance(100)
    for (let i = 0; i < 50; i++) remote.tell('note', i)
    await world.time.advance(9_000)
    t.deepEqual(noted, [])
    world.network.restore(A, B)
    await world.until('link', () => b.system.peers.length === 1, 12_000)
    await world.time.advance(5)

    t.deepEqual(
      noted,
      Array.from({ length: 50 }, (_, i) => i),
    )
    t.deepEqual(reasons, [])
    t.is(eventsOf(b, 'peer-lost').length, 1)
    t.is(eventsOf(b, 'peer-down').length + eventsOf(a, 'peer-down').length, 0)
    remote.tell('crash')
    await world.time.advance(5)
    t.deepEqual(reasons, ['failed'])
    await world.stop()
  })

  test(`a link lost for longer than 10 s is a death: each watch hears node-down exactly once (seed ${seed}) (law 11)`, async (t) => {
    const { world, a, b, remote } = await linked(seed)
    const watchers = [watcher(b, remote), watcher(b, remote), watcher(b, remote)]
    watchers[2]!.ref.tell('end')
    await world.time.advance(5)

    world.network.cut(A, B)
    const cutMs = world.time.clock.now()
    await world.time.advance(9_999)
    t.deepEqual(watchers[0]!.reasons, [])
    await world.time.advance(2)

    t.deepEqual(
      watchers.map(({ reasons }) => reasons),
      [['node-down'], ['node-down'], []],
    )
    t.like(eventsOf(b, 'peer-down'), [{ reason: 'node-down', peer: { uid: a.system.uid } }])
    t.like(eventsOf(a, 'peer-down'), [{ reason: 'node-down', peer: { uid: b.system.uid } }])
    t.true(world.time.clock.now() - cutMs < 10_010)

    world.network.restore(A, B)
    await t.throwsAsync(world.connect(b, a), { message: /quarantined/ })
    await t.throwsAsync(world.connect(a, b), { message: /quarantined/ })
    await world.time.advance(60_000)
    t.deepEqual(
      watchers.map(({ reasons }) => reasons.length),
      [1, 1, 0],
    )
    t.deepEqual([a.system.peers, b.system.peers], [[], []])

    remote.tell('note', 1)
    const late = watcher(b, remote)
    const error = await t.throwsAsync(world.during(remote.ask('echo', 1)), { instanceOf: AskError })
    t.like(error, { outcome: 'not-sent', reason: 'node-down' })
    await world.time.advance(1)
    t.deepEqual(late.reasons, ['node-down'])
    t.deepEqual(reasonsOf(b), ['node-down'])
    await world.stop()
  })
}

test('one side may still believe in the other: who was declared down is told so, and ends it too', async (t) => {
  const { world, a, b, remote } = await linked()
  const { reasons } = watcher(b, remote)
  await world.time.advance(5)
  const c = await world.node('c', { disconnectGraceMs: 100 })
  const ofC = recorder(c)
  await world.connect(b, c)
  const cAtB = await world.lend(ofC.ref, c, b)
  const ofCReasons = watcher(b, cAtB).reasons
  await world.time.advance(5)

  world.network.cut(B, 'memory://c')
  await world.time.advance(200)
  t.is(eventsOf(c, 'peer-down').length, 1)
  t.is(eventsOf(b, 'peer-down').length, 0)
  world.network.restore(B, 'memory://c')
  await world.until('refusal', () => eventsOf(b, 'peer-down').length === 1, 5_000)
  await world.time.advance(1)

  t.deepEqual(ofCReasons, ['node-down'])
  t.deepEqual(reasons, [])
  t.is(a.system.peers.length, 1)
  await world.stop()
})

test('asks that were sent before the link was lost fail at once as unknown, and their late replies are counted', async (t) => {
  const { world, a, b, remote } = await linked()
  const held = remote.ask('hold')
  await world.time.advance(5)
  const startMs = world.time.clock.now()

  world.network.cut(A, B)
  const error = await t.throwsAsync(world.during(held), { instanceOf: AskError })
  t.like(error, { outcome: 'unknown', reason: 'link-lost' })
  t.true(world.time.clock.now() - startMs <= 1)

  world.network.restore(A, B)
  await world.until('link', () => b.system.peers.length === 1)
  remote.tell('release')
  await world.time.advance(5)
  const late = eventsOf(a, 'late-reply') as LateReply[]
  t.deepEqual([late.length, late[0]?.message], [1, 'hold'])
  t.regex(late[0]!.target, /^\/user\//)
  t.true(late[0]!.lateMs > 0)
  t.is(await world.during(remote.ask('echo', 4)), 4)
  await world.stop()
})

test('a reply that comes after its ask is over is dropped, and reported with target, message and ms', async (t) => {
  const { world, b, remote } = await linked()
  await t.throwsAsync(world.during(remote.ask('hold', undefined, { timeoutMs: 50 })), {
    message: /no reply within 50 ms/,
  })
  remote.tell('release')
  await world.time.advance(5)

  const late = eventsOf(b, 'late-reply') as LateReply[]
  t.deepEqual([late.length, late[0]?.message, late[0]?.target], [1, 'hold', String(remote)])
  t.true(late[0]!.lateMs >= 0 && late[0]!.lateMs < 100)
  await world.stop()
})

test('asks made while there is no link fail as not sent when an attempt to connect fails', async (t) => {
  const { world, remote } = await linked()
  world.network.cut(A, B)
  await world.time.advance(20)

  const error = await t.throwsAsync(world.during(remote.ask('echo', 1), 1_000), { instanceOf: AskError })

  t.like(error, { outcome: 'not-sent', reason: 'unreachable', retryable: true })
  await world.stop()
})

test('a node that starts anew at the same address is another one: watches of the old run hear node-restarted at once (law 11)', async (t) => {
  const { world, a, b, remote } = await linked()
  const { reasons } = watcher(b, remote)
  await world.time.advance(5)
  world.kill(a)
  remote.tell('note', 1)
  const second = await world.node('a')
  const startMs = world.time.clock.now()
  await world.until('notice', () => reasons.length > 0, 1_000)

  t.deepEqual(reasons, ['node-restarted'])
  t.true(world.time.clock.now() - startMs < 200)
  t.like(eventsOf(b, 'peer-down'), [{ reason: 'node-restarted', peer: { uid: a.system.uid } }])
  await world.until('new peer', () => b.system.peers[0]?.uid === second.system.uid, 1_000)
  remote.tell('note', 2)
  // The first was on the link when it was lost: that is a gap, and no dead letter.
  t.deepEqual(reasonsOf(b), ['node-down'])
  await world.time.advance(20_000)
  t.deepEqual(reasons, ['node-restarted'])
  await world.stop()
})

test('the notice comes after all that the target sent before its end, however often the link is lost meanwhile', async (t) => {
  for (let lostFrame = 0; lostFrame < 40; lostFrame++) {
    // A frame more is delivered in each round before the cable is cut; the last rounds cut nothing.
    const { world, a, b, remote } = await linked(lostFrame + 1)
    const { ref: watcherRef, noted } = recorder(b)
    const ordered = watcher(b, remote)
    const cutting = cutAfter(world, lostFrame)
    await world.time.advance(5)
    remote.tell('sayGoodbye', watcherRef)
    await world.time.advance(1_500)
    cutting.stop()
    await world.time.advance(60_000)

    if (cutting.cut && ordered.reasons.length === 0) {
      // The order to say goodbye was lost with the cable: the target lives, and is watched.
      remote.tell('sayGoodbye', watcherRef)
      await world.time.advance(50)
    }
    t.is(ordered.reasons.length, 1, `frame ${lostFrame}: ${ordered.reasons}`)
    t.true(['stopped', 'not-found'].includes(ordered.reasons[0]!), `frame ${lostFrame}: ${ordered.reasons}`)
    t.true(isSubsequence(noted, [1, 2, 3]), `frame ${lostFrame}: ${noted}`)
    t.is(eventsOf(b, 'peer-down').length + eventsOf(a, 'peer-down').length, 0)
    await world.stop()
  }
})

test('per pair messages arrive in order and none twice, wherever the cable is cut (law 1)', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ messages: fc.integer({ min: 0, max: 30 }), waitMs: fc.nat(40), cut: fc.boolean() }), {
        minLength: 1,
        maxLength: 12,
      }),
      fc.integer({ min: 1, max: 1_000_000 }),
      async (steps, seed) => {
        const { world, a, b, remote, noted } = await linked(seed)
        const { ref: atB, noted: notedAtB } = recorder(b)
        const back = await world.lend(atB, b, a)
        let sent = 0
        for (const { messages, waitMs, cut } of steps) {
          for (let i = 0; i < messages; i++) {
            remote.tell('note', sent)
            back.tell('note', sent++)
          }
          if (cut) {
            world.network.cut(A, B)
            await world.time.advance(waitMs)
            world.network.restore(A, B)
          } else await world.time.advance(waitMs)
        }
        await world.until('link', () => b.system.peers.length === 1 && a.system.peers.length === 1)
        remote.tell('note', sent)
        back.tell('note', sent)
        await world.time.advance(20)
        const fine = [noted, notedAtB].every((list) => isRising(list) && list.at(-1) === sent)
        const whole = steps.some(({ cut }) => cut) || noted.length === sent + 1
        await world.stop()
        return fine && whole
      },
    ),
    { numRuns: 60, seed: 20 },
  )
  t.pass()
})

test('a watch brings exactly one notice, wherever the cable is cut and whenever the target ends (law 10)', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(30), { minLength: 1, maxLength: 8 }),
      fc.nat(8),
      fc.integer({ min: 1, max: 1_000_000 }),
      async (waits, endsAt, seed) => {
        const { world, a, b, remote } = await linked(seed)
        const { reasons } = watcher(b, remote)
        const dropped = watcher(b, remote)
        const stop = (): void => void a.system.stop(remote)
        for (const [i, waitMs] of waits.entries()) {
          world.network.cut(A, B)
          if (i === endsAt) stop()
          if (i === 1) dropped.ref.tell('end')
          await world.time.advance(waitMs)
          world.network.restore(A, B)
          await world.time.advance(waitMs * 7)
        }
        stop()
        await world.time.advance(5_000)
        await world.stop()
        return reasons.length === 1 && dropped.reasons.length <= 1
      },
    ),
    { numRuns: 60, seed: 21 },
  )
  t.pass()
})

test('a peer that falls silent is given up after 4 heartbeats of 1 s, an idle one is not', async (t) => {
  const world = new World()
  const a = await world.node('a')
  const raw = await world.raw('raw')
  const link = await raw.join(a.system.address)
  const startMs = world.time.clock.now()
  await world.until('loss', () => eventsOf(a, 'peer-lost').length > 0, 6_000)

  t.regex(eventsOf(a, 'peer-lost')[0]!.why, /silent for 4000 ms/)
  t.is(world.time.clock.now() - startMs, 4_000)
  t.is(link.envelopes.filter(([kind]) => kind === Kind.ping).length, 3)

  const [c, d] = [await world.node('c'), await world.node('d')]
  await world.connect(c, d)
  await world.time.advance(60_000)
  t.is(eventsOf(c, 'peer-lost').length + eventsOf(d, 'peer-lost').length, 0)
  await world.stop()
})

test('a node whose clock jumps by 4 s or by 60 accuses nobody (law 15)', async (t) => {
  for (const jumpMs of [4_000, 60_000]) {
    const world = new World()
    const now = world.time.clock.now
    let jumpedMs = 0
    const stalled = { ...world.time, clock: { ...world.time.clock, now: () => now() + jumpedMs } }
    const a = await world.node('a')
    const b = await world.node('b', { runtime: stalled })
    await world.connect(b, a)
    await world.time.advance(2_500)
    jumpedMs += jumpMs
    await world.time.advance(10_000)

    t.is(eventsOf(b, 'peer-lost').length, 0)
    t.is(b.system.peers.length, 1)
    await world.stop()
  }
})

test('time for which this node was stalled is no part of the grace (law 15)', async (t) => {
  const world = new World()
  const now = world.time.clock.now
  let jumpedMs = 0
  const stalled = { ...world.time, clock: { ...world.time.clock, now: () => now() + jumpedMs } }
  const a = await world.node('a')
  const b = await world.node('b', { runtime: stalled })
  await world.connect(b, a)
  world.network.cut(A, B)
  await world.time.advance(5_000)
  jumpedMs += 30_000
  await world.time.advance(1_500)
  t.is(eventsOf(b, 'peer-down').length, 0)
  await world.time.advance(8_000)
  t.is(eventsOf(b, 'peer-down').length, 1)
  await world.stop()
})

test('a link that is lost as soon as it is made is not made again in a tight loop', async (t) => {
  const world = new World()
  const a = await world.node('a', { disconnectGraceMs: 3_000 })
  const raw = await world.raw('raw')
  raw.onFrame = (_frame, link) => {
    link.send(raw.welcome({ epoch: raw.links.length }))
    link.close()
  }
  await world.during(a.system.connect(raw.address))
  await world.time.advance(2_000)

  t.true(raw.links.length < 30, `${raw.links.length} links`)
  await world.stop()
})

test('a dialler that never got the welcome is let in, though its link looks alive to the other side', async (t) => {
  const world = new World()
  const a = await world.node('a')
  const raw = await world.raw('raw')
  const first = await raw.join(a.system.address)
  const second = await raw.join(a.system.address, { epoch: 1 })
  const third = await raw.join(a.system.address, { epoch: 1 })

  t.like(third.frames[0] as object, { troupe: 'welcome', epoch: 3 })
  t.truthy(first.ended)
  t.truthy(second.ended)
  t.is(a.system.peers.length, 1)
  await world.stop()
})

test('a welcome that comes after a later link has come and gone opens nothing (law 1)', async (t) => {
  const world = new World()
  const a = await world.node('a', { disconnectGraceMs: 60_000 })
  const raw = await world.raw('raw')
  void a.system.connect(raw.address, { timeoutMs: 900 }).catch(() => {})
  await world.time.settle()
  const late = raw.links[0]!
  const later = await raw.join(a.system.address, { uid: '!', epoch: 1 })
  later.close()
  await world.time.settle()
  late.send(raw.welcome({ uid: '!', epoch: 1 }))
  await world.time.settle()

  t.like(later.frames[0] as object, { troupe: 'welcome', epoch: 2 })
  t.truthy(late.ended)
  t.is(a.system.peers.length, 0)
  await world.stop()
})

test('what is told to a node that was never reached is a dead letter after the grace, and the node may still come', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const ghost = await world.node('ghost')
  const { ref, noted } = recorder(ghost)
  await world.connect(ghost, a)
  const atA = await world.lend(ref, ghost, a)
  const relay = recorder(b)
  const toB = await world.lend(relay.ref, b, a)
  world.network.cut(B, 'memory://ghost')
  toB.tell('tellTo', { to: atA, number: 1 })
  await world.time.advance(10_500)

  t.deepEqual(reasonsOf(b), ['unreachable'])
  t.is(eventsOf(b, 'peer-down').length, 0)
  world.network.restore(B, 'memory://ghost')
  toB.tell('tellTo', { to: atA, number: 2 })
  await world.until('number', () => noted.length > 0, 2_000)
  t.deepEqual(noted, [2])
  await world.stop()
})

test('what is told to a node that cannot be dialled and never came is a dead letter after the grace', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const raw = await world.raw('raw')
  const { ref } = recorder(a)
  await world.lend(ref, a, b)
  const link = await raw.join(a.system.address, { address: '' })
  const uid = Number(ref.id.split('/')[1])
  link.batch([Kind.tell, uid, 'tellTo', cbor({ to: new Tagged(0x5470, ['', 'nowhere', '/user/x', 1]), number: 1 })])
  await world.time.advance(10_500)

  t.deepEqual(reasonsOf(a), ['unreachable'])
  await world.stop()
})

test('links that flap for long leave nothing behind: not a timer, not a watch', async (t) => {
  const world = new World(3, memoryNetwork())
  const [, b] = await world.pair()
  const timers = (): number => (b.system as unknown as { timers: { size: number } }).timers.size
  await world.time.advance(3_000)
  const before = timers()
  for (let i = 0; i < 100; i++) {
    world.network.cut(A, B)
    await world.time.advance(7)
    world.network.restore(A, B)
    await world.until('link', () => b.system.peers.length === 1)
  }
  await world.time.advance(3_000)

  t.is(timers(), before)
  await world.stop()
})

function reasonsOf(node: Node): DeadLetterReason[] {
  return eventsOf(node, 'dead-letter').map(({ reason }) => reason)
}

function isRising(list: readonly number[]): boolean {
  return list.every((number, i) => i === 0 || number > list[i - 1]!)
}

function isSubsequence(list: readonly number[], of: readonly number[]): boolean {
  return isRising(list) && list.every((number) => of.includes(number))
}

/** Cuts the cable between a and b once when `count` more deliveries have been scheduled, and mends it 50 ms later. */
function cutAfter(world: World, count: number): { readonly cut: boolean; stop(): void } {
  const { scheduler } = world.time
  const original = scheduler.yield
  const state = {
    cut: false,
    stop() {
      scheduler.yield = original
    },
  }
  let left = count
  scheduler.yield = (task) =>
    original(() => {
      if (left-- === 0) {
        state.cut = true
        world.network.cut(A, B)
        scheduler.after(50, () => world.network.restore(A, B))
      }
      task()
    })
  return state
}
