import { getEventListeners } from 'node:events'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { createSystem } from '../create-system.ts'
import { type ManualRuntime, manualRuntime } from '../runtime/manual.ts'
import type { Supervision } from '../supervision/directive.ts'
import { oneForOne } from '../supervision/one-for-one.ts'
import type { SystemEvent } from '../system/events.ts'
import type { SystemOptions } from '../system/system-options.ts'
import { refusal, timePasses, world } from '../testing/world.ts'
import { actor } from './actor.ts'
import type { AskError } from './ask.ts'
import type { Context } from './context.ts'
import { type Protocol, protocol } from './protocol.ts'
import type { AnyRef, Ref } from './ref.ts'
import type { Deferred } from './reply.ts'

// Nested asks (semantics 2, law 13)

test('an ask made by a handler waits no longer than its own asker, and a shorter time-out of its own holds', async (t) => {
  const { runtime, system } = await world()
  const ends: Record<string, number> = {}
  const silent = system.spawn(mute)
  const noting = (what: string, ask: Promise<unknown>): Promise<void> =>
    ask.then(
      () => {},
      (error: AskError) => {
        ends[`${what}, ${error.reason}`] = runtime.clock.now()
      },
    )
  const asking = system.spawn(
    actor('asking', (ctx) => ({
      sync: () => {
        void noting('sync', silent.ask('silence'))
        void noting('sync, shorter', silent.ask('silence', undefined, { timeoutMs: 100 }))
        void noting('sync, longer', silent.ask('silence', undefined, { timeoutMs: 900 }))
        return ctx.reply<void>()
      },
      later: async () => {
        await timePasses(runtime, 200)
        await Promise.all([
          noting('later', ctx.ask(silent, 'silence')),
          noting('later, shorter', ctx.ask(silent, 'silence', undefined, { timeoutMs: 50 })),
          noting('later, of its own', silent.ask('silence', undefined, { timeoutMs: 400 })),
        ])
      },
    })),
  )
  void noting('asker', asking.ask('sync', undefined, { timeoutMs: 300 }))
  await runtime.advance(1_000)
  void noting('other asker', asking.ask('later', undefined, { timeoutMs: 300 }))
  await runtime.advance(1_000)

  t.deepEqual(ends, {
    'sync, shorter, timeout': 100,
    'asker, timeout': 300,
    'sync, timeout': 300,
    'sync, longer, timeout': 300,
    'later, shorter, timeout': 1_250,
    'other asker, timeout': 1_300,
    'later, timeout': 1_300,
    'later, of its own, timeout': 1_600,
  })
})

test('over any number of hops the deadline is the least of all time-outs on the way (law 13)', async (t) => {
  const hop = fc.record({
    timeoutMs: fc.integer({ min: 1, max: 500 }),
    pauseMs: fc.integer({ min: 0, max: 60 }),
    byContext: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(hop, { minLength: 1, maxLength: 8 }), async (hops) => {
      const { runtime, system } = await world()
      const seen: number[] = []
      const link = actor(
        protocol<{ go: (at: number) => Promise<void> }>('link'),
        (ctx, next: Ref<{ go: (at: number) => Promise<void> }> | null) => ({
          go: async (at: number) => {
            seen.push(runtime.clock.now() + (ctx.remainingMs ?? Number.NaN))
            const { pauseMs, timeoutMs, byContext } = hops[at] ?? hops[0]!
            if (next === null) return
            if (!byContext && pauseMs % 2 === 0) return next.ask('go', at + 1, { timeoutMs })
            await timePasses(runtime, pauseMs)
            await ctx.ask(next, 'go', at + 1, { timeoutMs })
          },
        }),
      )
      let next: Ref<{ go: (at: number) => Promise<void> }> | null = null
      for (let i = 0; i < hops.length; i++) next = system.spawn(link, { args: next })
      next?.ask('go', 1, { timeoutMs: hops[0]!.timeoutMs }).catch(() => {})

      await runtime.advance(5_000)

      // The twin: time passes by pauses only, and each hop has the least of all instants so far.
      const expected: number[] = []
      let nowMs = 0
      let dueMs = hops[0]!.timeoutMs
      for (let at = 1; at <= hops.length; at++) {
        expected.push(dueMs)
        const { pauseMs, timeoutMs, byContext } = hops[at] ?? hops[0]!
        if (byContext || pauseMs % 2 !== 0) nowMs += pauseMs
        if (nowMs >= dueMs) break
        dueMs = Math.min(dueMs, nowMs + timeoutMs)
      }
      return seen.join() === expected.join()
    }),
    { numRuns: 100 },
  )
  t.pass()
})

