import { actor, protocol } from '@troupe/core'
import test from 'ava'
import { operations } from '../checkers/history.ts'
import type { SimulatedNode } from './simulated-node.ts'
import { NoNodeError, NotInTimeError, ViolationError } from './simulation-error.ts'
import { World } from './world.ts'

interface Store {
  put: (value: number) => void
  get: () => number
}
const Store = protocol<Store>('store')
const store = actor(Store, () => {
  let kept = 0
  return {
    put: (value) => {
      kept = value
    },
    get: () => kept,
  }
})

/** A node without a system: what its program has done, and when. */
function lonely(world: World, program: (node: SimulatedNode) => unknown): void {
  world.add('a', program)
}

/** Two nodes; what `b` keeps in its store is lost with its memory. */
async function pair(): Promise<World> {
  const world = new World({ seed: 3 })
  world.add('a', (node) => node.createSystem({ seeds: node.others }))
  world.add('b', async (node) => {
    const system = await node.createSystem()
    system.register(Store, system.spawn(store))
  })
  await world.start()
  return world
}

function systemOf(world: World, name: string) {
  return world.nodes.get(name)!.system
}

test('a seed is a whole number or a text, and other options are refused', (t) => {
  t.throws(() => new World({ seed: 0.5 }), { code: 'INVALID_OPTION', message: /seed/ })
  t.throws(() => new World({ sed: 1 } as object), { code: 'UNKNOWN_OPTION', message: /did you mean "seed"/ })
})

test('nodes find each other, and one that has crashed comes back with another memory', async (t) => {
  const world = await pair()
  const found = await world.during(systemOf(world, 'a').find(Store))
  found.tell('put', 5)
  t.is(await world.during(found.ask('get')), 5)

  world.crash('b')
  t.deepEqual([...world.nodes.keys()], ['a'])
  await t.throwsAsync(world.during(found.ask('get', undefined, { timeoutMs: 2_000 })))
  const reborn = await world.during(world.boot('b'))
  const isBack = (): boolean => systemOf(world, 'a').peers.some(({ uid }) => uid === reborn.system.uid)
  await world.until('no connection', isBack)

  const again = await world.during(systemOf(world, 'a').find(Store))
  t.is(await world.during(again.ask('get')), 0)
  t.is(reborn.incarnation, 2)
})

test('what a node notes is in the history with its time, outlives its crash, and is in the hash of the run', async (t) => {
  const run = async (value: string): Promise<World> => {
    const world = new World()
    lonely(world, (node) => void node.runtime.scheduler.after(10, () => node.note(value, { n: node.incarnation })))
    await world.start()
    await world.advance(20)
    world.crash('a')
    await world.start()
    await world.advance(20)
    return world
  }
  const world = await run('seen')

  const note = { process: 'a:notes', type: 'info', f: 'seen' } as const
  t.deepEqual(world.history, [
    { ...note, value: { n: 1 }, at: 10 },
    { ...note, value: { n: 2 }, at: 30 },
  ])
  t.deepEqual(operations(world.history), [])
  t.is((await run('seen')).trace.hash, world.trace.hash)
  t.not((await run('heard')).trace.hash, world.trace.hash)
})

test('what a crashed node was about to do is not done, nor what is given to it afterwards', async (t) => {
  const world = new World()
  const done: string[] = []
  lonely(world, ({ runtime: { scheduler } }) => {
    scheduler.after(10, () => done.push('early'))
    scheduler.after(20, () => done.push('late'))
    scheduler.after(15, () => {
      scheduler.defer(() => done.push('deferred'))
      scheduler.yield(() => done.push('yielded'))
      world.crash('a')
      scheduler.defer(() => done.push('deferred by the dead'))
      scheduler.yield(() => done.push('yielded by the dead'))
      scheduler.after(1, () => done.push('a timer of the dead'))
    })
  })

  await world.start()
  await world.advance(100)

  t.deepEqual(done, ['early'])
})

test('a paused node does nothing, and then everything late, in order, and sees its clock jump', async (t) => {
  const world = new World()
  const ticks: [n: number, atMs: number][] = []
  let bornMs = 0
  lonely(world, ({ runtime: { clock, scheduler } }) => {
    bornMs = clock.now()
    for (let n = 1; n <= 5; n++) scheduler.after(10 * n, () => ticks.push([n, clock.now() - bornMs]))
  })
  await world.start()
  await world.advance(15)

  world.pause('a')
  await world.advance(100)
  t.is(ticks.length, 1)
  world.resume('a')
  await world.advance(1)

  const rounded = ticks.map(([n, atMs]) => [n, Math.round(atMs)])
  t.deepEqual(rounded, [
    [1, 10],
    [2, 115],
    [3, 115],
    [4, 115],
    [5, 115],
  ])
})

test('what is late goes before what is due only now, on a slow node and on one that is resumed, in either mode', async (t) => {
  for (const mode of ['fifo', 'explore'] as const) {
    for (const delay of ['slow', 'pause'] as const) {
      const world = new World({ mode })
      const ticks: number[] = []
      lonely(world, ({ runtime: { scheduler } }) => {
        for (const atMs of [20, 1, 2, 15, 21]) scheduler.after(atMs, () => ticks.push(atMs))
      })
      // Before the node is there: its turn at that instant is the first.
      world.at(20, () => world.resume('a'))
      await world.start()
      if (delay === 'slow') world.slow('a', 10)
      else world.pause('a')
      await world.advance(200)

      t.deepEqual(ticks, [1, 2, 15, 20, 21], `${mode}, ${delay}`)
    }
  }
})

