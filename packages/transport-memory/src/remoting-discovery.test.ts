import { createSystem, type Discovery, type LogSink, memorySeeds, staticSeeds } from '@troupe/core'
import { manualRuntime } from '@troupe/core/testing'
import test from 'ava'
import { World } from './testing/world.ts'

const membership = { foundAfterMs: 1_000, aloneAfterMs: 2_000, probePeriodMs: 200 }

/** Lines of a log, as text. */
function lines(): { readonly texts: string[]; readonly log: LogSink } {
  const texts: string[] = []
  return { texts, log: (_level, _source, message) => void texts.push(message) }
}

test('nodes that find one another later are connected, and one that is found no more is not tried again', async (t) => {
  const world = new World()
  const seeds = memorySeeds('memory://a')
  const a = await world.node('a', { seeds })
  const b = await world.node('b', { seeds })
  await world.until('a link', () => b.system.peers.length === 1)
  const tried = await world.raw('raw')
  seeds.add('memory://raw')
  await world.until('an attempt', () => tried.links.length > 0)
  seeds.delete('memory://raw')
  await world.time.advance(30_000)
  const attempts = tried.links.length
  await world.time.advance(60_000)

  t.is(a.system.peers.length, 1)
  t.is(tried.links.length, attempts)
  await world.stop()
})

test('nodes that start together begin one cluster, at the lowest address', async (t) => {
  const world = new World()
  const seeds = memorySeeds('memory://b', 'memory://a', 'memory://c')
  const nodes = [await world.node('c', { seeds, membership }), await world.node('b', { seeds, membership })]
  await world.time.advance(500)
  nodes.push(await world.node('a', { seeds, membership }))
  await world.until('one cluster', () =>
    nodes.every(({ system }) => system.members.filter(({ state }) => state === 'up').length === 3),
  )

  for (const { system } of nodes) t.is(system.members[0]!.name, 'a')
  await world.stop()
})

test('of several that are listed, those that never answer are left out in the end', async (t) => {
  const world = new World()
  const seeds = staticSeeds(['memory://a', 'memory://b', 'memory://c'])
  const b = await world.node('b', { seeds, membership })
  const c = await world.node('c', { seeds, membership })
  await world.time.advance(1_900)
  t.true(b.system.members.every(({ state }) => state === 'joining'))
  await world.until('a cluster', () =>
    [b, c].every(({ system }) => system.members.filter(({ state }) => state === 'up').length === 2),
  )

  t.deepEqual(
    b.system.members.map(({ name }) => name),
    ['b', 'c'],
  )
  await world.stop()
})

test('a look that fails, throws or never ends leaves what was found, and is made again', async (t) => {
  const world = new World()
  await world.node('a')
  const looks: AbortSignal[] = []
  const answers: (() => Promise<readonly string[]>)[] = [
    () => Promise.reject(new Error('no server')),
    () => {
      throw new Error('no sense')
    },
    () => new Promise(() => {}),
    () => Promise.resolve(['memory://a']),
  ]
  const seeds: Discovery = {
    name: 'moody',
    lookup: (signal) => {
      looks.push(signal)
      return answers[Math.min(looks.length - 1, answers.length - 1)]!()
    },
  }
  const b = await world.node('b', { seeds })
  await world.until('a link', () => b.system.peers.length === 1)

  t.is(looks.length, 4)
  t.true(looks[2]!.aborted)
  await world.stop()
})

test('a look under way is given up when the node stops, and none comes after', async (t) => {
  const world = new World()
  const looks: AbortSignal[] = []
  const seeds: Discovery = { name: 'slow', lookup: (signal) => (looks.push(signal), new Promise(() => {})) }
  const a = await world.node('a', { seeds })
  await world.time.advance(100)
  t.false(looks[0]!.aborted)
  await world.during(a.system.stop())
  await world.time.advance(20_000)

  t.true(looks[0]!.aborted)
  t.is(looks.length, 1)
})

test('what keeps a node from being in a cluster is in its log, once', async (t) => {
  const world = new World()
  const { texts, log } = lines()
  const a = await world.node('a', { seeds: memorySeeds('memory://other'), membership, log })
  await world.time.advance(40_000)
  const said = texts.filter((text) => text.startsWith('memory seeds'))

  t.deepEqual(said, ['memory seeds: its own address is not among those found (memory://other)'])
  t.is(a.system.members[0]!.state, 'joining')
  await world.stop()
})

test('an address that leads back to the node itself counts as its own', async (t) => {
  const world = new World()
  const seeds = memorySeeds('memory://alias', 'memory://b')
  const { texts, log } = lines()
  // The name that others found it by, and what it calls itself.
  const transport = world.network.transport('memory://alias')
  const listen = transport.listen.bind(transport)
  transport.listen = async (accept, runtime) => {
    await listen(accept, runtime)
    return 'memory://own'
  }
  const a = await world.node('a', { seeds, membership, transport, log })
  const b = await world.node('b', { seeds, membership })
  await world.until('one cluster', () =>
    [a, b].every(({ system }) => system.members.filter(({ state }) => state === 'up').length === 2),
  )

  t.is(b.system.members[0]!.name, 'a')
  t.deepEqual(
    texts.filter((text) => text.includes('refused')),
    [],
  )
  await world.stop()
})

test('seeds are a list of addresses or something to look them up with, and need a transport', async (t) => {
  const options = { name: 'a', runtime: manualRuntime() }
  await t.throwsAsync(createSystem({ ...options, seeds: [''] }), { code: 'INVALID_OPTION', message: /seeds/ })
  await t.throwsAsync(createSystem({ ...options, seeds: {} as never }), { code: 'INVALID_OPTION', message: /seeds/ })
  await t.throwsAsync(createSystem({ ...options, seeds: memorySeeds() }), { message: /transport/ })
  t.throws(() => staticSeeds(['']), { code: 'INVALID_OPTION' })
})
