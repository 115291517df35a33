import test from 'ava'
import { World } from '../simulation/world.ts'
import { applyNemesis, namedLeader } from './apply.ts'
import type { NemesisAction } from './nemesis.ts'
import { FOLLOWERS, LEADER } from './partitions.ts'

async function two(): Promise<World> {
  const world = new World()
  for (const name of ['a', 'b']) {
    world.add(name, (node) => node.createSystem({ seeds: node.others, disconnectGraceMs: 600_000 }))
  }
  await world.start()
  return world
}

/** Whether they are connected, seen from both sides. */
function connected(world: World): boolean {
  return world.nodes.size === 2 && [...world.nodes.values()].every(({ system }) => system.peers.length === 1)
}

const FAULTS: Record<string, readonly [begin: NemesisAction, end: NemesisAction | null]> = {
  crash: [
    { op: 'crash', node: 'a' },
    { op: 'start', node: 'a' },
  ],
  wipe: [
    { op: 'wipe', node: 'a' },
    { op: 'start', node: 'a' },
  ],
  pause: [
    { op: 'pause', node: 'a' },
    { op: 'resume', node: 'a' },
  ],
  partition: [{ op: 'partition', groups: [['a'], ['b']] }, { op: 'heal' }],
  'one way': [{ op: 'partition', groups: [['a'], ['b']], oneWay: true }, { op: 'heal' }],
  cut: [
    { op: 'cut', from: 'a', to: 'b' },
    { op: 'restore', from: 'a', to: 'b' },
  ],
  hold: [
    { op: 'hold', from: 'a', to: 'b' },
    { op: 'release', from: 'a', to: 'b' },
  ],
  reset: [{ op: 'reset', from: 'a', to: 'b' }, null],
}

test('each fault between two nodes parts them, and its end brings them together again', async (t) => {
  for (const [name, [begin, end]] of Object.entries(FAULTS)) {
    const world = await two()
    await world.until('no connection', () => connected(world))

    applyNemesis(world, begin)
    await world.until(`no effect of ${name}`, () => !connected(world))
    if (end !== null) applyNemesis(world, end)

    await t.notThrowsAsync(world.until(`no end of ${name}`, () => connected(world)))
  }
})

test('clocks, turns, disks and versions change as they are told', async (t) => {
  const world = await two()
  const clockOf = (name: string) => world.nodes.get(name)!.runtime.clock
  const before = clockOf('a').wall() - clockOf('b').wall()

  applyNemesis(world, { op: 'clock', node: 'a', stepMs: 5_000 })
  applyNemesis(world, { op: 'slow', node: 'a', turnMs: 1 })
  applyNemesis(world, { op: 'clog', from: 'a', to: 'b' })
  applyNemesis(world, { op: 'unclog', from: 'a', to: 'b' })
  applyNemesis(world, { op: 'disk', node: 'a', changes: { failedWritePerMillion: 1_000_000 } })
  await t.throwsAsync(
    world.during(
      world.nodes
        .get('a')!
        .disk.open('log')
        .then((file) => file.append(new Uint8Array(1))),
    ),
  )
  applyNemesis(world, { op: 'upgrade', node: 'b', version: '2' })
  await world.advance(1_000)

  t.is(clockOf('a').wall() - clockOf('b').wall() - before, 5_000)
  t.is(world.nodes.get('b')?.version, '2')
  t.is(world.nodes.get('b')?.incarnation, 2)
})

test('what makes no sense as things are does nothing', async (t) => {
  const world = await two()
  const nonsense: NemesisAction[] = [
    { op: 'crash', node: 'x' },
    { op: 'start', node: 'a' },
    { op: 'resume', node: 'a' },
    { op: 'cut', from: 'a', to: 'x' },
    { op: 'partition', groups: [['x'], ['y']] },
    { op: 'crash', node: 'b' },
    { op: 'crash', node: 'b' },
    { op: 'pause', node: 'b' },
    { op: 'slow', node: 'b', turnMs: 5 },
    { op: 'clock', node: 'b', driftPpm: 5 },
    { op: 'start', node: 'b' },
  ]

  for (const action of nonsense) applyNemesis(world, action)

  await t.notThrowsAsync(world.until('no connection', () => connected(world)))
})

test('whoever leads when the time has come is cut off by name, and nobody is when nobody leads', (t) => {
  const operation = { atMs: 1, op: 'partition', groups: [[LEADER, 'c1'], [FOLLOWERS]] } as const
  const other = { atMs: 1, op: 'heal' } as const

  t.deepEqual(
    namedLeader(operation, ['a', 'b', 'c'], () => 'b'),
    {
      ...operation,
      groups: [
        ['b', 'c1'],
        ['a', 'c'],
      ],
    },
  )
  t.is(
    namedLeader(operation, ['a', 'b', 'c'], () => null),
    null,
  )
  t.is(
    namedLeader(other, ['a', 'b', 'c'], () => null),
    other,
  )
})
