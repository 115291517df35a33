import test from 'ava'
import fc from 'fast-check'
import { actor } from '../actor/actor.ts'
import type { Context } from '../actor/context.ts'
import { type Protocol, protocol } from '../actor/protocol.ts'
import type { Ref } from '../actor/ref.ts'
import { ALL_PARTS } from '../all-parts.ts'
import { StaleContextError } from '../errors.ts'
import { manualRuntime } from '../runtime/manual.ts'
import { SeededRandom } from '../runtime/random.ts'
import type { SystemEvent } from '../system/events.ts'
import { LocalSystem } from '../system/local-system.ts'
import { checkSystemOptions } from '../system/system-options.ts'
import { refusal, timePasses, watchEnds, world } from '../testing/world.ts'
import type { Directive, Supervision } from './directive.ts'
import { oneForOne } from './one-for-one.ts'
import type { SupervisionOptions } from './restarts.ts'

interface Counter {
  add: (n: number) => number
  fail: (how: string) => void
}
const Counter: Protocol<Counter> = protocol('counter')

/** Counts, and fails when told to: in the handler itself or after so many awaits. */
const counter = actor(Counter, () => {
  let sum = 0
  return {
    add: (n) => (sum += n),
    fail: (how) => (how === 'throw' ? boom() : boomAfter(Number(how))),
  }
})

function boom(): never {
  throw Object.assign(new RangeError('boom'), { code: 'E_BOOM' })
}

async function boomAfter(hops: number): Promise<never> {
  for (let i = 0; i < hops; i++) await null
  return boom()
}

const AT_ONCE = { minMs: 0, maxMs: 0 } as const

// Failure in receive (semantics 4)

test('a rejection after 0 to n awaits equals a throw: same event, same directive, same reply to the asker (law 4)', async (t) => {
  const outcomes = []
  for (const how of ['throw', '0', '1', '7']) {
    const { system, events } = await world()
    const ref = system.spawn(counter, { name: 'counter' })
    const error = await refusal(t, ref.ask('fail', how))
    const [event] = events
    outcomes.push([
      event?.type === 'actor-failed' && [event.path, event.error.message, event.directive],
      [error.outcome, error.reason, error.message],
      error.cause instanceof Error && { ...error.cause, message: error.cause.message },
    ])
  }

  for (const outcome of outcomes) t.deepEqual(outcome, outcomes[0])
  t.deepEqual(outcomes[0], [
    ['/user/counter', 'boom', 'stop'],
    ['failed', 'handler', 'ask "fail" to /user/counter: /user/counter failed: boom'],
    {
      name: 'ActorFailedError',
      code: 'ACTOR_FAILED',
      retryable: false,
      causeName: 'RangeError',
      causeCode: 'E_BOOM',
      message: '/user/counter failed: boom',
    },
  ])
})

test('a child that fails stops unless its parent asks for more, and its watchers hear failed', async (t) => {
  const { runtime, system } = await world()
  const ends = watchEnds(system)
  const ref = system.spawn(counter, { name: 'counter' })
  await ends.watch(ref)

  ref.tell('fail', 'throw')
  await runtime.settle()

  t.deepEqual(ends.log, ['/user/counter failed'])
})

test('the failing message is consumed: no directive makes it come again', async (t) => {
  for (const directive of ['resume', 'restart'] as const) {
    const { runtime, system, events } = await world()
    const ref = system.spawn(counter, { supervise: oneForOne({ decide: () => directive, backoff: AT_ONCE }) })

    ref.tell('fail', 'throw')
    ref.tell('add', 1)
    await runtime.advance(1_000)

    t.is(events.filter((event) => event.type === 'actor-failed').length, 1)
    t.is(await ref.ask('add', 1), 2)
  }
})

test('resume keeps state and goes on with the next message', async (t) => {
  const { system } = await world()
  const ref = system.spawn(counter, { supervise: oneForOne({ decide: () => 'resume' }) })
  await ref.ask('add', 40)

  ref.tell('fail', '3')

  t.is(await ref.ask('add', 2), 42)
})