test('with no time left for its message ctx.ask is not-sent at once; once it is answered, asks have their own time', async (t) => {
  const { runtime, system } = await world()
  const log: string[] = []
  const other = system.spawn(actor('other', () => ({ note: (what: string) => log.push(what) })))
  const asking = system.spawn(
    actor('asking', (ctx) => ({
      late: async () => {
        await timePasses(runtime, 200)
        const error = await refusal(t, ctx.ask(other, 'note', 'never'))
        log.push(`${error.outcome} ${error.reason} at ${runtime.clock.now()}`)
        await other.ask('note', 'of its own')
      },
      answered: async () => {
        ctx.reply<string>().resolve('early')
        await timePasses(runtime, 200)
        await ctx.ask(other, 'note', 'after the answer')
      },
    })),
  )
  const late = refusal(t, asking.ask('late', undefined, { timeoutMs: 100 }))
  await runtime.advance(300)
  t.is((await late).reason, 'timeout')
  t.is((await asking.ask('answered', undefined, { timeoutMs: 100 })) as unknown, 'early')
  await runtime.advance(300)

  t.deepEqual(log, ['not-sent timeout at 200', 'of its own', 'after the answer'])
})

test('a set-up, a clean-up and a listener of events ask for nobody: they inherit no time and no asker', async (t) => {
  const { runtime, system } = await world()
  const left: (number | null)[] = []
  const clerk = system.spawn(
    actor('clerk', (ctx) => ({
      left: () => void left.push(ctx.remainingMs),
      fail: () => {
        throw new Error('on purpose')
      },
    })),
    { supervise: resuming },
  )
  const child = actor('child', (ctx) => {
    void clerk.ask('left')
    ctx.onStop(() => clerk.ask('left'))
    return {}
  })
  const parent = system.spawn(
    actor(protocol<{ work: () => void; end: (ref: AnyRef) => void }>('parent'), (ctx) => ({
      work: () => {
        const ref = ctx.spawn(child)
        void clerk.ask('left')
        ctx.after(1, 'end', ref)
      },
      end: (ref: AnyRef) => ctx.stop(ref),
    })),
  )
  system.events.subscribe((event) => {
    if (event.type === 'actor-failed') void clerk.ask('left')
  })
  await runtime.settle()
  void parent.ask('work', undefined, { timeoutMs: 70 })
  await runtime.advance(1)
  const failing = refusal(t, clerk.ask('fail', undefined, { timeoutMs: 90 }))
  await runtime.settle()

  await failing
  t.deepEqual(left.toSorted(), [5_000, 5_000, 5_000, 70].toSorted())
})

/** Goes on after any failure. */
const resuming: Supervision = {
  name: 'resuming',
  supervise: () => ({ decide: () => ({ directive: 'resume', delayMs: 0, limitReached: false }) }),
}

// The end of an incarnation (semantics 5, 6)

