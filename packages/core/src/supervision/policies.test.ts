import test from 'ava'
import { actor } from '../actor/actor.ts'
import type { ChildFailed } from '../actor/child-failed.ts'
import type { Context, SpawnOptions } from '../actor/context.ts'
import { type Protocol, protocol } from '../actor/protocol.ts'
import type { Ref } from '../actor/ref.ts'
import { InvalidOptionError, StaleContextError, UnexpectedStopError } from '../errors.ts'
import type { ActorSystem } from '../system/actor-system.ts'
import type { SystemEvent } from '../system/events.ts'
import { refusal, timePasses, watchEnds, world } from '../testing/world.ts'
import type { Failure, Supervision } from './directive.ts'
import { oneForAll } from './one-for-all.ts'
import { oneForOne } from './one-for-one.ts'
import { restForOne } from './rest-for-one.ts'

const AT_ONCE = { minMs: 0, maxMs: 0 } as const
const atOnce = oneForOne({ backoff: AT_ONCE })

interface Child {
  fail: () => void
  quit: () => void
  drain: () => void
  add: (n: number) => number
}
const Child: Protocol<Child> = protocol('child')

const child = actor(Child, (context) => {
  let sum = 0
  return {
    fail: boom,
    quit: () => context.stop(),
    drain: () => context.stop(context.self, { drain: true }),
    add: (n) => (sum += n),
  }
})

function boom(): never {
  throw new RangeError('boom')
}

// Restart policies

test('a permanent actor that stops by itself is restarted: it keeps ref and mailbox, and nobody hears of it', async (t) => {
  for (const way of ['quit', 'drain'] as const) {
    const { runtime, system, events } = await world()
    const ends = watchEnds(system)
    const ref = system.spawn(child, { supervise: atOnce, restart: 'permanent' })
    await ends.watch(ref)
    await ref.ask('add', 100)

    ref.tell(way)
    const answers = Promise.all([ref.ask('add', 1), ref.ask('add', 10)])
    await runtime.advance(1)

    t.deepEqual(await answers, way === 'quit' ? [1, 11] : [101, 111])
    t.is(await ref.ask('add', 0), way === 'quit' ? 11 : 0)
    t.deepEqual(ends.log, [])
    t.like(events, [
      { type: 'actor-failed', directive: 'restart' },
      { type: 'actor-restarted', restarts: 1 },
    ])
    t.true(events[0]?.type === 'actor-failed' && events[0].error instanceof UnexpectedStopError)
  }
})

test('a permanent actor that its parent or the system stops is not restarted', async (t) => {
  const { runtime, system, events } = await world()
  const home = parentOf(system, child, { supervise: atOnce, restart: 'permanent' })
  const top = system.spawn(child, { supervise: atOnce, restart: 'permanent' })
  await runtime.settle()

  await system.stop(top)
  home.context.stop(home.child)
  await runtime.advance(1_000)

  t.deepEqual(events, [])
  t.deepEqual(home.context.children, [])
})

test('a permanent actor that stops itself while it is stopped changes nothing and reports nothing', async (t) => {
  const { runtime, system, events } = await world()
  const ref = system.spawn(
    actor('quitting', (context) => {
      context.onStop(() => context.stop())
      return {}
    }),
    { supervise: atOnce, restart: 'permanent' },
  )
  await runtime.settle()

  await system.stop(ref)

  t.deepEqual(events, [])
})

test('stopping by itself counts against the restarts of a permanent actor; one more stops it and fails its parent', async (t) => {
  const { runtime, system, events } = await world()
  const home = parentOf(system, child, {
    supervise: oneForOne({ maxRestarts: 2, backoff: AT_ONCE, decide: () => 'stop' }),
    restart: 'permanent',
  })
  await runtime.settle()

  for (let i = 0; i < 3; i++) {
    home.child.tell('quit')
    await runtime.advance(1)
  }

  const path = '/user/parent/child'
  t.deepEqual(
    events.map((event) => ('path' in event ? `${event.path} ${describe(event)}` : '')),
    [
      `${path} restart after 0 ms, restarts 0`,
      `${path} actor-restarted`,
      `${path} restart after 0 ms, restarts 1`,
      `${path} actor-restarted`,
      `${path} escalate after 0 ms, restarts 2`,
      `${path} restart-limit`,
      '/user/parent stop after 0 ms, restarts 0, escalations 1',
    ],
  )
})

