import {
  actor,
  InvalidOptionError,
  oneForOne,
  protocol,
  ReplyError,
  type SystemEvent,
  type Terminated,
  UnknownOptionError,
} from '@troupe/core'
import { within } from '@troupe/testkit'
import test from 'ava'
import fc from 'fast-check'
import { HashBalancing, LeastConnections, type PoolOptions, pool, RoundRobin } from './index.ts'
import { failure, type RouterStage, routerContract, routerStage, Work } from './router.contract.ts'

routerContract(test, 'pool', ({ system, definition }, size, options) =>
  system.spawn(pool(definition, { size, ...options, replaceAfterMs: false })),
)

const stopAtOnce = oneForOne({ maxRestarts: 0 })

test('a routee that crashes is restarted by default, and what is queued for it is handled after', async (t) => {
  const { runtime, system, definition, workers, deadLetters } = await routerStage()
  const router = system.spawn(pool(definition, { size: 2, strategy: new RoundRobin() }))
  const asked = failure(router.ask('fail'))
  for (const text of ['a', 'b', 'c', 'd']) router.tell('note', text)

  await runtime.advance(1_000)

  t.is((await asked).outcome, 'failed')
  t.deepEqual(
    workers.map(({ notes }) => notes),
    [[], ['a', 'c'], ['b', 'd']],
    'the third life is the first routee, restarted',
  )
  t.deepEqual(deadLetters, [])
})

test('a routee that ends is replaced, its queue becomes dead letters, and its successor has its keys', async (t) => {
  const { runtime, system, definition, workers, deadLetters } = await routerStage()
  const options = { size: 3, strategy: new HashBalancing(), supervise: stopAtOnce, replaceAfterMs: 50 }
  const router = system.spawn(pool(definition, { ...options, key: keyOf }))
  const keys = Array.from({ length: 30 }, (_, i) => `key ${i}`)
  const owners = (): Promise<number[]> =>
    within(runtime, Promise.all(keys.map((key) => router.ask('keyed', { key }))), 10)
  const before = await owners()

  router.tell('fail')
  router.tell('note', 'queued behind the failure')
  await runtime.settle()
  const failed = before[keys.indexOf('key 0')]!
  t.is(deadLetters.length, 1)
  t.false((await owners()).includes(failed), 'while it is missing the others have its keys')
  await runtime.advance(50)

  t.deepEqual(
    await owners(),
    before.map((owner) => (owner === failed ? 3 : owner)),
  )
  t.is(workers.length, 4)

  /** What is neither keyed nor controlled goes where key 0 goes. */
  function keyOf(name: string, payload: unknown): string {
    return name === 'keyed' ? (payload as { key: string }).key : 'key 0'
  }
})

test('routees that cannot start do not spin: one attempt in every replaceAfterMs', async (t) => {
  const { runtime, system } = await routerStage()
  let starts = 0
  const broken = actor(Work, () => {
    starts++
    throw new Error('cannot start')
  })
  system.spawn(pool(broken, { size: 1, strategy: new RoundRobin(), supervise: stopAtOnce, replaceAfterMs: 100 }))

  await runtime.advance(1_000)

  t.true(starts >= 9 && starts <= 11, `${starts} starts`)
})

test('when the last routee has ended, whenEmpty stop stops the pool, even one nobody has used', async (t) => {
  const { runtime, system, definition, workers } = await routerStage()
  const router = system.spawn(pool(definition, { size: 2, strategy: new RoundRobin(), whenEmpty: 'stop' }))
  const ends: string[] = []
  const watcher = actor(protocol<{ gone: (notice: Terminated) => void }>('watcher'), (ctx) => {
    ctx.watch(router, 'gone')
    return { gone: ({ reason }) => void ends.push(reason) }
  })
  system.spawn(watcher)
  await runtime.settle()

  workers[0]!.ref.tell('end')
  await runtime.settle()
  t.deepEqual(ends, [])
  workers[1]!.ref.tell('end')
  await runtime.settle()

  t.deepEqual(ends, ['stopped'])
})