test('escalate stops the child and fails its parent with the same error', async (t) => {
  const { runtime, system, events } = await world()
  let starts = 0
  const parent = actor('parent', (context) => {
    starts++
    const child = context.spawn(counter, { name: 'child', supervise: oneForOne({ decide: () => 'escalate' }) })
    return { failChild: () => child.tell('fail', 'throw') }
  })
  const ref = system.spawn(parent, { name: 'parent', supervise: oneForOne({ backoff: AT_ONCE }) })

  ref.tell('failChild')
  await runtime.advance(200)

  t.is(starts, 2)
  t.deepEqual(
    events.map((event) => event.type === 'actor-failed' && [event.path, event.error.message, event.directive]),
    [['/user/parent/child', 'boom', 'escalate'], ['/user/parent', 'boom', 'restart'], false],
  )
})

test('escalating from the top stops the actor and leaves the system and its other actors alone', async (t) => {
  const { runtime, system } = await world()
  const other = system.spawn(counter)
  const ref = system.spawn(counter, { supervise: oneForOne({ decide: () => 'escalate' }) })

  ref.tell('fail', 'throw')
  await runtime.settle()

  t.is((await refusal(t, ref.ask('add', 1))).reason, 'stopped')
  t.is(await other.ask('add', 1), 1)
  t.is(await system.spawn(counter).ask('add', 2), 2)
})

test('a supervisor that throws stops its actor, and the node lives on', async (t) => {
  const { runtime, system, events } = await world()
  const failing: Supervision[] = [
    oneForOne({ decide: () => boom() }),
    { name: 'broken', supervise: () => boom() },
    { name: 'broken', supervise: () => ({ decide: () => boom() }) },
  ]

  for (const supervise of failing) {
    const ref = system.spawn(counter, { supervise })
    ref.tell('fail', 'throw')
    await runtime.settle()
    t.is((await refusal(t, ref.ask('add', 1))).reason, 'stopped')
  }
  t.is(await system.spawn(counter).ask('add', 1), 1)
  t.true(events.filter((event) => event.type === 'actor-failed').every((event) => event.directive === 'stop'))
})

test('a pipe that rejects without onError fails the actor; with onError it is a message', async (t) => {
  const { runtime, system, events } = await world()
  const seen: string[] = []
  const Piping: Protocol<{
    pipe: () => void
    handled: () => void
    take: (value: string) => void
    no: (error: Error) => void
  }> = protocol('piping')
  const ref = system.spawn(
    actor(Piping, (context) => ({
      pipe: () => context.pipe(Promise.reject(new Error('unseen')), 'take'),
      handled: () => {
        context.pipe(Promise.resolve('value'), 'take', 'no')
        context.pipe(Promise.reject(new Error('seen')), 'take', 'no')
      },
      take: (value) => void seen.push(value),
      no: (error) => void seen.push(error.message),
    })),
  )

  ref.tell('handled')
  await runtime.settle()
  t.deepEqual(seen, ['value', 'seen'])
  t.deepEqual(events, [])
  ref.tell('pipe')
  await runtime.settle()

  t.like(events, [{ type: 'actor-failed', error: { message: 'unseen' }, directive: 'stop' }])
})

test('a pipe that fails its actor leaves the asker of the handler under way its own answer', async (t) => {
  for (const directive of ['resume', 'restart', 'stop'] as const) {
    const { runtime, system } = await world()
    const ref = system.spawn(
      actor('piping', (context) => ({
        work: async () => {
          context.pipe(Promise.reject(new Error('aside')), 'work' as never)
          await timePasses(runtime, 20)
          return 'done'
        },
      })),
      { supervise: oneForOne({ decide: () => directive }) },
    )
    const answer = ref.ask('work')

    await runtime.advance(20)

    t.is(await answer, 'done', directive)
  }
})

// Restart (semantics 5)

test('a restart keeps ref, name, mailbox order, registrations and watchers, and starts with fresh state (law 5)', async (t) => {
  const { runtime, system, events } = await world()
  const ends = watchEnds(system)
  const ref = system.spawn(counter, { name: 'counter', supervise: oneForOne({ backoff: AT_ONCE }) })
  system.register(Counter, ref)
  await ends.watch(ref)
  const { id } = ref

  await ref.ask('add', 1_000)
  ref.tell('fail', '2')
  const answers = Promise.all([ref.ask('add', 1), ref.ask('add', 10), ref.ask('add', 100)])
  await runtime.advance(1)

  t.deepEqual(await answers, [1, 11, 111])
  t.is(ref.id, id)
  t.is((await system.find(Counter)).id, id)
  t.deepEqual(ends.log, [])
  t.deepEqual(
    events.map((event) => event.type),
    ['actor-failed', 'actor-restarted'],
  )
  await system.stop(ref)
  await runtime.settle()
  t.deepEqual(ends.log, ['/user/counter stopped'])
})

