import test from 'ava'
import { createSystem } from '../create-system.ts'
import { type ManualRuntime, manualRuntime } from '../runtime/manual.ts'
import type { ActorSystem } from '../system/actor-system.ts'
import type { SystemEvent } from '../system/events.ts'
import { timePasses } from '../testing/world.ts'
import { actor } from './actor.ts'
import { type Protocol, protocol } from './protocol.ts'
import type { Ref } from './ref.ts'

interface Worker {
  work: (what: string) => Promise<void>
}
const Worker: Protocol<Worker> = protocol('worker')

interface Boss {
  /** Hands it to a child. */
  hand: (job: { to: number; what: string }) => void
  leave: () => void
  rest: (ms: number) => Promise<void>
}
const Boss: Protocol<Boss> = protocol('boss')

test('a drain reaches the children: each handles what it has, the youngest first, before the clean-ups', async (t) => {
  for (const by of ['system', 'itself'] as const) {
    const { runtime, system, log, boss, events } = await world()
    const ref = system.spawn(boss())
    for (const to of [0, 1]) for (const what of ['x', 'y']) ref.tell('hand', { to, what })

    let gone = false
    if (by === 'itself') ref.tell('leave')
    const stopped = system.stop(ref, { drain: true }).then(() => (gone = true))
    await runtime.advance(100)
    await stopped

    t.true(gone)
    t.deepEqual(log, [
      // Both work at once until one of them is to stop.
      '0 x',
      '1 x',
      '0 y',
      '1 y',
      'child 1 gone',
      'child 0 gone',
      'boss gone',
    ])
    t.deepEqual(events, [])
  }
})

test('a drain goes all the way down', async (t) => {
  const { runtime, system } = await world()
  const log: string[] = []
  interface Node {
    pass: (hops: number) => Promise<void>
  }
  const node = (depth: number): ReturnType<typeof actor<Node>> =>
    actor(protocol<Node>('node'), (context) => {
      const child: Ref<Node> | null = depth === 0 ? null : context.spawn(node(depth - 1))
      context.onStop(() => void log.push(`${depth} gone`))
      return {
        pass: async (hops) => {
          await timePasses(runtime, 10)
          log.push(`${depth} passes ${hops}`)
          child?.tell('pass', hops)
        },
      }
    })
  const ref = system.spawn(node(2))
  ref.tell('pass', 1)
  ref.tell('pass', 2)

  const stopped = system.stop(ref, { drain: true })
  await runtime.advance(1_000)
  await stopped

  t.deepEqual(
    log.filter((line) => line.startsWith('0')),
    ['0 passes 1', '0 passes 2', '0 gone'],
  )
  t.deepEqual(
    log.filter((line) => line.endsWith('gone')),
    ['0 gone', '1 gone', '2 gone'],
  )
})

test('a stop without drain cuts a drain short, in order, be it the turn of the actor or of its children', async (t) => {
  for (const afterMs of [50, 250]) {
    const { runtime, system, log, boss, events } = await world()
    const ref = system.spawn(boss(100))
    for (const what of ['a', 'b', 'c', 'd']) ref.tell('hand', { to: 0, what })
    if (afterMs === 250) await runtime.settle()
    else for (let i = 0; i < 2; i++) ref.tell('rest', 100)

    const drained = system.stop(ref, { drain: true })
    await runtime.advance(afterMs)
    const stopped = system.stop(ref)
    await runtime.advance(1_000)
    await Promise.all([drained, stopped])

    const handled = afterMs === 250 ? ['0 a', '0 b', '0 c'] : ['0 a']
    t.deepEqual(
      log.filter((line) => line !== 'child 1 gone'),
      [...handled, 'child 0 gone', 'boss gone'],
    )
    t.deepEqual(
      events.flatMap((event) => (event.type === 'dead-letter' ? [`${event.message} ${String(event.payload)}`] : [])),
      afterMs === 250 ? ['work d'] : ['work b', 'work c', 'work d', 'rest 100'],
    )
  }
})

test('a drain may take longer than stopTimeoutMs in the actor itself; its children have that time together', async (t) => {
  const { runtime, system, log, boss, events } = await world()
  const ref = system.spawn(boss(100), { stopTimeoutMs: 250 })
  for (let i = 0; i < 4; i++) ref.tell('rest', 100)
  for (const what of ['a', 'b', 'c', 'd']) ref.tell('hand', { to: 0, what })

  const drained = system.stop(ref, { drain: true })
  await runtime.advance(649)
  t.deepEqual(log, ['child 1 gone', '0 a', '0 b'])
  await runtime.advance(1)
  await drained

  t.like(
    events.find((event) => event.type === 'actor-killed'),
    { path: ref.path, why: 'children or clean-ups did not end within 250 ms' },
  )
  t.deepEqual(
    events.flatMap((event) => (event.type === 'dead-letter' ? [event.payload] : [])),
    ['d'],
  )
})

test('an actor that is stopped without drain stops its children without', async (t) => {
  const { runtime, system, log, boss, events } = await world()
  const ref = system.spawn(boss())
  ref.tell('hand', { to: 0, what: 'x' })
  ref.tell('hand', { to: 0, what: 'y' })
  await runtime.settle()

  const stopped = system.stop(ref)
  await runtime.advance(100)
  await stopped

  t.deepEqual(log, ['child 1 gone', '0 x', 'child 0 gone', 'boss gone'])
  t.like(events, [{ type: 'dead-letter', reason: 'stopped', payload: 'y' }])
})

// Pieces of these tests

interface World {
  readonly runtime: ManualRuntime
  readonly system: ActorSystem
  readonly events: SystemEvent[]
  readonly log: string[]
  /** Two children that take `workMs` for each job, by default 10. */
  boss(workMs?: number): ReturnType<typeof actor<Boss>>
}

async function world(): Promise<World> {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime, log: false })
  const events: SystemEvent[] = []
  system.events.subscribe((event) => events.push(event))
  const log: string[] = []
  const worker = (id: number, workMs: number) =>
    actor(Worker, (context) => {
      context.onStop(() => void log.push(`child ${id} gone`))
      return {
        work: async (what) => {
          await timePasses(runtime, workMs)
          log.push(`${id} ${what}`)
        },
      }
    })
  const boss = (workMs = 10) =>
    actor(Boss, (context) => {
      const children = [0, 1].map((id) => context.spawn(worker(id, workMs)))
      context.onStop(() => void log.push('boss gone'))
      return {
        hand: ({ to, what }) => void children[to]?.tell('work', what),
        leave: () => context.stop(undefined, { drain: true }),
        rest: (ms) => timePasses(runtime, ms),
      }
    })
  return { runtime, system, events, log, boss }
}