test('a routee whose supervision escalates fails the pool with the same error, which may restart it', async (t) => {
  const { runtime, system, definition, workers } = await routerStage()
  const failures: string[] = []
  system.events.subscribe((event) => {
    if (event.type === 'actor-failed') failures.push(`${event.path}: ${event.error.message}, ${event.directive}`)
  })
  const supervise = oneForOne({ decide: () => 'escalate' })
  const router = system.spawn(pool(definition, { size: 2, strategy: new RoundRobin(), supervise }), {
    name: 'pool',
    supervise: oneForOne(),
  })

  router.tell('fail')
  await runtime.advance(5_000)

  t.deepEqual(failures.slice(1), ['/user/pool/routees: broken, escalate', '/user/pool: broken, restart'])
  t.true((await within(runtime, router.ask('who'))) >= 2)
  t.is(workers.length, 4)
})

test('$resize starts routees or drains some, and nothing that was routed is lost', async (t) => {
  const { runtime, system, definition, workers, deadLetters } = await routerStage()
  const router = system.spawn(pool(definition, { size: 4, strategy: new RoundRobin() }))
  const note = (count: number): void => {
    for (let i = 0; i < count; i++) router.tell('note', 'x')
  }

  note(40)
  router.tell('$resize', 1)
  note(40)
  router.tell('$resize', 3)
  await runtime.settle()
  note(30)
  await runtime.settle()

  t.deepEqual(
    workers.map(({ notes }) => notes.length),
    [60, 10, 10, 10, 10, 10],
  )
  t.deepEqual(deadLetters, [])
  t.is((await within(runtime, router.ask('$report'))).routees.length, 3)
  const refused = await within(runtime, failure(router.ask('$resize', 0)))
  t.is(refused.cause instanceof ReplyError && refused.cause.causeCode, 'INVALID_OPTION')
})

test('any sizes in any order: the pool has the last one in the end, and every note is handled once', async (t) => {
  const step = fc.oneof(
    fc.record({ size: fc.integer({ min: 1, max: 6 }) }),
    fc.record({ notes: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ ms: fc.nat(20) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      const { runtime, system, definition, workers, deadLetters } = await routerStage()
      const router = system.spawn(pool(definition, { size: 2, strategy: new RoundRobin() }))
      let [size, sent] = [2, 0]
      for (const each of steps) {
        if ('size' in each) {
          size = each.size
          router.tell('$resize', size)
        } else if ('ms' in each) await runtime.advance(each.ms)
        else for (let i = 0; i < each.notes; i++) router.tell('note', String(sent++))
      }
      await runtime.advance(200)
      const handled = workers.flatMap(({ notes }) => notes).map(Number)
      const { routees } = await within(runtime, router.ask('$report'))
      const places = routees.map(({ id }) => Number(id))
      return (
        handled.sort((a, b) => a - b).every((number, i) => number === i) &&
        handled.length === sent &&
        deadLetters.length === 0 &&
        routees.length === size &&
        new Set(places).size === size
      )
    }),
    { numRuns: 60 },
  )
  t.pass()
})

for (const strategy of [new RoundRobin(), new LeastConnections()]) {
  test(`all that was routed is handled when the pool is stopped with drain: ${strategy.name}`, async (t) => {
    const { runtime, system, definition, workers, deadLetters } = await routerStage()
    const router = system.spawn(pool(definition, { size: 3, strategy }))
    const asks = Array.from({ length: 30 }, () => router.ask('who'))
    for (let i = 0; i < 300; i++) router.tell('note', 'x')

    const stopped = system.stop(router, { drain: true })
    await within(runtime, stopped)

    t.is((await Promise.all(asks)).length, 30)
    t.is(workers.flatMap(({ notes }) => notes).length, 300)
    t.deepEqual(deadLetters, [])
  })
}