test('messages wait in the mailbox during the backoff, 100 ms at first, and asks keep their deadlines', async (t) => {
  const { runtime, system } = await world()
  const ref = system.spawn(counter, { supervise: oneForOne({ backoff: { jitter: 0 } }) })
  ref.tell('fail', 'throw')
  const patient = ref.ask('add', 1)
  const hasty = refusal(t, ref.ask('add', 10, { timeoutMs: 50 }))
  let answered = false
  void patient.then(() => (answered = true))

  await runtime.advance(99)
  t.false(answered)
  t.like(await hasty, { outcome: 'not-sent', reason: 'timeout' })
  await runtime.advance(1)

  t.is(await patient, 1)
})

test('the waits are 100 ms, doubled up to 10 s, each with a jitter of 0.2, and start anew after a good while', (t) => {
  const decide = decisions({ maxRestarts: 1_000 })
  const bounds = [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]
  const delays = bounds.map(() => decide(0).delayMs)

  for (const [i, delay] of delays.entries())
    t.true(Math.abs(delay - bounds[i]!) <= 0.2 * bounds[i]!, `wait ${i + 1}: ${delay} ms`)
  t.is(new Set(delays.slice(-2)).size, 2)
  t.true(decide(5_050).delayMs >= 8_000)
  t.true(decide(5_050 + 5_051).delayMs <= 120)
})

test('5 restarts within 10 s are granted, the 6th stops the actor with restart-limit', async (t) => {
  const { runtime, system, events } = await world()
  const ends = watchEnds(system)
  const ref = system.spawn(counter, { name: 'counter', supervise: oneForOne({ backoff: AT_ONCE }) })
  await ends.watch(ref)

  for (let i = 0; i < 6; i++) {
    t.deepEqual(ends.log, [])
    ref.tell('fail', 'throw')
    await runtime.advance(1)
  }

  t.deepEqual(ends.log, ['/user/counter failed'])
  t.is(events.filter((event) => event.type === 'actor-restarted').length, 5)
  t.is(events.filter((event) => event.type === 'restart-limit').length, 1)
  t.is((await refusal(t, ref.ask('add', 1))).outcome, 'not-sent')
})

test('whatever N is, N failures within the window are restarts, and failure N + 1 stops the actor and is reported (law 7)', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 6 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 1_400 })),
      fc.boolean(),
      async (most, gaps, late) => {
        const { runtime, system, events } = await world()
        const count = (type: SystemEvent['type']): number => events.filter((event) => event.type === type).length
        const supervise = oneForOne({ maxRestarts: most, withinMs: 10_000, backoff: AT_ONCE })
        const ref = system.spawn(counter, { name: 'counter', supervise })

        for (let failures = 1; failures <= most + 1; failures++) {
          t.is(count('restart-limit'), 0)
          ref.tell('fail', late ? '2' : 'throw')
          await runtime.advance(gaps.next().value)
        }

        t.is(count('actor-restarted'), most)
        t.is(count('restart-limit'), 1)
        t.is((await refusal(t, ref.ask('add', 1))).outcome, 'not-sent')
      },
    ),
    { numRuns: 30 },
  )
})

test('the window for restarts slides: the 6th is granted once the 1st is 10 s ago', (t) => {
  const decide = decisions()
  for (const atMs of [0, 2_000, 4_000, 6_000, 8_000]) t.is(decide(atMs).directive, 'restart')

  t.like(decide(9_999), { directive: 'stop', limitReached: true })
  t.like(decide(10_000), { directive: 'restart', limitReached: false })
  t.like(decide(11_999), { directive: 'stop', limitReached: true })
})

test('an option given as undefined counts as left out', (t) => {
  const unlimited: object = { maxRestarts: undefined, withinMs: undefined, backoff: { minMs: undefined } }
  const decide = decisions(unlimited)

  for (let i = 0; i < 5; i++) t.true(decide(0).delayMs > 0)
  t.is(decide(0).directive, 'stop')
})