test('a transient actor that stops by itself stays stopped; at its limit it stops and its parent lives on', async (t) => {
  const { runtime, system, events } = await world()
  const home = parentOf(system, child, { supervise: oneForOne({ maxRestarts: 0 }) })
  const other = parentOf(system, child, { supervise: atOnce, restart: 'transient' }, 'other')
  await runtime.settle()

  other.child.tell('quit')
  await runtime.settle()
  t.deepEqual(events, [])
  home.child.tell('fail')
  await runtime.advance(1_000)

  t.deepEqual(
    events.map(({ type }) => type),
    ['actor-failed', 'restart-limit'],
  )
  t.deepEqual([other.context.children, home.context.children], [[], []])
  t.deepEqual(home.failures, ['/user/parent/child boom stop'])
})

test('a temporary actor that fails stops, whatever its supervision decides about a restart', async (t) => {
  const stubborn: Supervision = {
    name: 'stubborn',
    supervise: () => ({ decide: () => ({ directive: 'restart', delayMs: 0, limitReached: false }) }),
  }
  for (const supervise of [atOnce, stubborn]) {
    const { runtime, system, events } = await world()
    const ref = system.spawn(child, { supervise, restart: 'temporary' })

    ref.tell('fail')
    await runtime.advance(1)

    t.like(events, [{ type: 'actor-failed', directive: 'stop' }])
    t.is((await refusal(t, ref.ask('add', 1))).reason, 'stopped')
  }
})

test('resume has nothing to go on with where a permanent actor stopped itself: it stops', async (t) => {
  const { runtime, system, events } = await world()
  const seen: Failure[] = []
  const resuming: Supervision = {
    name: 'resuming',
    supervise: () => ({
      decide: (failure) => {
        seen.push(failure)
        return { directive: 'resume', delayMs: 0, limitReached: false }
      },
    }),
  }
  const ref = system.spawn(child, { supervise: resuming, restart: 'permanent' })

  ref.tell('fail')
  ref.tell('quit')
  await runtime.settle()

  t.like(seen, [
    { ended: false, restart: 'permanent' },
    { ended: true, restart: 'permanent' },
  ])
  t.like(events, [{ directive: 'resume' }, { directive: 'stop' }])
})

test('restart and significant must fit what stands beside them', async (t) => {
  const { system } = await world()
  const stops = oneForOne({ shutdown: 'any-significant' })
  const wrong: [SpawnOptions | object, string][] = [
    [{ restart: 'permanent' }, 'given together with supervise'],
    [{ restart: 'always', supervise: atOnce }, 'one of permanent, transient, temporary'],
    [{ significant: true }, 'false unless supervise has a shutdown'],
    [{ significant: true, supervise: atOnce }, 'false unless supervise has a shutdown'],
    [{ significant: true, supervise: stops, restart: 'permanent' }, 'false where restart is permanent'],
    [{ significant: true, supervise: stops }, 'false: an actor at the top has no parent to stop'],
  ]

  for (const [options, message] of wrong) {
    t.throws(() => system.spawn(child, options as SpawnOptions), {
      instanceOf: InvalidOptionError,
      message: new RegExp(message),
    })
  }
  t.throws(() => oneForAll({ maxRestart: 1 } as object), { message: /did you mean "maxRestarts"/ })
  t.throws(() => restForOne({ shutdown: 'sometimes' } as object), {
    message: /never, any-significant, all-significant/,
  })
})

// Significant children