test('a restart aborts the asks of the old incarnation; those still queued never arrive, late answers are dropped (law 5)', async (t) => {
  const { runtime, system, events } = await world()
  const log: string[] = []
  const other = system.spawn(
    actor('other', () => ({
      slow: async () => {
        await timePasses(runtime, 50)
        return 'too late'
      },
      never: () => void log.push('never'),
    })),
    { name: 'other' },
  )
  const noted = (what: string, ask: Promise<unknown>): void =>
    void ask.then(
      () => log.push(`${what} answered`),
      (error: AskError) => log.push(`${what} ${error.outcome} ${error.reason}`),
    )
  const asking = system.spawn(
    actor('asking', (ctx) => ({
      ask: () => {
        noted('sent', other.ask('slow'))
        noted('queued', ctx.ask(other, 'never'))
      },
      fail: () => {
        throw new Error('on purpose')
      },
    })),
    { supervise: oneForOne() },
  )
  asking.tell('ask')
  await runtime.advance(10)
  asking.tell('fail')
  await runtime.advance(10)
  t.deepEqual(log, ['queued not-sent aborted', 'sent unknown aborted'])

  await runtime.advance(200)
  t.is(log.length, 2)
  const late = events.filter((event) => event.type === 'late-reply')
  t.deepEqual(late, [{ type: 'late-reply', target: '/user/other', message: 'slow', lateMs: 40 }])
})

test('while an actor ends, its handler asks within what is left of stopTimeoutMs, and is answered', async (t) => {
  const { runtime, system } = await world()
  const left: (number | null)[] = []
  const other = system.spawn(actor('other', (ctx) => ({ left: () => void left.push(ctx.remainingMs) })))
  const asking = system.spawn(
    actor('asking', (ctx) => ({
      work: async () => {
        await timePasses(runtime, 100)
        await ctx.ask(other, 'left')
        left.push(-1)
      },
    })),
    { stopTimeoutMs: 300 },
  )
  asking.tell('work')
  await runtime.advance(50)
  void system.stop(asking)
  await runtime.advance(100)

  t.deepEqual(left, [250, -1])
})

test('after the end of its incarnation ctx.ask throws STALE_CONTEXT', async (t) => {
  const { runtime, system } = await world()
  let kept: Context<{ keep: () => void }> | undefined
  const other = system.spawn(mute)
  const asking = system.spawn(
    actor(protocol<{ keep: () => void }>('asking'), (ctx) => ({
      keep: () => {
        kept = ctx
      },
    })),
  )
  asking.tell('keep')
  await runtime.settle()
  void system.stop(asking)
  await runtime.settle()

  t.throws(() => kept?.ask(other, 'silence'), { code: 'STALE_CONTEXT' })
})

// Actors that wait for themselves and for one another

test('an actor that asks itself is told so at once, by either way of asking: not-sent, self-ask', async (t) => {
  const { system, events } = await world()
  const asking = system.spawn(
    actor(protocol<Record<'sync' | 'later', () => Promise<string>>>('asking'), (ctx) => ({
      sync: () => outcome(ctx.self.ask('later')),
      later: async () => {
        await null
        return outcome(ctx.ask(ctx.self, 'sync'))
      },
    })),
  )

  const message = /call a function of its own instead, or tell itself/
  for (const name of ['sync', 'later'] as const) t.regex(await asking.ask(name), message)
  for (const name of ['sync', 'later'] as const) t.regex(await asking.ask(name), /^not-sent self-ask false/)
  t.deepEqual(events, [])
})

async function outcome(ask: Promise<unknown>): Promise<string> {
  return ask.then(
    () => 'answered',
    (error: AskError) => `${error.outcome} ${error.reason} ${error.retryable} ${error.message}`,
  )
}

interface Hop {
  go: (way: readonly Ref<Hop>[]) => Promise<string>
}
const Hop: Protocol<Hop> = protocol('hop')
const hop = actor(Hop, (ctx) => ({
  go: async ([next, ...more]) => (next === undefined ? 'end' : ctx.ask(next, 'go', more)),
}))

test('a circle of actors that wait for one another is reported once, with its paths in order, and in the log (law 13)', async (t) => {
  await reportsOneCircle(t)
})

test('a circle is reported where interceptors look at the messages, too', async (t) => {
  await reportsOneCircle(t, { interceptors: [{}] })
})