test('each child of a supervision has a count of its own', (t) => {
  const supervision = oneForOne({ maxRestarts: 1 })
  const decide = (): string =>
    supervision
      .supervise()
      .decide({ error: new Error('x'), nowMs: 0, random: new SeededRandom(1), restart: 'transient', ended: false })
      .directive

  t.deepEqual([decide(), decide()], ['restart', 'restart'])
})

test('a set-up that throws is tried again after 100 ms at least, even with a backoff of 0, and never spins (law 7)', async (t) => {
  const { runtime, system, events } = await world()
  let starts = 0
  const broken = actor(Counter, () => {
    starts++
    return boom()
  })
  const ref = system.spawn(broken, { supervise: oneForOne({ backoff: AT_ONCE }) })
  const queued = refusal(t, ref.ask('add', 1))

  await runtime.advance(99)
  t.is(starts, 1)
  await runtime.advance(1)
  t.is(starts, 2)
  await runtime.advance(10_000)

  t.is(starts, 6)
  t.is(events.filter((event) => event.type === 'restart-limit').length, 1)
  t.like(await queued, { outcome: 'not-sent', reason: 'stopped' })
})

test('a set-up that throws has nothing to resume: the actor stops', async (t) => {
  const { runtime, system, events } = await world()
  system.spawn(
    actor(Counter, () => boom()),
    { supervise: oneForOne({ decide: () => 'resume' }) },
  )

  await runtime.settle()

  t.like(events, [{ type: 'actor-failed', directive: 'stop' }])
})

test('old timers, queued ticks, pipes, watches and become do nothing after a restart (law 5)', async (t) => {
  const { runtime, system } = await world()
  const seen: string[] = []
  const target = system.spawn(actor('target', () => ({})))
  let starts = 0
  const Old: Protocol<{
    see: (what: string) => void
    begin: () => void
    fail: () => void
    block: () => Promise<void>
  }> = protocol('old')
  const ref = system.spawn(
    actor(Old, (context) => {
      const life = ++starts
      const see = (what: string): void => void seen.push(`${what} in life ${life}`)
      const block = async (): Promise<void> => {
        await timePasses(runtime, 50)
        boom()
      }
      const dull = { see: (what: string) => see(`${what}, dully`), begin: () => {}, fail: () => {}, block }
      return {
        see,
        begin: () => {
          context.become(dull)
          context.watch(target, 'see', 'notice')
          context.after(20, 'see', 'tick queued')
          context.every(30, 'see', 'every tick')
          context.after(500, 'see', 'tick')
          context.pipe(
            timePasses(runtime, 500).then(() => 'pipe'),
            'see',
          )
          context.pipe(Promise.resolve('pipe queued'), 'see')
          context.pipe(timePasses(runtime, 500).then(boom), 'see')
        },
        fail: boom,
        block,
      }
    }),
    { supervise: oneForOne({ backoff: AT_ONCE }) },
  )

  ref.tell('begin')
  ref.tell('block')
  ref.tell('see', 'message')
  await runtime.advance(60)
  t.is(starts, 2)
  await system.stop(target)
  await runtime.advance(1_000)

  t.deepEqual(seen, ['message in life 2'])
  t.is(starts, 2)
})

test('children are gone, the last one first, and clean-ups done before set-up runs again (law 5)', async (t) => {
  const { runtime, system } = await world()
  const log: string[] = []
  const child = actor(protocol<Record<never, never>>('child'), (context, name: string) => {
    log.push(`${name} starts`)
    context.onStop(async () => {
      await timePasses(runtime, 10)
      log.push(`${name} gone`)
    })
    return {}
  })
  const parent = actor('parent', (context) => {
    log.push('set-up')
    context.onStop(() => void log.push('clean-up'))
    context.spawn(child, { name: 'a', args: 'a' })
    context.spawn(child, { name: 'b', args: 'b' })
    return { fail: boom }
  })
  const ref = system.spawn(parent, { supervise: oneForOne({ backoff: AT_ONCE }) })

  ref.tell('fail')
  await runtime.advance(30)

  const life = ['set-up', 'a starts', 'b starts']
  t.deepEqual(log, [...life, 'b gone', 'a gone', 'clean-up', ...life])
})

test('the answer of a deferred reply is lost with its incarnation: the asker hears unknown at once', async (t) => {
  const { runtime, system } = await world()
  const ref = system.spawn(
    actor('owing', (context) => ({ owe: () => context.reply<string>(), fail: boom })),
    { supervise: oneForOne() },
  )
  const owed = refusal(t, ref.ask('owe'))

  ref.tell('fail')
  await runtime.settle()

  t.like(await owed, { outcome: 'unknown', reason: 'stopped' })
  t.is(runtime.clock.now(), 0)
})