test('any-significant: the first significant child that ends by itself stops its parent in order', async (t) => {
  for (const end of ['quit', 'fail'] as const) {
    const { runtime, system, events } = await world()
    const home = parentOfMany(system, oneForOne({ maxRestarts: 0, shutdown: 'any-significant' }), {
      a: { significant: true },
      b: {},
      c: { significant: true, restart: 'temporary' },
    })
    await runtime.settle()

    home.ref('b').tell(end)
    await runtime.settle()
    t.true(home.alive)
    home.ref('c').tell(end)
    await runtime.settle()

    t.false(home.alive)
    t.deepEqual(home.log, ['clean-up'])
    t.like(events.at(-1), { type: 'auto-shutdown', path: '/user/parent', child: '/user/parent/c' })
  }
})

test('all-significant: the last significant child that ends by itself stops its parent', async (t) => {
  const { runtime, system } = await world()
  const home = parentOfMany(system, oneForOne({ maxRestarts: 0, shutdown: 'all-significant' }), {
    a: { significant: true },
    b: {},
    c: { significant: true },
    d: { significant: true },
  })
  await runtime.settle()

  home.ref('a').tell('quit')
  await runtime.settle()
  home.context.stop(home.ref('c'))
  await runtime.settle()
  t.true(home.alive)
  home.ref('d').tell('fail')
  await runtime.settle()

  t.false(home.alive)
})

test('a significant child that is restarted, or that its parent stops, does not stop its parent', async (t) => {
  const { runtime, system } = await world()
  const home = parentOfMany(system, oneForAll({ backoff: AT_ONCE, shutdown: 'any-significant' }), {
    a: { significant: true },
    b: { significant: true },
    c: { significant: true, restart: 'temporary' },
  })
  await runtime.settle()

  home.ref('a').tell('fail')
  await runtime.advance(1)
  home.context.stop(home.ref('b'))
  await runtime.advance(1)

  t.true(home.alive)
  t.deepEqual(
    home.context.children.map(({ path }) => path),
    ['/user/parent/a'],
  )
})

test('a parent stopped by its significant child stops by itself: where it is permanent it starts anew', async (t) => {
  const { runtime, system } = await world()
  const shutdown = oneForOne({ shutdown: 'any-significant' })
  const permanent = { supervise: atOnce, restart: 'permanent' } as const
  const home = parentOfMany(system, shutdown, { a: { significant: true } }, permanent)
  await runtime.settle()

  home.ref('a').tell('quit')
  await runtime.advance(1)

  t.deepEqual(home.log, ['clean-up'])
  t.is(await home.ref('a').ask('add', 1), 1)
})

// The parent is told

test('childFailed: the parent hears who failed, of what, and what was decided, once it is gone and its name is free', async (t) => {
  const { runtime, system } = await world()
  const seen: ChildFailed[] = []
  const home = system.spawn(
    actor('parent', (context) => {
      const start = (): Ref<Child> => context.spawn(child, { name: 'child' })
      let ref = start()
      return {
        failChild: () => ref.tell('fail'),
        add: (n: number) => ref.ask('add', n),
        childFailed: (failed: ChildFailed) => {
          seen.push(failed)
          ref = start()
        },
      }
    }),
    { name: 'parent' },
  )

  home.tell('failChild')
  await runtime.settle()

  t.like(seen, [{ ref: { path: '/user/parent/child' }, error: { message: 'boom' }, directive: 'stop' }])
  t.is(await home.ask('add', 3), 3)
})

test('childFailed comes after the watchers have been told, and after all the child had sent', async (t) => {
  const { runtime, system } = await world()
  const log: string[] = []
  const Parent: Protocol<{ said: (what: string) => void; gone: () => void }> = protocol('parent')
  const talker = actor('talker', (_context, to: Ref<{ said: (what: string) => void }>) => ({
    fail: () => {
      to.tell('said', 'last words')
      boom()
    },
  }))
  system.spawn(
    actor(Parent, (context) => {
      const ref = context.spawn(talker, { args: context.self })
      context.watch(ref, 'gone')
      ref.tell('fail')
      return {
        said: (what) => void log.push(what),
        gone: () => void log.push('gone'),
        childFailed: () => void log.push('failed'),
      }
    }),
  )

  await runtime.settle()

  t.deepEqual(log, ['last words', 'gone', 'failed'])
})