async function reportsOneCircle(t: ExecutionContext, options: Partial<SystemOptions> = {}): Promise<void> {
  const { runtime, system, events, lines } = await world(options)
  const [a, b, c] = ['a', 'b', 'c'].map((name) => system.spawn(hop, { name })) as [Ref<Hop>, Ref<Hop>, Ref<Hop>]
  t.is(await during(runtime, a.ask('go', [b, c])), 'end')
  for (const start of [a, b, a]) {
    const way = start === a ? [b, c, a] : [c, a, b]
    void refusal(t, start.ask('go', way, { timeoutMs: 100 }))
    await runtime.advance(200)
  }

  const cycles = events.filter((event) => event.type === 'ask-cycle')
  t.deepEqual(cycles, [{ type: 'ask-cycle', paths: ['/user/c', '/user/a', '/user/b'], messages: ['go', 'go', 'go'] }])
  t.deepEqual(
    lines.filter((line) => line.includes('waits for itself')),
    [
      'warn waits for itself: /user/c asks "go" of /user/a asks "go" of /user/b asks "go" of /user/c; none of them gets an answer: ',
    ],
  )
}

test('a circle is seen behind a forward, among several asks at once, and behind a handler that was busy before', async (t) => {
  const { runtime, system, events } = await world()
  interface Odd {
    pass: () => string
    both: () => Promise<void>
    busyThenAsk: () => Promise<void>
    askOdd: () => Promise<string>
  }
  const other = system.spawn(mute)
  const odd: Ref<Odd> = system.spawn(
    actor(protocol<Odd>('odd'), (ctx) => ({
      pass: () => ctx.forward(looping, 'pass'),
      both: async () => void (await Promise.all([other.ask('silence'), looping.ask('askOdd')])),
      busyThenAsk: async () => {
        await timePasses(runtime, 50)
        await ctx.ask(looping, 'pass')
      },
      askOdd: async () => 'never',
    })),
    { name: 'odd', supervise: resuming },
  )
  const looping: Ref<Odd> = system.spawn(
    actor(protocol<Odd>('looping'), (ctx) => ({
      pass: async () => ctx.ask(odd, 'pass'),
      both: async () => {},
      busyThenAsk: async () => {},
      askOdd: async () => odd.ask('askOdd'),
    })),
    { name: 'looping', supervise: resuming },
  )
  const patience = { timeoutMs: 200 }
  void refusal(t, looping.ask('pass', undefined, patience))
  await runtime.advance(300)
  void refusal(t, odd.ask('both', undefined, patience))
  await runtime.advance(300)
  t.deepEqual(circles(events), ['/user/looping', '/user/looping /user/odd'])

  odd.tell('busyThenAsk')
  void refusal(t, looping.ask('askOdd', undefined, patience))
  await runtime.advance(300)
  // The same two actors: that circle is known.
  t.is(circles(events).length, 2)
})

function circles(events: readonly SystemEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'ask-cycle' ? [event.paths.join(' ')] : []))
}

test('whoever lets the mailbox go on, or waits for something else, is in no circle; nor is anybody without diagnostics', async (t) => {
  interface Free {
    deferred: () => string
    piped: () => void
    elsewhere: () => Promise<string>
    back: () => Promise<string>
    answer: () => string
    heard: (what: string) => void
  }
  const Free: Protocol<Free> = protocol('free')
  const { runtime, system, events } = await world()
  const gates: (() => void)[] = []
  const caller: Ref<Free> = system.spawn(
    actor(Free, (ctx) => ({
      deferred: () => {
        const reply: Deferred<string> = ctx.reply()
        callee.ask('back').then(reply.resolve.bind(reply), reply.reject.bind(reply))
        return reply
      },
      piped: () => ctx.pipe(callee.ask('back'), 'heard'),
      // Two turns: one asks and does not wait, the next waits, but not for that.
      elsewhere: () => {
        if (gates.length === 0) {
          void callee.ask('back').catch(() => {})
          gates.push(() => {})
          return undefined as never
        }
        return new Promise((resolve) => gates.push(() => resolve('elsewhere')))
      },
      back: async () => 'unused',
      answer: () => 'answer',
      heard: () => {},
    })),
  )
  const callee: Ref<Free> = system.spawn(
    actor(Free, () => ({
      deferred: () => 'unused',
      piped: () => {},
      elsewhere: async () => 'unused',
      back: async () => caller.ask('answer'),
      answer: () => 'unused',
      heard: () => {},
    })),
  )
  t.is(await during(runtime, caller.ask('deferred')), 'answer')
  caller.tell('piped')
  await runtime.settle()
  caller.tell('elsewhere')
  const elsewhere = caller.ask('elsewhere')
  await runtime.advance(100)
  gates.at(-1)?.()
  t.is(await during(runtime, elsewhere), 'elsewhere')
  t.deepEqual(circles(events), [])

  const quiet = await world({ diagnostics: false })
  const [a, b] = ['a', 'b'].map((name) => quiet.system.spawn(hop, { name })) as [Ref<Hop>, Ref<Hop>]
  void refusal(t, a.ask('go', [b, a], { timeoutMs: 100 }))
  await quiet.runtime.advance(200)
  t.deepEqual(circles(quiet.events), [])
})

