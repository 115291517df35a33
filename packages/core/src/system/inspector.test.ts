import test from 'ava'
import fc from 'fast-check'
import { actor } from '../actor/actor.ts'
import type { AnyActor } from '../actor/context.ts'
import { inspect } from '../actor/inspect.ts'
import { type Handlers, protocol } from '../actor/protocol.ts'
import type { AnyRef, Ref } from '../actor/ref.ts'
import { createSystem } from '../create-system.ts'
import { InvalidOptionError } from '../errors.ts'
import { manualRuntime } from '../runtime/manual.ts'
import { oneForOne } from '../supervision/one-for-one.ts'
import type { ActorSystem } from './actor-system.ts'
import { copyState } from './state-copy.ts'

interface Worker {
  work: () => void
  wait: () => Promise<void>
  fail: () => void
  spawn: (name: string) => void
}
const Worker = protocol<Worker>('worker')
const worker = actor(Worker, (ctx) => ({
  work: () => {},
  wait: () => new Promise<void>(() => {}),
  fail: () => {
    throw new Error('on purpose')
  },
  spawn: (name) => void ctx.spawn(worker as never, { name } as never),
}))

async function start() {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime, log: false })
  return { runtime, system }
}

const paths = (system: ActorSystem, options?: Parameters<ActorSystem['inspect']>[0]): readonly string[] =>
  system.inspect(options).actors.map(({ path }) => path)

test('inspect lists the actors of a node with path, kind, status, mailbox, restarts and number of children', async (t) => {
  const { runtime, system } = await start()
  const quiet = system.spawn(worker, { name: 'quiet', supervise: oneForOne({ backoff: { minMs: 10, jitter: 0 } }) })
  const busy = system.spawn(worker, { name: 'busy' })
  quiet.tell('fail')
  await runtime.advance(200)
  quiet.tell('spawn', 'child')
  for (const name of ['wait', 'work', 'work'] as const) busy.tell(name)
  await runtime.settle()
  system.spawn(worker, { name: 'new' })

  const { actors, next, complete } = system.inspect({ below: '/user' })

  const idle = { kind: 'worker', status: 'running', handling: null, queued: 0, restarts: 0, children: 0 }
  t.deepEqual(actors, [
    { ...idle, path: '/user', kind: 'guardian', children: 3 },
    { ...idle, path: '/user/quiet', restarts: 1, children: 1 },
    { ...idle, path: '/user/quiet/child' },
    { ...idle, path: '/user/busy', status: 'waiting', handling: 'wait', queued: 2 },
    { ...idle, path: '/user/new', status: 'starting' },
  ])
  t.is(next, null)
  t.true(complete)
  t.deepEqual(paths(system, { depth: 1 }), ['/', '/system', '/user'])
  t.deepEqual(paths(system, { below: '/user/quiet/child' }), ['/user/quiet/child'])
  t.deepEqual(paths(system, { below: '/user/nobody' }), [])
})

test('a status says whether an actor is restarting or stopping', async (t) => {
  const { runtime, system } = await start()
  const ref = system.spawn(worker, { name: 'w', supervise: oneForOne({ backoff: { minMs: 100, jitter: 0 } }) })
  const status = () => system.inspect({ below: '/user/w' }).actors[0]?.status

  ref.tell('fail')
  await runtime.settle()
  t.is(status(), 'restarting')
  await runtime.advance(10_000)
  ref.tell('wait')
  await runtime.settle()
  void system.stop(ref)
  await runtime.settle()
  t.is(status(), 'stopping')
  await runtime.advance(5_000)

  t.is(status(), undefined)
})