test('a stop overrides a restart, be it winding down or waiting', async (t) => {
  for (const afterMs of [5, 50]) {
    const { runtime, system, events } = await world()
    let starts = 0
    const ref = system.spawn(
      actor('restarting', (context) => {
        starts++
        context.onStop(() => timePasses(runtime, 10))
        return { fail: boom }
      }),
      { supervise: oneForOne() },
    )
    ref.tell('fail')
    await runtime.advance(afterMs)

    const stopped = system.stop(ref)
    await runtime.advance(1_000)
    await stopped

    t.is(starts, 1)
    t.is(events.filter((event) => event.type === 'actor-restarted').length, 0)
  }
})

// The fence: zombies (law 6)

test('a handler that fails while its actor is stopping or restarting fails its ask, is reported and changes nothing', async (t) => {
  for (const restarting of [false, true]) {
    const { runtime, system, events } = await world()
    const ends = watchEnds(system)
    const waiting = actor(protocol<Counter>('waiting'), (ctx) => {
      let sum = 0
      return {
        add: (n) => (sum += n),
        fail: async () => {
          if (restarting) ctx.pipe(Promise.reject(new Error('piped')), 'fail' as never)
          else ctx.stop()
          await timePasses(runtime, 10)
          boom()
        },
      }
    })
    const supervise = oneForOne({ backoff: AT_ONCE })
    const ref = system.spawn(waiting, { name: 'waiting', supervise })
    await ends.watch(ref)

    const asked = refusal(t, ref.ask('fail', ''))
    await runtime.advance(1_000)

    t.like(await asked, { outcome: 'failed', reason: 'handler' })
    const failures = events.filter((event) => event.type === 'actor-failed')
    t.deepEqual(
      failures.map(({ error, directive }) => `${error.message} ${directive}`),
      restarting ? ['piped restart', 'boom restart'] : ['boom stop'],
    )
    t.is(events.filter(({ type }) => type === 'actor-restarted').length, restarting ? 1 : 0)
    t.deepEqual(ends.log, restarting ? [] : ['/user/waiting stopped'])
  }
})

test('every call on the context of an old incarnation throws StaleContextError, has no effect and is reported (law 6)', async (t) => {
  const { runtime, system, events } = await world()
  const contexts: Context<Counter>[] = []
  const ref = system.spawn(
    actor(Counter, (context) => {
      contexts.push(context)
      return { add: (n) => n, fail: boom }
    }),
    { supervise: oneForOne({ backoff: AT_ONCE }) },
  )
  ref.tell('fail', 'throw')
  await runtime.advance(1)
  const [old, present] = contexts as [Context<Counter>, Context<Counter>]
  const calls: Record<string, (context: Context<Counter>) => unknown> = {
    spawn: (context) => context.spawn(counter),
    stop: (context) => context.stop(),
    onStop: (context) => context.onStop(() => {}),
    watch: (context) => context.watch(ref, 'add', 1),
    unwatch: (context) => context.unwatch(ref),
    link: (context) => context.link(ref),
    unlink: (context) => context.unlink(ref),
    after: (context) => context.after(1, 'add', 1),
    every: (context) => context.every(1, 'add', 1),
    timer: (context) => context.timer('key'),
    become: (context) => context.become({ add: (n) => n, fail: () => {} }),
    stash: (context) => context.stash(),
    unstash: (context) => context.unstash(),
    task: (context) => context.task(() => {}),
    pipe: (context) => context.pipe(Promise.resolve(1), 'add'),
    reply: (context) => context.reply(),
    replyError: (context) => context.replyError(new Error('x')),
    forward: (context) => context.forward(ref),
    register: (context) => context.register(Counter),
    find: (context) => context.find(Counter),
    subscribe: (context) => context.subscribe(protocol('x'), 'add' as never),
  }

  for (const [name, call] of Object.entries(calls)) {
    const message = new RegExp(`${name} by a handler of an earlier incarnation`)
    t.throws(() => call(old), { instanceOf: StaleContextError, message }, name)
  }
  t.deepEqual(
    events.flatMap((event) => (event.type === 'stale-context' ? [event.action] : [])),
    Object.keys(calls),
  )
  t.true(old.signal.aborted)
  t.false(present.signal.aborted)
  t.is(await ref.ask('add', 1), 1)
})

