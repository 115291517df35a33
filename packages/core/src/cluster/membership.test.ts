import test from 'ava'
import fc from 'fast-check'
import { times } from '../../../../scripts/slow-suite.ts'
import { type GossipLoop, type LoopNode, settled } from '../testing/gossip-loop.ts'
import { keepLeaseHolder } from './keep-lease-holder.ts'
import type { MemberEventType } from './member-event.ts'

const QUICK = {
  probePeriodMs: 200,
  suspicionPeriods: 4,
  stableAfterMs: 1_000,
  removeAfterMs: 2_000,
  syncPeriodMs: 2_000,
}

function saw(node: LoopNode, type: MemberEventType, uid: string): boolean {
  return node.events.some(({ event }) => event.type === type && event.member.uid === uid)
}

function anyoneDown(loop: GossipLoop): boolean {
  return loop.living.some(({ events }) => events.some(({ event }) => event.type === 'member-down'))
}

function allSee(loop: GossipLoop, uids: readonly string[]): boolean {
  const expected = [...uids].sort().join()
  return loop.living.every(({ machine }) => {
    const up = machine.members.filter(({ state, reachable, suspected }) => state === 'up' && reachable && !suspected)
    return (
      up
        .map(({ uid }) => uid)
        .sort()
        .join() === expected
    )
  })
}

test('a member that crashes is suspected, unreachable, down and removed, in this order, in the eyes of all', (t) => {
  const loop = settled(5, { seed: 1, membership: QUICK })
  const victim = loop.node('n3')
  victim.crashed = true

  const order: readonly MemberEventType[] = ['member-unreachable', 'member-down', 'member-removed']
  t.not(
    loop.until(() => loop.living.every((node) => saw(node, 'member-removed', 'n3')), 20_000),
    null,
  )
  for (const node of loop.living) {
    const types = node.events.filter(({ event }) => event.member.uid === 'n3').map(({ event }) => event.type)
    t.deepEqual(types.slice(-3), order)
  }
  t.true(allSee(loop, ['n0', 'n1', 'n2', 'n4']))
})

test('with 20 % of all messages lost, nobody who is well is down', (t) => {
  for (const seed of [1, 2, 3]) {
    const loop = settled(6, { seed, membership: QUICK })
    loop.lossPerMille = 200
    loop.run(60_000)
    t.false(anyoneDown(loop))
  }
})

test('a node that was stalled accuses nobody of what it missed (law 15)', (t) => {
  const loop = settled(4, { seed: 2, membership: { ...QUICK, stableAfterMs: 20_000 } })
  const stalled = loop.node('n2')
  stalled.pausedUntilMs = loop.nowMs + 4_000
  loop.run(4_000)
  const before = stalled.events.length
  loop.run(8_000)

  const since = stalled.events.slice(before)
  t.deepEqual(
    since.filter(({ event }) => event.type === 'member-suspected' && event.member.uid !== 'n2'),
    [],
  )
  t.true(allSee(loop, ['n0', 'n1', 'n2', 'n3']))
})

test('links that fail between two alone are no reason to miss anybody: others probe on their behalf', (t) => {
  const loop = settled(4, { seed: 3, membership: QUICK })
  loop.passes = (from, to) => !(from === 'n1' && to === 'n2') && !(from === 'n2' && to === 'n1')
  loop.run(30_000)

  t.false(anyoneDown(loop))
})

test('a partition shorter than the wait for a stable view heals without a death', (t) => {
  const loop = settled(5, { seed: 4, membership: { ...QUICK, stableAfterMs: 10_000 } })
  const side = (uid: string): boolean => uid === 'n0' || uid === 'n1'
  loop.passes = (from, to) => side(from) === side(to)
  t.not(
    loop.until(() => loop.living.every((node) => saw(node, 'member-unreachable', side(node.uid) ? 'n4' : 'n0')), 9_000),
    null,
  )
  loop.passes = () => true

  t.not(
    loop.until(() => allSee(loop, ['n0', 'n1', 'n2', 'n3', 'n4']), 10_000),
    null,
  )
  t.false(anyoneDown(loop))
})