// Late answers

test('an answer or a failure that comes after its ask is over is reported as late-reply, by how many ms, and is no dead letter', async (t) => {
  const { runtime, system, events } = await world()
  const abort = new AbortController()
  let owed: Deferred<string> | undefined
  const slow = system.spawn(
    actor('slow', (ctx) => ({
      answer: () => timePasses(runtime, 150),
      fail: async () => {
        await timePasses(runtime, 150)
        ctx.replyError(new Error('late too'))
      },
      owe: () => {
        owed = ctx.reply<string>()
        return owed
      },
    })),
    { name: 'slow' },
  )
  const refusals = [
    refusal(t, slow.ask('answer', undefined, { timeoutMs: 100 })),
    refusal(t, slow.ask('fail', undefined, { timeoutMs: 180 })),
    refusal(t, slow.ask('owe', undefined, { signal: abort.signal })),
  ]
  await runtime.advance(300)
  abort.abort()
  await runtime.advance(25)
  owed?.resolve('late')
  owed?.resolve('and once more')
  await Promise.all(refusals)

  const late = { type: 'late-reply', target: '/user/slow' } as const
  t.deepEqual(events, [
    { ...late, message: 'answer', lateMs: 50 },
    { ...late, message: 'fail', lateMs: 120 },
    { ...late, message: 'owe', lateMs: 25 },
  ])
})

// What never reaches a handler

test('an expired ask reaches no handler, be it queued, forwarded, waiting for a restart or for a first turn (law 13)', async (t) => {
  const { runtime, system } = await world()
  const handled: string[] = []
  const busy = system.spawn(
    actor('busy', () => ({
      block: () => timePasses(runtime, 300),
      note: (what: string) => void handled.push(what),
    })),
  )
  const passing = system.spawn(actor('passing', (ctx) => ({ note: () => ctx.forward(busy) })))
  const restarting = system.spawn(
    actor('restarting', () => ({
      fail: () => {
        throw new Error('on purpose')
      },
      note: (what: string) => void handled.push(what),
    })),
    { supervise: oneForOne({ backoff: { minMs: 300, maxMs: 300, jitter: 0 } }) },
  )
  busy.tell('block')
  restarting.tell('fail')
  await runtime.settle()
  const options = { timeoutMs: 100 }
  const asks = [
    refusal(t, busy.ask('note', 'queued', options)),
    refusal(t, (passing as Ref<{ note: (what: string) => void }>).ask('note', 'forwarded', options)),
    refusal(t, restarting.ask('note', 'in backoff', options)),
  ]
  await runtime.advance(1_000)

  const errors = await Promise.all(asks)
  t.deepEqual(
    errors.map(({ outcome, reason }) => `${outcome} ${reason}`),
    ['not-sent timeout', 'unknown timeout', 'not-sent timeout'],
  )
  t.deepEqual(handled, [])
  busy.tell('note', 'told')
  await runtime.settle()
  t.deepEqual(handled, ['told'])
})

// Signals and options