test('childFailed is not called for a child that is resumed, restarted, stopped or stops by itself', async (t) => {
  const { runtime, system } = await world()
  for (const supervise of [atOnce, oneForOne({ decide: () => 'resume' })]) {
    const home = parentOf(system, child, { supervise }, supervise === atOnce ? 'restarting' : 'resuming')
    await runtime.settle()
    home.child.tell('fail')
    await runtime.advance(1)
    home.child.tell('quit')
    await runtime.advance(1)
    t.deepEqual(home.failures, [])
    t.deepEqual(home.context.children, [])
  }
})

test('childFailed waits like a message: for an async handler, and it keeps the mailbox waiting itself', async (t) => {
  const { runtime, system } = await world()
  const log: string[] = []
  const home = system.spawn(
    actor('parent', (context) => {
      const ref = context.spawn(child)
      return {
        work: async () => {
          ref.tell('fail')
          await timePasses(runtime, 10)
          log.push('work done')
        },
        childFailed: async () => {
          await timePasses(runtime, 10)
          log.push('failure handled')
        },
        after: () => void log.push('after'),
      }
    }),
  )
  home.tell('work')
  await runtime.advance(5)
  home.tell('after')
  await runtime.advance(5)
  t.deepEqual(log, ['work done'])

  await runtime.advance(10)

  t.deepEqual(log, ['work done', 'failure handled', 'after'])
})

test('a childFailed that throws fails the parent like any handler', async (t) => {
  const { runtime, system, events } = await world()
  system.spawn(
    actor('parent', (context) => {
      context.spawn(child).tell('fail')
      return {
        childFailed: ({ error }: ChildFailed) => {
          throw new Error('no child, no parent', { cause: error })
        },
      }
    }),
    { name: 'parent' },
  )

  await runtime.settle()

  t.like(events.at(-1), { type: 'actor-failed', path: '/user/parent', error: { message: 'no child, no parent' } })
})

test('nobody can send childFailed: it is unhandled from outside, before and after one has been handled', async (t) => {
  const { runtime, system, events } = await world()
  const seen: unknown[] = []
  const home = system.spawn(
    actor('parent', (context) => ({
      start: () => context.spawn(child).tell('fail'),
      childFailed: (failed: ChildFailed) => void seen.push(failed.error.message),
    })),
  )
  const forged = home as unknown as Ref<{ childFailed: (failed: unknown) => void }>
  const tell = forged.tell.bind(forged) as (name: string, payload: unknown) => boolean
  const ask = forged.ask.bind(forged) as (name: string, payload: unknown) => Promise<unknown>

  tell('childFailed', 'forged')
  home.tell('start')
  await runtime.settle()
  tell('childFailed', 'forged')
  t.like(await refusal(t, ask('childFailed', 'forged')), { outcome: 'not-sent', reason: 'unhandled' })

  t.deepEqual(seen, ['boom'])
  t.deepEqual(
    events.flatMap((event) => (event.type === 'dead-letter' ? [event.reason] : [])),
    ['unhandled', 'unhandled', 'unhandled'],
  )
})

test('without childFailed a failed child makes no dead letter, and unhandled does not get it', async (t) => {
  const { runtime, system, events } = await world()
  const seen: string[] = []
  system.spawn(actor('silent', (context) => (context.spawn(child).tell('fail'), {})))
  const generic = actor('generic', (context) => {
    context.spawn(child).tell('fail')
    return { unhandled: (name: string) => void seen.push(name) }
  })
  system.spawn(generic)

  await runtime.settle()

  t.deepEqual(seen, [])
  t.is(events.filter((event) => event.type === 'dead-letter').length, 0)
})