test('an answer holds 100 actors unless told otherwise, 1,000 at most, and says where to go on', async (t) => {
  const { runtime, system } = await start()
  for (let i = 0; i < 250; i++) system.spawn(worker)
  await runtime.settle()

  const first = system.inspect()

  t.is(first.actors.length, 100)
  t.is(system.inspect({ limit: 1_000 }).actors.length, 254)
  t.throws(() => system.inspect({ limit: 1_001 }), { instanceOf: InvalidOptionError })
  t.throws(() => system.inspect({ limits: 3 } as never), { code: 'UNKNOWN_OPTION', message: /did you mean "limit"/ })
  t.throws(() => system.inspect({ after: 'x' }), { instanceOf: InvalidOptionError })
  t.throws(() => system.inspect({ below: '/user', after: first.next ?? '' }), { instanceOf: InvalidOptionError })
})

test('page by page each actor is shown once, parents first, also when actors end in between', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(8), { minLength: 1, maxLength: 25 }),
      fc.integer({ min: 1, max: 7 }),
      fc.nat(30),
      async (parents, limit, ending) => {
        const { runtime, system } = await start()
        // A tree: each actor below one of those that were there before it.
        const refs: Ref<Worker>[] = []
        for (const [i, parent] of parents.entries()) {
          const above = parent < i ? refs[parent] : undefined
          if (above === undefined) refs.push(system.spawn(worker, { name: `n${i}` }))
          else {
            above.tell('spawn', `n${i}`)
            await runtime.settle()
            refs.push(refs[0] as Ref<Worker>)
          }
        }
        await runtime.settle()
        const all = paths(system, { limit: 1_000 })
        const shown: string[] = []
        let stopped = ''
        let after: string | null = null
        do {
          const page = system.inspect({ limit, ...(after !== null && { after }) })
          shown.push(...page.actors.map(({ path }) => path))
          after = page.next
          const victim = refs[ending]
          if (victim !== undefined && stopped === '') {
            stopped = victim.path
            void system.stop(victim)
            await runtime.settle()
          }
        } while (after !== null)

        t.is(new Set(shown).size, shown.length)
        const mayMiss = (path: string): boolean => stopped !== '' && `${path}/`.startsWith(`${stopped}/`)
        t.deepEqual(
          shown.filter((path) => !mayMiss(path)),
          all.filter((path) => !mayMiss(path)),
        )
      },
    ),
    { numRuns: 60 },
  )
})

test('on request the busiest actors come first: the fullest mailboxes, and none that is empty', async (t) => {
  const { runtime, system } = await start()
  const depths = [3, 0, 7, 1, 7, 2]
  for (const [i, depth] of depths.entries()) {
    const ref = system.spawn(worker, { name: `w${i}` })
    ref.tell('wait')
    for (let n = 0; n < depth; n++) ref.tell('work')
  }
  await runtime.settle()

  t.deepEqual(paths(system, { busiest: true }), ['/user/w2', '/user/w4', '/user/w0', '/user/w5', '/user/w3'])
  t.deepEqual(paths(system, { busiest: true, limit: 2 }), ['/user/w2', '/user/w4'])
})

// State

class Counter implements Handlers<{ add: (n: number) => void }> {
  total = 0
  readonly #secret = 1

  add(n: number): void {
    this.total += n * this.#secret
  }
}

test('a snapshot shows the public fields of the handlers, or what their [inspect] gives, also while a handler waits', async (t) => {
  const { runtime, system } = await start()
  const counter = system.spawn(actor('counter', () => new Counter() as { add: (n: number) => void }))
  counter.tell('add', 5)
  const rows = new Map([['k', 1]])
  const own = system.spawn(
    actor('own', () => ({ hang: () => new Promise<void>(() => {}), [inspect]: () => ({ rows: rows.size }) })),
  ) as Ref<{ hang: () => Promise<void> }>
  own.tell('hang')
  await runtime.settle()

  t.like(system.snapshot(counter), { kind: 'counter', status: 'running', state: { total: 5 }, error: null })
  t.like(system.snapshot(own), { status: 'waiting', handling: 'hang', state: { rows: 1 } })
})

