import { SeededRandom } from '@troupe/core'
import test from 'ava'
import fc from 'fast-check'
import { FAULT_KINDS, type FaultKind, type FaultOptions } from './fault-options.ts'
import type { NemesisOperation } from './nemesis.ts'
import { drawPartition, FOLLOWERS, LEADER } from './partitions.ts'
import { drawNemesis, type Targets } from './swarm.ts'

const five: Targets = {
  nodes: ['n1', 'n2', 'n3', 'n4', 'n5'],
  clients: ['c1', 'c2'],
  durationMs: 60_000,
  hasLeader: true,
}
const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 })

function draw(seed: number, options?: FaultOptions, targets: Targets = five): NemesisOperation[] {
  return drawNemesis(new SeededRandom(seed), targets, options)
}

/** What ends an operation of a fault that lasts. */
const ENDS: Partial<Record<NemesisOperation['op'], NemesisOperation['op']>> = {
  crash: 'start',
  wipe: 'start',
  pause: 'resume',
  partition: 'heal',
  cut: 'heal',
  clog: 'unclog',
  hold: 'release',
}

test('one seed draws one list, in the order of time, and another seed another one', (t) => {
  const lists = Array.from({ length: 50 }, (_, seed) => JSON.stringify(draw(seed)))

  t.deepEqual(
    Array.from({ length: 50 }, (_, seed) => JSON.stringify(draw(seed))),
    lists,
  )
  t.true(new Set(lists).size > 45)
  fc.assert(
    fc.property(seeds, (seed) => {
      const times = draw(seed).map(({ atMs }) => atMs)
      return times.every((atMs, i) => atMs >= (times[i - 1] ?? 0) && atMs < five.durationMs)
    }),
  )
})

test('each fault that lasts has an end, unless the end of all comes first', (t) => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const list = draw(seed, { kinds: FAULT_KINDS, versions: ['2'] })
      return list.every((operation, i) => {
        const end = ENDS[operation.op]
        if (end === undefined) return true
        const ended = list.slice(i + 1).some((later) => later.op === end && isOf(later, operation))
        // The longest one lasts 25 s; a swizzle-clog opens up to 4 s after that, and up to 7 s after it began.
        return ended || operation.atMs > five.durationMs - 40_000
      })
    }),
  )
  t.pass()
})

test('a run has a choice of the kinds of faults, at least one, and each kind gets its turn', (t) => {
  const seen = new Map<string, number>()
  for (let seed = 0; seed < 200; seed++) {
    for (const op of new Set(draw(seed, { meanGapMs: 300 }).map(({ op }) => op))) seen.set(op, (seen.get(op) ?? 0) + 1)
  }

  for (const op of ['crash', 'pause', 'partition', 'clog', 'hold', 'reset', 'clock', 'slow', 'disk'] as const) {
    const runs = seen.get(op) ?? 0
    t.true(runs > 20 && runs < 180, `${op} in ${runs} of 200 runs`)
  }
  t.false(seen.has('wipe'))
  t.false(seen.has('upgrade'), 'there is no other version')
})

test('only what is allowed happens', (t) => {
  const operations: Record<FaultKind, readonly NemesisOperation['op'][]> = {
    crash: ['crash', 'start'],
    wipe: ['wipe', 'start'],
    pause: ['pause', 'resume'],
    partition: ['partition', 'cut', 'heal'],
    clog: ['clog', 'unclog', 'hold', 'release'],
    reset: ['reset'],
    clock: ['clock'],
    slow: ['slow'],
    'slow-disk': ['disk'],
    'disk-errors': ['disk'],
    'disk-lies': ['disk'],
    upgrade: ['upgrade'],
  }
  for (const kind of FAULT_KINDS) {
    const list = draw(7, { kinds: [kind], versions: ['2', '3'], meanGapMs: 500 })

    t.true(list.length > 0, kind)
    t.true(
      list.every(({ op }) => operations[kind].includes(op)),
      kind,
    )
  }
  t.deepEqual(draw(7, { kinds: [] }), [])
})

test('no more nodes are down at one time than may be, an upgraded one included: by default a minority', (t) => {
  fc.assert(
    fc.property(seeds, fc.constantFrom(undefined, 0, 1, 4), (seed, maxDown) => {
      const kinds: FaultKind[] = ['crash', 'wipe', 'upgrade']
      const limit = maxDown === undefined ? {} : { maxDown }
      const down = new Set<string>()
      for (const operation of draw(seed, { kinds, versions: ['2'], meanGapMs: 200, ...limit })) {
        if (operation.op === 'crash' || operation.op === 'wipe') down.add(operation.node)
        if (operation.op === 'start') down.delete(operation.node)
        if (down.size + Number(operation.op === 'upgrade') > (maxDown ?? 2)) return false
      }
      return true
    }),
  )
  t.pass()
})

test('a longer run begins with the faults of the shorter one', (t) => {
  const all = draw(11, { kinds: ['crash'], meanGapMs: 400 })
  const longer = draw(11, { kinds: ['crash'], meanGapMs: 400 }, { ...five, durationMs: 120_000 })

  t.deepEqual(longer.filter(({ atMs }) => atMs < five.durationMs).slice(0, all.length), all)
})

test('partitions have every form: halves, one alone, the leader alone, a bridge, a ring of majorities, one way', (t) => {
  const forms = new Set<string>()
  for (let seed = 0; seed < 200; seed++) {
    const actions = drawPartition(new SeededRandom(seed), five)
    const [first] = actions
    if (first?.op !== 'partition') {
      forms.add('ring')
      t.is(actions.length, 5 * 2, 'of five, each misses two')
      continue
    }
    const nodes = first.groups.flat().filter((name) => !five.clients.includes(name))
    t.is(new Set(first.groups.flat()).size, first.groups.flat().length)
    if (nodes.includes(LEADER)) forms.add('leader')
    else if (nodes.length === 4) forms.add('bridge')
    else if (first.groups.some((group) => group.filter((name) => nodes.includes(name)).length === 1)) forms.add('alone')
    else forms.add('halves')
    if (first.oneWay === true) forms.add('one way')
    if (nodes.includes(LEADER)) t.true(nodes.includes(FOLLOWERS))
  }

  t.deepEqual([...forms].toSorted(), ['alone', 'bridge', 'halves', 'leader', 'one way', 'ring'])
})

test('a cluster of one node has crashes left out, and nothing to cut off', (t) => {
  const one: Targets = { nodes: ['n1'], clients: [], durationMs: 60_000, hasLeader: false }
  fc.assert(
    fc.property(seeds, (seed) =>
      draw(seed, {}, one).every(({ op }) => ['pause', 'resume', 'slow', 'clock', 'disk'].includes(op)),
    ),
  )
  t.pass()
})

function isOf(end: NemesisOperation, begin: NemesisOperation): boolean {
  if ('node' in begin) return 'node' in end && end.node === begin.node
  if ('from' in begin && 'from' in end) return end.from === begin.from && end.to === begin.to
  return true
}