test('each turn of a slow node takes its time, and those after it wait in their order', async (t) => {
  const world = new World()
  const ticks: string[] = []
  lonely(world, ({ runtime: { scheduler } }) => {
    for (const name of ['first', 'second', 'third']) {
      scheduler.after(100 + ticks.length, () => ticks.push(`${name} ${world.nowMs}`))
    }
  })
  await world.start()
  world.slow('a', 7)
  await world.advance(200)

  t.deepEqual(
    ticks.map((tick) => tick.split(' ')[1]),
    ['100', '107', '114'],
  )
})

test('a disk keeps through a crash what was synced, and loses everything by a wipe', async (t) => {
  const world = new World()
  const found: number[] = []
  lonely(world, async ({ disk, incarnation }) => {
    const file = await disk.open('log')
    found.push(file.sizeBytes)
    await file.append(new Uint8Array(10).fill(incarnation))
    await file.sync()
    await disk.sync()
  })

  await world.start()
  world.crash('a')
  await world.start()
  world.wipe('a')
  await world.start()

  t.deepEqual(found, [0, 10, 0])
})

test('a process that ends by itself is started again after its time, unless something else has befallen it', async (t) => {
  const world = new World({ restartMs: 1_000 })
  const starts: number[] = []
  lonely(world, async (node) => {
    starts.push(world.nowMs)
    if (node.incarnation === 1) node.exit('tired')
    // It asks for a file that its disk cannot give.
    if (node.incarnation === 2) await node.disk.open('log').then((file) => file.append(new Uint8Array(10)))
  })
  world.setDisk('a', { failedWritePerMillion: 1_000_000 })

  void world.boot('a')
  await world.advance(1_500)
  world.setDisk('a', { failedWritePerMillion: 0 })
  await world.advance(5_000)
  t.deepEqual(starts.map(Math.floor), [0, 1_000, 2_000])

  world.nodes.get('a')!.exit('tired again')
  world.crash('a')
  await world.advance(5_000)
  t.is(starts.length, 3)
  t.deepEqual([...world.nodes.keys()], [])
})

test('clocks of processes do not agree, unless things happen in the order in which they become due', async (t) => {
  const show = async (mode: 'fifo' | 'explore'): Promise<number[]> => {
    const world = new World({ mode })
    const shown: number[] = []
    for (const name of ['a', 'b']) world.add(name, ({ runtime }) => shown.push(runtime.clock.now()))
    await world.start()
    return shown
  }

  const [a, b] = await show('explore')
  t.not(a, b)
  t.deepEqual(await show('fifo'), [0, 0])
})

test('a clock can be set, and made to run too fast, on one node alone', async (t) => {
  const world = new World({ mode: 'fifo' })
  for (const name of ['a', 'b']) world.add(name, () => {})
  await world.start()
  const clockOf = (name: string) => world.nodes.get(name)!.runtime.clock

  world.setClock('a', { stepMs: -1_000, driftPpm: 500 })
  await world.advance(10_000)

  t.is(clockOf('a').now() - clockOf('b').now(), 5)
  t.is(clockOf('a').wall() - clockOf('b').wall(), -995)
})

test('a version comes with a start, and stays', async (t) => {
  const world = new World()
  const versions: string[] = []
  lonely(world, ({ version }) => versions.push(version))

  await world.start()
  world.crash('a')
  await world.during(world.boot('a', '2'))
  world.crash('a')
  await world.start()

  t.deepEqual(versions, ['1', '2', '2'])
})

test('promises are all done before time moves on, and what is deferred before that', async (t) => {
  const world = new World()
  const order: string[] = []
  lonely(world, async ({ runtime: { scheduler } }) => {
    scheduler.after(0, () => order.push('timer'))
    scheduler.yield(() => order.push('yield'))
    scheduler.defer(() => order.push('defer'))
    for (let i = 0; i < 50; i++) await null
    order.push('promises')
  })

  await world.start()
  await world.advance(1)

  t.deepEqual(order.slice(0, 2), ['promises', 'defer'])
  t.deepEqual(order.slice(2).toSorted(), ['timer', 'yield'])
})

test('whoever waits for what does not come is told after the time it may take', async (t) => {
  const world = new World()

  await t.throwsAsync(
    world.until('no miracle', () => false, 500),
    { instanceOf: NotInTimeError, message: /no miracle within 500 ms/ },
  )
  await t.throwsAsync(world.during(new Promise(() => {}), 500), { instanceOf: NotInTimeError })
  t.is(world.nowMs, 1_000)
})

test('a step in which something goes wrong that nobody catches rejects', async (t) => {
  const world = new World()
  lonely(world, ({ runtime }) => runtime.scheduler.after(50, () => void Promise.reject(new TypeError('oops'))))
  await world.start()

  await t.throwsAsync(world.advance(100), {
    instanceOf: ViolationError,
    message: /TypeError at world\.test\.ts:\d+, at \d+ ms on a: .*oops/,
  })
})

test('what is not there is named', async (t) => {
  const world = new World()
  lonely(world, () => {})
  await world.start()

  t.throws(() => world.crash('b'), { instanceOf: NoNodeError, message: /no machine b, only a/ })
  t.throws(() => world.add('a', () => {}), { instanceOf: NoNodeError })
  t.throws(() => systemOf(world, 'a'), { instanceOf: NoNodeError, message: /has no system/ })
})

test('a turn cannot move time on', async (t) => {
  const world = new World()
  let refused: unknown
  world.at(1, () => {
    world.run(5).catch((error) => {
      refused = error
    })
  })

  await world.run(2)

  t.regex(String(refused), /what happens in it cannot move its time on/)
})