test('an [inspect] that throws says so in the snapshot and harms nobody; of an actor that has ended there is none', async (t) => {
  const { runtime, system } = await start()
  const bad: AnyActor = actor('bad', () => ({
    work: () => {},
    [inspect]: () => {
      throw new Error('no view')
    },
  }))
  const ref = system.spawn(bad as typeof worker)
  await runtime.settle()

  t.like(system.snapshot(ref), { status: 'running', state: null, error: 'no view' })
  void system.stop(ref)
  await runtime.settle()

  t.is(system.snapshot(ref), null)
  const other = await createSystem({ name: 'b' })
  t.throws(() => other.snapshot(ref), { instanceOf: InvalidOptionError })
  t.throws(() => system.snapshot({} as AnyRef), { instanceOf: InvalidOptionError })
  await other.stop()
})

test('a state is cut at 4 levels, 50 entries of one thing, 500 characters of a text and 1,000 values in all', (t) => {
  const { clock } = manualRuntime()
  const copy = (state: unknown): unknown => copyState(state, {}, clock)

  t.deepEqual(copy({ a: { b: { c: { d: { e: {} } } } } }), { a: { b: { c: { d: { e: '[Object]' } } } } })
  t.deepEqual((copy(new Array(60).fill(1)) as unknown[]).slice(49), [1, '[10 more]'])
  t.deepEqual(copy(Object.fromEntries(Array.from({ length: 52 }, (_, i) => [`k${i}`, i]))), {
    ...Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, i])),
    '[more]': 2,
  })
  t.is(copy('x'.repeat(501)), `${'x'.repeat(500)}[1 more]`)
  const wide = copy(Array.from({ length: 50 }, () => new Array(50).fill(0))) as unknown[][]
  const values = wide.flat().filter((value) => value === 0).length + wide.filter(Array.isArray).length
  t.true(values <= 1_000 && values > 900, String(values))
})

test('a state is copied as plain data: no getter is called, no method shown, and a circle ends', (t) => {
  const { clock } = manualRuntime()
  const circle: Record<string, unknown> = { n: 1 }
  circle.self = circle
  const state = {
    circle,
    map: new Map([['k', new Set([1])]]),
    bytes: new Uint8Array(9),
    at: new Date(0),
    error: new TypeError('bad'),
    big: 5n,
    gone: undefined,
    not: Number.NaN,
    promise: Promise.resolve(),
    method: () => 1,
    get danger(): never {
      throw new Error('called')
    },
    ['__proto__']: { polluted: true },
  }

  const copied = copyState(state, { depth: 2 }, clock) as Record<string, unknown>

  t.deepEqual(JSON.parse(JSON.stringify(copied)), {
    circle: { n: 1, self: { n: 1, self: '[Object]' } },
    map: { '[Map]': 1, entries: [['k', '[Set]']] },
    bytes: '[Uint8Array of 9 bytes]',
    at: '[1970-01-01T00:00:00.000Z]',
    error: '[TypeError: bad]',
    big: '5n',
    gone: '[undefined]',
    not: '[NaN]',
    promise: '[Promise]',
    danger: '[getter]',
    ['__proto__']: { polluted: true },
  })
  t.is(Reflect.get(copied, 'polluted'), undefined)
})

test('a copy takes 5 ms at most, and what is left out then is marked', (t) => {
  let nowMs = 0
  const clock = { now: () => (nowMs += 1), wall: () => 0 }
  const state = Array.from({ length: 100 }, () => new Array(100).fill(1))

  const copied = copyState(state, { entries: 1_000, values: 1_000_000 }, clock) as unknown[]

  t.is(copied.at(-1), '[96 more]')
})

// Suspension