test('a childFailed still queued does not outlive a restart of the parent, unless the children do', async (t) => {
  for (const keepChildren of [false, true]) {
    const { runtime, system } = await world()
    const seen: string[] = []
    const home = system.spawn(
      actor('parent', (context) => {
        const ref = context.spawn(child)
        return {
          fail: async () => {
            ref.tell('fail')
            await timePasses(runtime, 10)
            boom()
          },
          childFailed: ({ error }: ChildFailed) => void seen.push(error.message),
        }
      }),
      { supervise: atOnce, keepChildren },
    )
    home.tell('fail')

    await runtime.advance(20)

    t.deepEqual(seen, keepChildren ? ['boom'] : [])
  }
})

// Children that are kept

test('keepChildren: children run on over a restart of their parent, and its set-up finds them', async (t) => {
  const { runtime, system } = await world()
  let starts = 0
  const counting = actor(Child, (context) => {
    starts++
    return child.setup(context, undefined)
  })
  const home = system.spawn(
    actor('parent', (context) => {
      const kept = context.child(Child, 'kept') ?? context.spawn(counting, { name: 'kept' })
      return {
        fail: boom,
        add: (n: number) => kept.ask('add', n),
        children: () => context.children.map(({ path }) => path),
        missing: () => [context.child(Child, 'nobody'), context.child(protocol('other'), 'kept')],
      }
    }),
    { name: 'parent', supervise: oneForOne({ backoff: { minMs: 50, maxMs: 50 } }), keepChildren: true },
  )
  await home.ask('add', 1)

  home.tell('fail')
  await runtime.advance(60)

  t.is(await home.ask('add', 1), 2)
  t.is(starts, 1)
  t.deepEqual(await home.ask('children'), ['/user/parent/kept'])
  t.deepEqual(await home.ask('missing'), [null, null])
})

test('keepChildren: a stop of the parent stops them still, the last one first', async (t) => {
  const { runtime, system } = await world()
  const log: string[] = []
  const leaf = actor(protocol<Record<never, never>>('leaf'), (context, name: string) => {
    context.onStop(() => void log.push(name))
    return {}
  })
  const home = system.spawn(
    actor('parent', (context) => {
      if (context.children.length === 0) for (const name of ['a', 'b']) context.spawn(leaf, { args: name })
      return { fail: boom }
    }),
    { supervise: oneForOne({ backoff: { minMs: 50, maxMs: 50 } }), keepChildren: true },
  )
  for (const afterMs of [10, 0]) {
    home.tell('fail')
    await runtime.advance(afterMs)
    t.deepEqual(log, [])
  }

  await system.stop(home)

  t.deepEqual(log, ['b', 'a'])
})

test('keepChildren: a cohort restarts by itself while its parent waits for its own restart', async (t) => {
  const { runtime, system } = await world()
  const log: string[] = []
  const together = oneForAll({ backoff: AT_ONCE })
  const logging = actor(Child, (context, name: string) => {
    log.push(`${name} starts`)
    return child.setup(context, undefined)
  })
  const refs: Ref<Child>[] = []
  const home = system.spawn(
    actor('parent', (context) => {
      if (context.children.length === 0)
        for (const name of ['a', 'b']) refs.push(context.spawn(logging, { name, args: name, supervise: together }))
      return { fail: boom }
    }),
    { supervise: oneForOne({ backoff: { minMs: 50, maxMs: 50, jitter: 0 } }), keepChildren: true },
  )
  home.tell('fail')
  await runtime.advance(10)
  log.length = 0

  refs[0]?.tell('fail')
  await runtime.advance(10)

  t.deepEqual(log, ['a starts', 'b starts'])
})

// Escalation (law 7)

test('an escalation is reported level by level, each with what was decided and how far below it began', async (t) => {
  const { runtime, system, events } = await world()
  const escalate = oneForOne({ decide: () => 'escalate' })
  const chain = actor(protocol<Record<never, never>>('chain'), (context, depth: number) => {
    if (depth === 0) context.spawn(child, { name: 'leaf', supervise: escalate }).tell('fail')
    else context.spawn(chain, { name: `level${depth}`, args: depth - 1, supervise: escalate })
    return {}
  })
  system.spawn(chain, { name: 'top', args: 2, supervise: escalate })

  await runtime.settle()

  t.deepEqual(
    events.flatMap((event) =>
      event.type === 'actor-failed' ? [`${event.path} ${event.directive} ${event.escalations}`] : [],
    ),
    [
      '/user/top/level2/level1/leaf escalate 0',
      '/user/top/level2/level1 escalate 1',
      '/user/top/level2 escalate 2',
      '/user/top escalate 3',
      '/user resume 4',
    ],
  )
})