test('a drain covers routees that joined later, and those that are just being taken off', async (t) => {
  const { runtime, system, definition, workers, deadLetters } = await routerStage()
  const router = system.spawn(pool(definition, { size: 3, strategy: new RoundRobin() }))
  router.tell('$resize', 5)
  await runtime.settle()
  for (let i = 0; i < 500; i++) router.tell('note', 'x')
  router.tell('$resize', 1)

  await within(runtime, system.stop(router, { drain: true }))

  t.is(workers.flatMap(({ notes }) => notes).length, 500)
  t.deepEqual(deadLetters, [])
})

test('a routee that is slow while the pool drains holds the stop up for drainTimeoutMs, and no longer', async (t) => {
  const { runtime, system, events } = await eventful()
  const slow = actor('slow', () => ({ wait: () => new Promise<void>(() => {}), note: () => {} }))
  const options = { size: 1, strategy: new RoundRobin(), drainTimeoutMs: 300 }
  const router = system.spawn(pool(slow, options), { name: 'pool', stopTimeoutMs: 1_000 })
  router.tell('wait')
  router.tell('note')
  let over = false
  void system.stop(router, { drain: true }).then(() => (over = true))

  await runtime.advance(299)
  t.false(over)
  await runtime.advance(1_000)

  t.true(over)
  t.deepEqual(
    events.filter(({ type }) => type === 'dead-letter').map((event) => 'message' in event && event.message),
    ['note'],
  )
})

test('a plain stop waits for what is routed too, and with drainTimeoutMs 0 only a drain does', async (t) => {
  for (const [drainTimeoutMs, drain, handled] of [
    [1_000, false, 100],
    [1_000, true, 100],
    [0, false, 0],
    [0, true, 100],
  ] as const) {
    const { runtime, system, deadLetters } = await routerStage()
    const notes: string[] = []
    let release = (): void => {}
    const waiting = new Promise<void>((resolve) => {
      release = resolve
    })
    const busy = actor('busy', () => ({ wait: () => waiting, note: (text: string) => void notes.push(text) }))
    const router = system.spawn(pool(busy, { size: 1, strategy: new RoundRobin(), drainTimeoutMs }))
    router.tell('wait')
    for (let i = 0; i < 100; i++) router.tell('note', 'x')
    await runtime.settle()

    const stopped = system.stop(router, { drain })
    await runtime.settle()
    release()
    await within(runtime, stopped)

    t.deepEqual([notes.length, deadLetters.length], [handled, 100 - handled])
    router.tell('note', 'too late')
    t.is(deadLetters.at(-1), `stopped note ${router.path}`)
  }
})

test('options are checked at the door', async (t) => {
  const { definition } = await routerStage()
  const options = { size: 2, strategy: new RoundRobin() }
  const wrong: readonly Partial<Record<keyof PoolOptions, unknown>>[] = [
    { size: 0 },
    { size: undefined },
    { strategy: undefined },
    { strategy: 'round-robin' },
    { replaceAfterMs: 0 },
    { replaceAfterMs: true },
    { whenEmpty: 'fail' },
    { drainTimeoutMs: -1 },
    { supervise: 'restart' },
  ]
  const misspelt = { ...options, supervision: oneForOne() }

  for (const each of wrong) {
    t.throws(() => pool(definition, { ...options, ...each } as PoolOptions), { instanceOf: InvalidOptionError })
  }
  t.throws(() => pool(definition, misspelt), { instanceOf: UnknownOptionError, message: /did you mean "supervise"/ })
  t.throws(() => pool({ id: 'no actor' } as never, options), { instanceOf: InvalidOptionError, message: /actor\(/ })
})

async function eventful(): Promise<RouterStage & { events: SystemEvent[] }> {
  const stage = await routerStage()
  const events: SystemEvent[] = []
  stage.system.events.subscribe((event) => events.push(event))
  return { ...stage, events }
}