test('of two sides only that with the majority goes on, and the other one knows (law 14)', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), fc.integer({ min: 1, max: 30 }), (seed, mask) => {
      const loop = settled(5, { seed, membership: QUICK })
      const side = (uid: string): boolean => ((mask >> Number(uid.slice(1))) & 1) === 1
      const here = loop.living.filter(({ uid }) => side(uid))
      const winners = loop.living.filter(({ uid }) => side(uid) === here.length > 2)
      loop.passes = (from, to) => side(from) === side(to)
      loop.run(30_000)
      return loop.living.every(({ machine, uid }) => machine.isOver !== winners.some((winner) => winner.uid === uid))
    }),
    { numRuns: times(4, 12) },
  )
  t.pass()
})

test('a partition that begins while somebody joins leaves one side at most (law 14)', (t) => {
  const both: string[] = []
  for (let seed = 1; seed <= times(8, 25); seed++) {
    const loop = settled(3, { seed, membership: QUICK })
    loop.add('a', 'n0')
    loop.run(seed * 25)
    const side = (uid: string): boolean => uid === 'a' || uid === 'n0'
    loop.passes = (from, to) => side(from) === side(to)
    loop.run(8_000)
    const goOn = loop.living.filter(({ machine }) => !machine.isOver && machine.self.state === 'up')
    if (new Set(goOn.map(({ uid }) => side(uid))).size > 1) both.push(`seed ${seed}: ${goOn.map(({ uid }) => uid)}`)
  }
  t.deepEqual(both, [])
})

test('whoever has given up one that turns out to be up goes down itself, and takes nobody along (law 14)', (t) => {
  const loop = settled(4, { seed: 7, membership: QUICK })
  const late = loop.node('n3')
  loop.input(late, (machine) => machine.givenUp('n1', loop.nowMs))
  loop.run(5_000)

  t.true(late.machine.isOver)
  t.false(loop.living.some((node) => saw(node, 'member-down', 'n1')))
})

test('one that joins, and was given up before anybody knew of it, begins anew', (t) => {
  const loop = settled(3, { seed: 7, membership: QUICK })
  const newcomer = loop.add('n3', 'n0')
  const giving = loop.node('n0')
  t.not(
    loop.until(() => saw(giving, 'member-joined', 'n3'), 1_000),
    null,
  )
  loop.input(giving, (machine) => machine.givenUp('n3', loop.nowMs))
  loop.run(5_000)

  t.true(newcomer.machine.isOver)
  t.false(giving.machine.isOver)
})

test('who leaves is down once it is gone, without a wait', (t) => {
  const loop = settled(4, { seed: 5, membership: { ...QUICK, stableAfterMs: 60_000 } })
  const leaver = loop.node('n1')
  loop.input(leaver, (machine) => machine.leave(loop.nowMs))
  loop.run(500)
  t.true(loop.living.every((node) => saw(node, 'member-leaving', 'n1')))
  leaver.crashed = true

  t.not(
    loop.until(() => loop.living.every((node) => saw(node, 'member-down', 'n1')), 10_000),
    null,
  )
})

test('old gossip brings back nobody', (t) => {
  const loop = settled(3, { seed: 6, membership: QUICK })
  const old = { kind: 'news', from: 'n1', number: 0, about: '', records: [] } as const
  const record = ['n2', 1, 0, 99, 3, 'n2', '', [], ''] as const
  loop.node('n2').crashed = true
  loop.until(() => loop.living.every((node) => saw(node, 'member-removed', 'n2')), 20_000)
  loop.input(loop.node('n0'), (machine) => machine.receive({ ...old, records: [record] }, loop.nowMs))
  loop.run(5_000)

  t.true(allSee(loop, ['n0', 'n1']))
  t.is(loop.node('n0').events.at(-1)?.event.type, 'member-removed')
})

test('nobody is up before as many as the option says are there', (t) => {
  const loop = settled(3, { seed: 7, membership: { ...QUICK, minMembers: 3 } })
  const ups = loop.living.flatMap(({ events }) => events.filter(({ event }) => event.type === 'member-up'))

  t.true(ups.length >= 9)
  t.true(loop.living.every(({ machine }) => machine.members.every(({ upNumber }) => upNumber >= 1)))
})