test('permanent levels multiply: a leaf that always fails starts (a + 1)(b + 1) times before the failure reaches the top (law 7)', async (t) => {
  for (const [a, b] of [
    [0, 0],
    [1, 2],
    [3, 1],
  ] as const) {
    const { runtime, system, events } = await world()
    let starts = 0
    const leaf = actor(Child, (context) => {
      starts++
      context.self.tell('fail')
      return child.setup(context, undefined)
    })
    const level = (maxRestarts: number): SpawnOptions => ({
      supervise: oneForOne({ maxRestarts, withinMs: 1e6, backoff: AT_ONCE }),
      restart: 'permanent',
    })
    const middle = actor('middle', (context) => (context.spawn(leaf, level(b)), {}))

    system.spawn(middle, level(a))
    await runtime.advance(1_000)

    t.is(starts, (a + 1) * (b + 1))
    t.is(events.filter((event) => event.type === 'restart-limit').length, a + 2)
  }
})

test('a set-up that fails and escalates makes its parent wait 100 ms too: levels of set-ups do not spin', async (t) => {
  const { runtime, system } = await world()
  const starts: number[] = []
  const broken = actor(Child, () => {
    starts.push(runtime.clock.now())
    return boom()
  })
  system.spawn(
    actor('parent', (context) => {
      context.spawn(broken, { supervise: oneForOne({ decide: () => 'escalate' }) })
      return {}
    }),
    { supervise: oneForOne({ maxRestarts: 2, backoff: AT_ONCE }) },
  )

  await runtime.advance(10_000)

  t.deepEqual(starts, [0, 100, 200])
})

test('a parent may resume when the set-up of a child escalates: it has handlers itself', async (t) => {
  const { system } = await world()
  const home = system.spawn(
    actor('parent', (context) => {
      const broken = actor(Child, () => boom())
      context.spawn(broken, { supervise: oneForOne({ decide: () => 'escalate' }) })
      return { children: () => context.children.length }
    }),
    { supervise: oneForOne({ decide: () => 'resume' }) },
  )

  t.is(await home.ask('children'), 0)
})

test('actor-failed says which supervision decided, how often it has restarted, and when it will', async (t) => {
  const { runtime, system, events } = await world()
  const ref = system.spawn(child, { name: 'child', supervise: oneForOne({ backoff: { minMs: 40, jitter: 0 } }) })

  ref.tell('fail')
  await runtime.advance(40)
  ref.tell('fail')
  await runtime.advance(80)

  t.like(
    events.filter((event) => event.type === 'actor-failed'),
    [
      { path: '/user/child', supervision: 'one-for-one', restarts: 0, delayMs: 40, escalations: 0 },
      { path: '/user/child', supervision: 'one-for-one', restarts: 1, delayMs: 80, escalations: 0 },
    ],
  )
})

// The fence counts (law 6), and the time to stop (law 9)

test('each call of an old continuation on its context is reported as stale-context, each late result as stale-result (law 6)', async (t) => {
  const { runtime, system, events } = await world()
  let zombie: Context<Child> | null = null
  const ref = system.spawn(
    actor(Child, (context) => {
      zombie ??= context
      context.pipe(
        timePasses(runtime, 50).then(() => 1),
        'add',
      )
      return child.setup(context, undefined)
    }),
    { name: 'child', supervise: atOnce },
  )
  ref.tell('fail')
  await runtime.advance(10)

  t.throws(() => zombie?.spawn(child), { instanceOf: StaleContextError })
  t.throws(() => zombie?.after(1, 'add', 1), { instanceOf: StaleContextError })
  await runtime.advance(100)

  const path = '/user/child'
  t.deepEqual(
    events.filter(({ type }) => type.startsWith('stale')),
    [
      { type: 'stale-context', path, action: 'spawn' },
      { type: 'stale-context', path, action: 'after' },
      { type: 'stale-result', path },
    ],
  )
  t.is(await ref.ask('add', 0), 1)
})