test('a signal ends its ask at once and is let go of when the ask is over; one aborted before means not-sent', async (t) => {
  const { runtime, system } = await world()
  const other = system.spawn(mute)
  const abort = new AbortController()
  const { signal } = abort
  const silence = refusal(t, other.ask('silence', undefined, { signal }))
  t.is(await during(runtime, other.ask('speak', undefined, { signal })), 'spoken')
  t.is(getEventListeners(signal, 'abort').length, 1)

  abort.abort(new Error('enough'))

  t.like(await silence, { outcome: 'unknown', reason: 'aborted', retryable: false })
  t.is(getEventListeners(signal, 'abort').length, 0)
  t.like(await refusal(t, other.ask('silence', undefined, { signal })), { outcome: 'not-sent', reason: 'aborted' })
})

test('options nobody reads, or of another kind, reject the ask and send nothing, whoever asks', async (t) => {
  const { runtime, system, events } = await world()
  const other = system.spawn(mute)
  const wrong: [object, RegExp][] = [
    [{ timeout: 5 }, /did you mean "timeoutMs"/],
    [{ timeoutMs: -1 }, /timeoutMs/],
    [{ signal: {} }, /an AbortSignal/],
  ]
  const asking = system.spawn(
    actor('asking', (ctx) => ({
      ask: async (options: object) => ctx.ask(other, 'speak', undefined, options),
    })),
    { supervise: resuming },
  )
  for (const [options, message] of wrong) {
    await t.throwsAsync(during(runtime, other.ask('speak', undefined, options)), { message })
    await t.throwsAsync(during(runtime, asking.ask('ask', options)), { message })
  }
  t.is(events.filter((event) => event.type === 'dead-letter').length, 0)
})

// Deadlines and stacks

test('10,000 asks under way arm one timer of the host, and it is gone when they are answered', async (t) => {
  const runtime = manualRuntime()
  let armed = 0
  let open = 0
  const { scheduler } = runtime
  const counting: ManualRuntime = {
    ...runtime,
    scheduler: {
      ...scheduler,
      after: (delayMs, task) => {
        armed++
        open++
        const timer = scheduler.after(delayMs, task)
        return {
          cancel: () => {
            open--
            timer.cancel()
          },
        }
      },
    },
  }
  const system = await createSystem({ name: 'a', runtime: counting, log: false })
  const owed: Deferred<void>[] = []
  const other = system.spawn(
    actor('other', (ctx) => ({
      owe: () => {
        const reply = ctx.reply<void>()
        owed.push(reply)
        return reply
      },
    })),
  )
  const asks = Array.from({ length: 10_000 }, () => other.ask('owe'))
  await runtime.advance(100)
  t.deepEqual([owed.length, armed, open], [10_000, 1, 1])

  for (const reply of owed) reply.resolve()
  await Promise.all(asks)
  await runtime.settle()
  t.deepEqual([armed, open], [1, 0])
})

test('the stack of an AskError names the file and line of whoever awaits the ask, however it came to its end', async (t) => {
  const { runtime, system } = await world()
  const other = system.spawn(mute)
  const abort = new AbortController()
  const ways: Record<string, () => Promise<unknown>> = {
    'time-out': async () => await other.ask('silence', undefined, { timeoutMs: 10 }),
    'failed handler': async () => await other.ask('fail'),
    'no handler': async () => await (other as Ref<never> as Ref<{ nothing: () => void }>).ask('nothing'),
    signal: async () => await other.ask('silence', undefined, { signal: abort.signal }),
    'all at once': async () => await Promise.all([other.ask('silence', undefined, { timeoutMs: 10 })]),
    'with a chain before it': async () =>
      await other.ask('silence', undefined, { timeoutMs: 10 }).then((value) => value),
  }
  for (const [what, ask] of Object.entries(ways)) {
    const asked = ask().then(
      () => '',
      (error: Error) => error.stack ?? '',
    )
    await runtime.settle()
    if (what === 'signal') abort.abort()
    await runtime.advance(20)

    t.regex(await asked, /ask\.test\.ts:\d+/, what)
  }
})

// Pieces of these tests

const mute = actor('mute', (ctx) => ({
  silence: () => ctx.reply<void>(),
  speak: () => 'spoken',
  fail: () => {
    throw new Error('on purpose')
  },
}))

/** What `promise` resolves to once everything that is due has run. */
async function during<T>(runtime: ManualRuntime, promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  await runtime.settle()
  return promise
}