test('a message carries 8 records besides its purpose at most, and a page of all 64', (t) => {
  const loop = settled(3, { seed: 8, membership: QUICK })
  let most = 0
  const machine = loop.node('n0').machine
  for (let i = 0; i < 200; i++) {
    const records = [[`x${i}`, 1, 0, 0, i + 9, 'x', '', [], ''] as const]
    const effects = machine.receive({ kind: 'ping', from: 'n1', number: i, about: '', records }, loop.nowMs)
    for (const effect of effects) if (effect.type === 'send') most = Math.max(most, effect.message.records.length)
  }
  t.is(most, 8)
  const pages = machine.receive({ kind: 'compare', from: 'n1', number: 1, about: '', records: [] }, loop.nowMs)
  const sizes = pages.flatMap((effect) =>
    effect.type === 'send' && effect.message.kind === 'page' ? [effect.message.records.length] : [],
  )
  t.deepEqual(sizes, [64, 64, 64, 11])
})

test('of each side the oldest claims the lease, and the others go its way (law 14)', (t) => {
  const lease = { acquire: () => Promise.resolve(false), renew: () => Promise.resolve(false), release: async () => {} }
  const loop = settled(5, { seed: 3, membership: { ...QUICK, splitBrain: keepLeaseHolder({ lease }) } })
  const here = new Set(['n0', 'n4'])
  const claimants: string[] = []
  const oldestThere = loop.node('n1').machine.members.find(({ uid }) => !here.has(uid))!.uid
  loop.passes = (from, to) => here.has(from) === here.has(to)
  loop.grants = (uid) => {
    claimants.push(uid)
    return !here.has(uid)
  }
  loop.run(20_000)

  t.deepEqual(claimants.sort(), ['n0', oldestThere].sort())
  for (const node of loop.nodes.values()) t.is(node.machine.isOver, here.has(node.uid), node.uid)
})

test('one that says goodbye was leaving, also where that word comes later than its last one', (t) => {
  const loop = settled(3, { seed: 1, membership: QUICK })
  const [n0] = loop.living
  loop.input(n0!, (machine) => machine.ended('n2', loop.nowMs, true))
  const types = n0!.events.filter(({ event }) => event.member.uid === 'n2').map(({ event }) => event.type)

  t.deepEqual(types.slice(-2), ['member-leaving', 'member-down'])
})

test('with the defaults a crash in a cluster of five is found within 5 s', (t) => {
  const late: number[] = []
  for (let seed = 1; seed <= times(4, 12); seed++) {
    const loop = settled(5, { seed })
    loop.run(2_000 + seed * 100)
    loop.node('n3').crashed = true
    const isFound = (): boolean => loop.living.some(({ machine }) => machine.member('n3')?.reachable === false)
    const ms = loop.until(isFound, 20_000)
    if (ms === null || ms > 5_000) late.push(seed)
  }
  t.deepEqual(late, [])
})

test('with 5 % loss and stalls of 200 ms nobody who is well is down', (t) => {
  const loop = settled(5, { seed: 9 })
  loop.lossPerMille = 50
  for (let s = 0; s < 600; s++) {
    loop.node(`n${s % 5}`).pausedUntilMs = loop.nowMs + 200
    loop.run(1_000)
  }
  t.false(anyoneDown(loop))
})

test('of a side the 8 oldest decide, and the others follow', (t) => {
  const loop = settled(13, { seed: 10, membership: QUICK })
  const side = (uid: string): boolean => Number(uid.slice(1)) >= 9
  const decided = (): string[] => {
    const deciders = loop.living.filter(({ machine }) => machine.members.some(({ state }) => state === 'down'))
    return deciders.map(({ uid }) => uid)
  }
  loop.passes = (from, to) => side(from) === side(to)
  loop.until(() => decided().length > 0, 20_000)
  const eldest = loop.node('n0').machine.members.filter(({ uid }) => !side(uid))
  const first = decided().filter((uid) => !side(uid))
  loop.run(10_000)

  t.true(first.every((uid) => eldest.slice(0, 8).some((member) => member.uid === uid)))
  t.deepEqual(
    loop.living.map(({ machine, uid }) => machine.isOver === side(uid)),
    Array(13).fill(true),
  )
})