test('what an old continuation sends to itself is a dead letter stale-ref; what others send arrives (law 6)', async (t) => {
  const { runtime, system, events } = await world()
  const contexts: Context<Counter>[] = []
  const ref = system.spawn(
    actor(Counter, (context) => {
      contexts.push(context)
      let sum = 0
      return { add: (n) => (sum += n), fail: boom }
    }),
    { supervise: oneForOne({ backoff: AT_ONCE }) },
  )
  ref.tell('fail', 'throw')
  await runtime.advance(1)
  const [old, present] = contexts as [Context<Counter>, Context<Counter>]

  old.self.tell('add', 100)
  const asked = await refusal(t, old.self.ask('add', 100))
  present.self.tell('add', 1)

  t.is(old.self.id, ref.id)
  t.like(asked, { outcome: 'not-sent', reason: 'stale-ref' })
  t.like(
    events.filter((event) => event.type === 'dead-letter'),
    [{ reason: 'stale-ref', target: ref.path, message: 'add', payload: 100 }],
  )
  t.is(old.remainingMs, null)
  t.is(await ref.ask('add', 1), 2)
})

test('a handler that outlives its time to stop is fenced: its answer is dropped and counted, its successor unharmed', async (t) => {
  const { runtime, system, events } = await world()
  let release: (value: string) => void = () => {}
  const ref = system.spawn(
    actor('slow', (context) => ({
      hang: () => {
        context.pipe(Promise.reject(new Error('aside')), 'hang' as never)
        return new Promise<string>((resolve) => (release = resolve))
      },
      ping: () => 'pong',
    })),
    { stopTimeoutMs: 200, supervise: oneForOne({ backoff: AT_ONCE }) },
  )
  const hung = refusal(t, ref.ask('hang'))
  const queued = ref.ask('ping')
  await runtime.advance(200)

  t.is(await queued, 'pong')
  t.like(await hung, { outcome: 'unknown', reason: 'stopped' })
  release('late')
  await runtime.settle()
  t.is(await ref.ask('ping'), 'pong')
  t.is(events.filter((event) => event.type === 'stale-result').length, 1)
})

test('the late answer of a fenced handler is not taken for that of the handler under way now', async (t) => {
  const { runtime, system } = await world()
  const release: ((value: string) => void)[] = []
  const Slow: Protocol<{ hang: (failing: boolean) => string }> = protocol('slow')
  const ref = system.spawn(
    actor(Slow, (context) => ({
      hang: (failing) => {
        if (failing) context.pipe(Promise.reject(new Error('aside')), 'hang' as never)
        return new Promise<string>((resolve) => release.push(resolve))
      },
    })),
    { stopTimeoutMs: 200, supervise: oneForOne({ backoff: AT_ONCE }) },
  )
  const old = refusal(t, ref.ask('hang', true))
  const young = ref.ask('hang', false)
  await runtime.advance(200)
  await old

  release[0]?.('old')
  await runtime.settle()
  release[1]?.('young')

  t.is(await young, 'young')
})

test('a child that does not stop in time is killed, with all below it, before set-up runs again', async (t) => {
  const { runtime, system, events } = await world()
  const stuck = actor(protocol<Record<never, never>>('stuck'), (context, depth: number) => {
    if (depth < 2) context.spawn(stuck, { name: 'below', args: depth + 1 })
    context.onStop(() => new Promise(() => {}))
    return {}
  })
  let starts = 0
  const ref = system.spawn(
    actor('parent', (context) => {
      if (++starts === 1) for (const name of ['a', 'b']) context.spawn(stuck, { name, args: 1 })
      return { fail: boom, starts: () => starts }
    }),
    { name: 'parent', stopTimeoutMs: 100, supervise: oneForOne({ backoff: AT_ONCE }) },
  )
  ref.tell('fail')
  await runtime.advance(99)
  t.is(starts, 1)

  await runtime.advance(1)

  t.is(await ref.ask('starts'), 2)
  t.deepEqual(
    events.flatMap((event) => (event.type === 'actor-killed' ? [event.path] : [])),
    ['/user/parent/b', '/user/parent/b/below', '/user/parent/a', '/user/parent/a/below'],
  )
})