test('handler, children and clean-ups share the time to stop: it is over after stopTimeoutMs in all, and onStop runs at most once (law 9)', async (t) => {
  const parts = { handler: 40, child: 40, cleanUp: 40 }
  for (const [stopTimeoutMs, cleanUps] of [
    [130, 1],
    [100, 1],
    [70, 0],
    [30, 0],
  ] as const) {
    const { runtime, system, events } = await world()
    let begun = 0
    let aborted = -1
    const slowChild = actor('slow', (context) => {
      context.onStop(() => timePasses(runtime, parts.child))
      return {}
    })
    const ref = system.spawn(
      actor('slow', (context) => {
        context.spawn(slowChild)
        context.signal.addEventListener('abort', () => (aborted = runtime.clock.now()))
        context.onStop(() => {
          begun++
          return timePasses(runtime, parts.cleanUp)
        })
        return { work: () => timePasses(runtime, parts.handler) }
      }),
      { stopTimeoutMs },
    )
    ref.tell('work')
    await runtime.settle()

    const stopped = system.stop(ref).then(() => runtime.clock.now())
    ref.tell('work')
    await runtime.advance(1_000)

    t.is(await stopped, Math.min(120, stopTimeoutMs))
    t.is(aborted, 0)
    t.is(begun, cleanUps, `${stopTimeoutMs} ms`)
    t.like(events[0], { type: 'dead-letter', reason: 'stopping' })
    t.is(events.filter((event) => event.type === 'actor-killed').length > 0, stopTimeoutMs < 120)
  }
})

// Pieces of these tests

interface Home {
  readonly context: Context<Record<never, never>>
  readonly child: Ref<Child>
  readonly failures: string[]
}

/** A parent with one child named `child`, which writes down what it hears of it. Settle before use. */
function parentOf(system: ActorSystem, definition: typeof child, options: SpawnOptions, name = 'parent'): Home {
  const home = { failures: [] as string[] } as { -readonly [K in keyof Home]: Home[K] }
  system.spawn(
    actor(protocol<Record<never, never>>('parent'), (context) => {
      home.context = context
      home.child = context.spawn(definition, { name: 'child', ...options })
      return {
        childFailed: ({ ref, error, directive }) =>
          void home.failures.push(`${ref.path} ${error.message} ${directive}`),
      }
    }),
    { name },
  )
  return home
}

/** A parent with children of one supervision. Settle before use. */
function parentOfMany(
  system: ActorSystem,
  supervise: Supervision,
  children: Readonly<Record<string, SpawnOptions>>,
  options: SpawnOptions = {},
) {
  const log: string[] = []
  const refs = new Map<string, Ref<Child>>()
  const home = {
    log,
    alive: true,
    context: {} as Context<Record<never, never>>,
    ref: (name: string): Ref<Child> => refs.get(name)!,
  }
  const parent = system.spawn(
    actor(protocol<Record<never, never>>('parent'), (context) => {
      home.context = context
      context.onStop(() => void log.push('clean-up'))
      for (const [name, more] of Object.entries(children))
        refs.set(name, context.spawn(child, { name, supervise, ...more }))
      return {}
    }),
    { name: 'parent', ...options },
  )
  const End: Protocol<{ gone: () => void }> = protocol('end')
  system.spawn(
    actor(End, (context) => {
      context.watch(parent, 'gone')
      return { gone: () => void (home.alive = false) }
    }),
  )
  return home
}

function describe(event: SystemEvent): string {
  if (event.type !== 'actor-failed') return event.type
  const { directive, delayMs, restarts, escalations } = event
  return `${directive} after ${delayMs} ms, restarts ${restarts}${escalations > 0 ? `, escalations ${escalations}` : ''}`
}
