import { actor, protocol, type Ref, type SystemEvent, type Terminated } from '@troupe/core'
import { World } from '@troupe/testkit'
import test from 'ava'
import { MEMBERSHIP } from './stage/members.ts'

interface Watcher {
  watch: (ref: Ref<object>) => void
  gone: (notice: Terminated) => void
}

/** Three nodes that are up, and what happens on the first. */
async function three(): Promise<{ world: World; events: SystemEvent[]; notices: string[] }> {
  const world = new World({ seed: 5, network: { minLatencyMs: 1, meanLatencyMs: 5 } })
  const events: SystemEvent[] = []
  const notices: string[] = []
  const Desk = protocol<object>('desk')
  for (const name of ['n1', 'n2', 'n3']) {
    world.add(name, async (node) => {
      const terms = { seeds: node.others, heartbeatMs: 250, disconnectGraceMs: 500 }
      const system = await node.createSystem({ ...terms, membership: { ...MEMBERSHIP, roles: [name] } })
      if (name === 'n3') system.register(Desk, system.spawn(actor(Desk, () => ({}))))
      if (name === 'n1') system.events.subscribe((event) => events.push(event))
    })
  }
  await world.start()
  const { system } = world.nodes.get('n1')!
  await world.until('members', () => system.members.filter(({ state }) => state === 'up').length === 3, 10_000)
  const watcher = system.spawn(
    actor(protocol<Watcher>('watcher'), (context) => ({
      watch: (ref) => context.watch(ref, 'gone'),
      gone: ({ reason }) => void notices.push(reason),
    })),
  )
  await world.during(watcher.ask('watch', await world.during(system.find(Desk))))
  return { world, events, notices }
}

test('a member that crashes is down for its watchers, and out of the list in the end', async (t) => {
  const { world, notices } = await three()
  const { system } = world.nodes.get('n1')!
  world.crash('n3')
  await world.advance(10_000)

  t.deepEqual(notices, ['node-down'])
  t.deepEqual(system.members.flatMap(({ roles }) => roles).sort(), ['n1', 'n2'])
})

test('a loss longer than the disconnect grace alone is no death', async (t) => {
  const { world, events, notices } = await three()
  world.pause('n3')
  await world.advance(1_800)
  world.resume('n3')
  await world.advance(10_000)

  t.true(events.some(({ type }) => type === 'peer-lost'))
  t.false(events.some(({ type }) => type === 'peer-down' || type === 'member-down'))
  t.deepEqual(notices, [])
})

test('a node that stops in order is leaving, then down at once', async (t) => {
  const { world, events, notices } = await three()
  const { system } = world.nodes.get('n3')!
  system.onStop('before-stop', 'unfinished work', () => new Promise((resolve) => void system.after(500, resolve)))
  await world.during(system.stop())
  await world.advance(100)
  const types = events.filter((event) => 'member' in event && event.member.roles[0] === 'n3').map(({ type }) => type)

  t.deepEqual(types.slice(-2), ['member-leaving', 'member-down'])
  t.is(notices.length, 1)
})

test('a node that listens and takes no part in the membership is not dialled for ever once it is gone', async (t) => {
  const world = new World({ seed: 6, network: { minLatencyMs: 1, meanLatencyMs: 5 } })
  const events: SystemEvent[] = []
  world.add('n1', async (node) => {
    const terms = { seeds: [], heartbeatMs: 250, disconnectGraceMs: 500 }
    const system = await node.createSystem({ ...terms, membership: MEMBERSHIP })
    system.events.subscribe((event) => events.push(event))
  })
  world.add('n2', (node) => node.createSystem({ seeds: node.others }))
  await world.start()
  await world.advance(3_000)
  world.crash('n2')
  await world.advance(10_000)

  t.true(events.some(({ type }) => type === 'peer-up'))
  t.true(events.some(({ type }) => type === 'peer-down'))
})