test('a clean-up that outlives its time does not cut short those of the next incarnation', async (t) => {
  const { runtime, system } = await world()
  const log: string[] = []
  let lives = 0
  let release: () => void = () => {}
  const child = actor('child', (context) => {
    context.onStop(async () => {
      await timePasses(runtime, 40)
      log.push('child gone')
    })
    return {}
  })
  const ref = system.spawn(
    actor('parent', (context) => {
      const life = ++lives
      context.onStop(() => (life === 1 ? new Promise<void>((resolve) => (release = resolve)) : undefined))
      if (life === 2) context.spawn(child)
      return { fail: boom }
    }),
    { stopTimeoutMs: 100, supervise: oneForOne({ backoff: AT_ONCE }) },
  )
  ref.tell('fail')
  await runtime.advance(100)
  t.is(lives, 2)

  const stopped = system.stop(ref).then(() => log.push('parent gone'))
  await runtime.settle()
  release()
  await runtime.advance(50)
  await stopped

  t.deepEqual(log, ['child gone', 'parent gone'])
})

test('subscriptions end with their incarnation, also where it is killed', async (t) => {
  const runtime = manualRuntime()
  const system = new LocalSystem(checkSystemOptions({ name: 'a', runtime, log: false }, ALL_PARTS), ALL_PARTS)
  const { registry } = system
  const subscribe = registry.subscribe.bind(registry)
  let open = 0
  registry.subscribe = (protocol, listener) => {
    const end = subscribe(protocol, listener)
    open++
    return () => {
      open--
      end()
    }
  }
  const Subscriber: Protocol<{ refs: (refs: readonly Ref<Counter>[]) => void; hang: () => Promise<void> }> =
    protocol('subscriber')
  const subscriber = actor(Subscriber, (context) => {
    context.subscribe(Counter, 'refs')
    return { refs: () => {}, hang: () => new Promise<void>(() => {}) }
  })
  const orderly = system.spawn<{ hang: () => Promise<void> }>(subscriber)
  const killed = system.spawn<{ hang: () => Promise<void> }>(subscriber, { stopTimeoutMs: 10 })
  killed.tell('hang')
  await runtime.settle()
  t.is(open, 2)

  void system.stop(orderly)
  void system.stop(killed)
  await runtime.advance(10)

  t.is(open, 0)
})

// Pieces of these tests

test('a supervisor that decides on nothing that can be done stops the actor, and that is reported', async (t) => {
  const nonsense: readonly unknown[] = [
    undefined,
    null,
    { directive: 'revive', delayMs: 0, limitReached: false },
    { directive: 'restart', delayMs: Number.NaN, limitReached: false },
    { directive: 'restart' },
  ]
  for (const decision of nonsense) {
    const { runtime, system, events } = await world()
    const supervise: Supervision = { name: 'odd', supervise: () => ({ decide: () => decision as never }) }
    const ref = system.spawn(
      actor(protocol<{ fail: () => void }>('failing'), () => ({
        fail: () => {
          throw new Error('boom')
        },
      })),
      { supervise },
    )
    ref.tell('fail')
    await runtime.settle()

    t.like(events, [
      { type: 'actor-failed', directive: 'stop', error: { code: 'INVALID_OPTION' } },
      { type: 'actor-failed', directive: 'stop', error: { message: 'boom' } },
    ])
    t.is((await refusal(t, ref.ask('fail'))).reason, 'stopped')
  }
})

test('a permanent actor that stops in its set-up is set up at most every 100 ms, like one that throws there', async (t) => {
  const { runtime, system } = await world()
  let setUps = 0
  const definition = actor(protocol<{ idle: () => void }>('stopping'), (context) => {
    setUps++
    context.stop()
    return { idle: () => {} }
  })
  const supervise = oneForOne({ maxRestarts: 1_000, backoff: { minMs: 0, maxMs: 0 } })
  system.spawn(definition, { restart: 'permanent', supervise })
  await runtime.advance(1_000)

  t.is(setUps, 11)
})

/** What one child's supervisor decides at an instant. */
function decisions(options?: SupervisionOptions): (nowMs: number) => { directive: Directive; delayMs: number } {
  const supervisor = oneForOne(options).supervise()
  const random = new SeededRandom(7)
  return (nowMs) => supervisor.decide({ error: new Error('x'), nowMs, random, restart: 'transient', ended: false })
}