test('a suspended actor handles no message until it is resumed, and then all of them in order', async (t) => {
  const { runtime, system } = await start()
  const got: number[] = []
  const ref = system.spawn(actor('w', () => ({ take: (n: number) => void got.push(n) })))
  ref.tell('take', 1)
  await runtime.settle()

  t.true(system.suspend(ref))
  for (const n of [2, 3]) ref.tell('take', n)
  const asked = ref.ask('take', 4)
  await runtime.settle()
  t.deepEqual(got, [1])
  t.like(system.snapshot(ref), { status: 'suspended', queued: 3 })

  t.true(system.resume(ref))
  await runtime.settle()
  await asked
  t.deepEqual(got, [1, 2, 3, 4])
  t.is(system.snapshot(ref)?.status, 'running')
})

test('suspending does not touch the handler under way, and a suspended actor restarts, stays so, and can be stopped', async (t) => {
  const { runtime, system } = await start()
  let release = (): void => {}
  let ended = 0
  const slow = actor('slow', () => ({
    wait: async () => {
      await new Promise<void>((resolve) => {
        release = resolve
      })
      ended++
      throw new Error('on purpose')
    },
    count: () => ++ended,
  }))
  const ref = system.spawn(slow, { supervise: oneForOne({ backoff: { minMs: 10, jitter: 0 } }) })
  ref.tell('wait')
  ref.tell('count')
  await runtime.settle()

  system.suspend(ref)
  release()
  await runtime.advance(1_000)

  t.is(ended, 1)
  t.like(system.snapshot(ref), { status: 'suspended', restarts: 1, queued: 1 })
  let stopped = false
  void system.stop(ref).then(() => {
    stopped = true
  })
  await runtime.settle()
  t.true(stopped)
  t.false(system.suspend(ref))
  t.false(system.resume(ref))
})

// Counters

test('stats count actors, messages handled, failures, restarts and dead letters by reason', async (t) => {
  const { runtime, system } = await start()
  await runtime.settle()
  const before = system.stats()
  const ref = system.spawn(worker, { supervise: oneForOne({ backoff: { minMs: 10, jitter: 0 } }) })
  const brief = system.spawn(worker)
  for (let i = 0; i < 1_000; i++) ref.tell('work')
  ref.tell('fail')
  ref.tell('work')
  await runtime.advance(1_000)
  void system.stop(brief)
  await runtime.settle()
  brief.tell('work')
  brief.tell('work')
  await runtime.settle()

  const { actors, actorsStarted, messagesHandled, ...rest } = system.stats()

  t.is(actors, before.actors + 1)
  t.is(actorsStarted, before.actorsStarted + 2)
  t.is(messagesHandled - before.messagesHandled, 1_002)
  t.deepEqual(rest, { failures: 1, restarts: 1, systemBacklogs: 0, deadLetters: { stopped: 2 }, remote: null })
})

test('each message is counted once, however actors come to wait for their turns', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ to: fc.nat(3), count: fc.integer({ min: 1, max: 300 }), settle: fc.boolean() }), {
        maxLength: 12,
      }),
      fc.constantFrom(0, 0.02, 1),
      async (steps, costMs) => {
        const runtime = manualRuntime()
        let nowMs = 0
        const clock = { now: () => runtime.clock.now() + nowMs, wall: () => 0 }
        const system = await createSystem({ name: 'a', runtime: { ...runtime, clock }, log: false })
        let handled = 0
        const busy = actor('busy', () => ({
          work: (wait: boolean) => {
            nowMs += costMs
            handled++
            return wait ? Promise.resolve() : undefined
          },
        }))
        const refs = Array.from({ length: 4 }, () => system.spawn(busy))
        for (const { to, count, settle } of steps) {
          for (let i = 0; i < count; i++) refs[to]?.tell('work', i % 50 === to)
          if (settle) await runtime.settle()
        }
        await runtime.settle()

        t.is(
          handled,
          steps.reduce((sum, { count }) => sum + count, 0),
        )
        t.is(system.stats().messagesHandled, handled)
      },
    ),
    { numRuns: 60 },
  )
})
