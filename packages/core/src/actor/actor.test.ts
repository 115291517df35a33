import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import test from 'ava'
import fc from 'fast-check'
import {
  InvalidOptionError,
  NameTakenError,
  NoHandlersError,
  SystemStoppedError,
  UnknownOptionError,
} from '../errors.ts'
import { oneForOne } from '../supervision/one-for-one.ts'
import type { ActorSystem } from '../system/actor-system.ts'
import { refusal, timePasses, world } from '../testing/world.ts'
import { actor } from './actor.ts'
import { type Protocol, protocol } from './protocol.ts'
import type { Ref } from './ref.ts'
import type { Deferred } from './reply.ts'
import type { Terminated } from './terminated.ts'

// Starting

test('what a handler spawns starts in its turn, before its own messages; what a set-up spawns starts at once', async (t) => {
  const { runtime, system } = await world()
  const log: string[] = []
  const Child: Protocol<{ work: () => void }> = protocol('child')
  const child = actor(Child, (context, { name, below }: { name: string; below: readonly string[] }) => {
    log.push(`${name} starts`)
    for (const other of below) context.spawn(child, { args: { name: other, below: [] } }).tell('work')
    return { work: () => void log.push(`${name} works`) }
  })
  const ref = system.spawn(
    actor(protocol<{ spawn: () => void; next: () => void }>('parent'), (context) => ({
      spawn: () => context.spawn(child, { args: { name: 'a', below: ['b', 'c'] } }).tell('work'),
      next: () => void log.push('next'),
    })),
  )

  ref.tell('spawn')
  ref.tell('next')
  await runtime.settle()

  t.deepEqual(log, ['next', 'a starts', 'b starts', 'c starts', 'a works', 'b works', 'c works'])
})

test('an actor that is stopped before its turn to start has no set-up: what it was told becomes dead letters', async (t) => {
  const { runtime, system, events } = await world()
  let starts = 0
  const child = actor(protocol<{ work: () => void }>('child'), (context) => {
    starts++
    context.onStop(() => void starts++)
    return { work: () => {} }
  })
  const reasons: string[] = []
  const ref = system.spawn(
    actor(
      protocol<{ spawn: () => void; stop: () => void; gone: (notice: Terminated) => void }>('parent'),
      (context) => ({
        spawn: () => {
          const spawned = context.spawn(child)
          context.watch(spawned, 'gone')
          spawned.tell('work')
        },
        stop: () => context.stop(context.children[0]!),
        gone: ({ reason }) => void reasons.push(reason, `${context.children.length} left`),
      }),
    ),
  )

  ref.tell('spawn')
  ref.tell('stop')
  await runtime.settle()

  t.is(starts, 0)
  t.deepEqual(reasons, ['stopped', '0 left'])
  t.deepEqual(
    events.filter((event) => event.type === 'dead-letter').map(({ message, reason }) => `${message} ${reason}`),
    ['work stopped'],
  )
  t.is(system.stats().actors, system.stats().actorsStarted - 1)
})

// Receiving (semantics 2)

test('the mailbox waits: no two handlers of one actor ever overlap, be they sync, async, ticks or notices (law 2)', async (t) => {
  const step = fc.constantFrom('sync', 'async', 'slow', 'tick', 'watch', 'pipe')
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
      const { runtime, system } = await world()
      const mortal = actor('mortal', () => ({}))
      let inside = 0
      let overlaps = 0
      let handled = 0
      const turn = async (hops: number): Promise<void> => {
        if (inside++ > 0) overlaps++
        for (let i = 0; i < hops; i++) await null
        inside--
        handled++
      }
      const ref = system.spawn(
        actor(
          protocol<Record<'sync' | 'async' | 'slow' | 'tick' | 'watch' | 'pipe', () => void>>('busy'),
          (context) => ({
            sync: () => {
              if (inside > 0) overlaps++
              handled++
            },
            async: () => turn(1),
            slow: () => turn(7),
            tick: () => {
              context.after(0, 'slow')
              return turn(2)
            },
            watch: () => {
              const child = context.spawn(mortal)
              context.watch(child, 'async')
              context.stop(child)
              return turn(3)
            },
            pipe: () => {
              context.pipe(turnLater(), 'sync')
              return turn(1)
            },
          }),
        ),
      )

      for (const name of steps) ref.tell(name)
      await runtime.advance(10)

      const extra = steps.filter((name) => name === 'tick' || name === 'watch' || name === 'pipe').length
      return overlaps === 0 && handled === steps.length + extra
    }),
    { numRuns: 50 },
  )
  t.pass()
})

async function turnLater(): Promise<void> {
  await null
  await null
}

test('a deferred reply and a pipe let the mailbox go on while the asker waits', async (t) => {
  const { system } = await world()
  const log: string[] = []
  let owed: Deferred<string> | undefined
  let finish: (value: string) => void = () => {}
  const ref = system.spawn(
    actor('interleaving', (context) => ({
      later: () => {
        owed = context.reply<string>()
        return owed
      },
      work: () => context.pipe(new Promise<string>((resolve) => (finish = resolve)), 'done' as never),
      done: (value: string) => void log.push(value),
      ping: () => 'pong',
    })),
  )
  const answer = ref.ask('later')
  ref.tell('work')

  t.is(await ref.ask('ping'), 'pong')
  owed?.resolve('first')
  owed?.resolve('second')
  finish('piped')

  t.is(await answer, 'first')
  await ref.ask('ping')
  t.deepEqual(log, ['piped'])
})

test('a deferred reply refused by reject fails the ask, not the actor; resolving a tell does nothing', async (t) => {
  const { system, events } = await world()
  const ref = system.spawn(
    actor('refusing', (context) => ({
      refuse: () => {
        const reply = context.reply<string>()
        reply.reject(Object.assign(new RangeError('too much'), { code: 'E_MUCH' }))
        return reply
      },
      tellOnly: () => context.reply<void>().resolve(),
    })),
  )
  ref.tell('tellOnly')

  const error = await refusal(t, ref.ask('refuse'))

  t.like(error, { outcome: 'failed', reason: 'refused', retryable: false, code: 'ASK_FAILED' })
  t.like(error.cause, { name: 'ReplyError', causeName: 'RangeError', causeCode: 'E_MUCH', message: 'too much' })
  t.false(events.some((event) => event.type === 'actor-failed'))
})

test('a handler that waits may answer with an error or forward after its awaits', async (t) => {
  const { system } = await world()
  const end = system.spawn(actor('end', () => ({ add: (n: number) => n + 1 })))
  const ref = system.spawn(
    actor(protocol<{ add: (n: number) => number; refuse: () => number }>('waiting'), (context) => ({
      add: async () => {
        await null
        return context.forward(end)
      },
      refuse: async () => {
        await null
        return context.replyError(new Error('no'))
      },
    })),
  )

  t.is(await ref.ask('add', 41), 42)
  t.is((await refusal(t, ref.ask('refuse'))).reason, 'refused')
})

test('an ask waits 5,000 ms for its answer unless told otherwise, and remainingMs says what is left', async (t) => {
  const { runtime, system } = await world()
  const left: (number | null)[] = []
  const ref = system.spawn(
    actor('silent', (context) => ({
      silence: () => {
        left.push(context.remainingMs)
        return context.reply<void>()
      },
      wait: () => timePasses(runtime, 300),
    })),
  )
  ref.tell('wait')
  const short = refusal(t, ref.ask('silence', undefined, { timeoutMs: 1_000 }))
  const asked = refusal(t, ref.ask('silence'))
  ref.tell('silence')
  let over = false
  void asked.then(() => (over = true))

  await runtime.advance(4_999)
  t.false(over)
  await runtime.advance(1)

  t.like(await asked, { outcome: 'unknown', reason: 'timeout', retryable: false })
  t.like(await short, { outcome: 'unknown', reason: 'timeout' })
  t.deepEqual(left, [700, 4_700, null])
})

test('an ask that expires or is aborted while queued is not-sent and never reaches the handler', async (t) => {
  const { runtime, system } = await world()
  const seen: string[] = []
  const abort = new AbortController()
  const ref = system.spawn(
    actor('blocked', () => ({ block: () => timePasses(runtime, 100), see: (what: string) => void seen.push(what) })),
  )
  ref.tell('block')
  const expired = refusal(t, ref.ask('see', 'expired', { timeoutMs: 50 }))
  const aborted = refusal(t, ref.ask('see', 'aborted', { signal: abort.signal }))
  const refused = refusal(t, ref.ask('see', 'aborted before', { signal: AbortSignal.abort('early') }))
  ref.tell('see', 'told')
  abort.abort(new Error('enough'))

  await runtime.advance(200)

  t.like(await expired, { outcome: 'not-sent', reason: 'timeout', retryable: true })
  t.like(await aborted, { outcome: 'not-sent', reason: 'aborted' })
  t.is(((await aborted).cause as Error).message, 'enough')
  t.is((await refused).cause, 'early')
  t.deepEqual(seen, ['told'])
})

test('a time-out of NaN is refused, and no other deadline of the system suffers from it', async (t) => {
  const { runtime, system } = await world()
  const ref = system.spawn(actor('silent', (context) => ({ silence: () => context.reply<void>() })))
  const wrong = t.throwsAsync(ref.ask('silence', undefined, { timeoutMs: Number.NaN }), { message: /NaN/ })
  const right = refusal(t, ref.ask('silence', undefined, { timeoutMs: 100 }))

  await runtime.advance(100)

  await wrong
  t.is((await right).reason, 'timeout')
})

test('a message without a handler is unhandled: a dead letter for a tell, not-sent for an ask', async (t) => {
  const { system, events } = await world()
  const ref = system.spawn(actor('deaf', () => ({}))) as Ref<Loose>

  ref.tell('shout', 1)
  const error = await refusal(t, ref.ask('shout', 2))

  t.like(error, { outcome: 'not-sent', reason: 'unhandled', messageName: 'shout', target: ref.path })
  const letter = { type: 'dead-letter', reason: 'unhandled', target: ref.path, message: 'shout' } as const
  t.deepEqual(events, [
    { ...letter, payload: 1 },
    { ...letter, payload: 2 },
  ])
})

test('an unhandled tell is logged, once for each name and actor; an ask is not: its asker knows', async (t) => {
  const { runtime, system, lines } = await world()
  const [a, b] = ['a', 'b'].map(
    (name) =>
      system.spawn(
        actor('deaf', () => ({})),
        { name },
      ) as Ref<Loose>,
  )

  for (const ref of [a!, b!, a!]) ref.tell('shout', 1)
  a!.tell('whisper', 1)
  await refusal(t, a!.ask('mutter', 1))
  await runtime.settle()

  t.deepEqual(
    lines,
    ['shout', 'shout', 'whisper'].map((name) => `warn has no handler of "${name}": the message is a dead letter: `),
  )
})

test('what every object has, and the constructor of a class, are no messages', async (t) => {
  class Counter {
    constructed = 0
    ping(): string {
      return 'pong'
    }
  }
  for (const handlers of [new Counter(), { ping: () => 'pong' }]) {
    const { system, events } = await world()
    const ref = system.spawn(actor('counter', () => handlers as { ping: () => string })) as Ref<
      { ping: () => string } & Loose
    >
    const names = Object.getOwnPropertyNames(Object.prototype)

    for (const name of names) t.is((await refusal(t, ref.ask(name, 'x'))).reason, 'unhandled', name)

    t.is(await ref.ask('ping'), 'pong')
    t.is(events.filter((event) => event.type === 'dead-letter').length, names.length)
    t.is(events.length, names.length)
  }
})

test('a message may bear the name of what every object has, if a handler is written for it', async (t) => {
  const { system } = await world()
  const ref = system.spawn(actor('named', () => ({ toString: () => 'text', valueOf: (n: number) => n + 1 })))

  t.is(await ref.ask('toString'), 'text')
  t.is(await ref.ask('valueOf', 1), 2)
})

test('the fallback gets the name and payload of every message nobody else is named after', async (t) => {
  const { system } = await world()
  const ref = system.spawn(
    actor(
      protocol<Loose>('generic'),
      () => ({ unhandled: (name: string, payload: unknown) => [name, payload] }) as never,
    ),
  )

  t.deepEqual(await ref.ask('anything', 1), ['anything', 1])
  t.deepEqual(await ref.ask('toString', 2), ['toString', 2])
  t.deepEqual(await ref.ask('unhandled', 3), ['unhandled', 3])
})

test('a set-up that returns no handlers fails, and the error says what it returned; become refuses what is none', async (t) => {
  const { runtime, system, events } = await world()
  for (const [name, returned] of Object.entries({ none: undefined, no: null, word: 'x', later: turnLater() })) {
    system.spawn(actor(protocol<Loose>('empty'), (() => returned) as never), { name })
  }
  const proper = system.spawn(
    actor(protocol<Loose>('proper'), (ctx) => ({ change: () => ctx.become(undefined as never) })),
  )
  await runtime.settle()

  const failures = events.flatMap((event) => (event.type === 'actor-failed' ? [event.error] : []))
  t.true(failures.every((error) => error instanceof NoHandlersError && error.code === 'NO_HANDLERS'))
  const returned = ['none returned nothing', 'no returned null', 'word returned "x"', 'later returned a promise']
  t.deepEqual(
    failures.map(({ message }) => message.slice('the set-up of /user/'.length, message.indexOf(':'))),
    returned,
  )
  const answer = proper.ask('change')
  await t.throwsAsync(answer, { message: /"handlers" must be an object of handlers/ })
})

test('become changes the handlers from the next message on', async (t) => {
  const { system } = await world()
  const ref = system.spawn(
    actor(protocol<{ turn: () => string }>('moody'), (context) => {
      const bright = { turn: () => (context.become(dark), 'bright') }
      const dark = { turn: () => (context.become(bright), 'dark') }
      return bright
    }),
  )

  t.deepEqual(await Promise.all([ref.ask('turn'), ref.ask('turn'), ref.ask('turn')]), ['bright', 'dark', 'bright'])
})

test('a mailbox reports high-water at 1,000 queued messages and at each doubling', async (t) => {
  const { runtime, system, events } = await world()
  const ref = system.spawn(actor('slow', () => ({ work: () => {} })))

  for (let i = 0; i < 5_000; i++) ref.tell('work')
  await runtime.settle()

  t.deepEqual(
    events.map((event) => event.type === 'high-water' && event.queued),
    [1_000, 2_000, 4_000],
  )
})

test('actors draw chance from streams of their own: equal seeds, equal draws, whatever others draw', async (t) => {
  const draws = async (others: number): Promise<number[]> => {
    const { system } = await world()
    const drawer = actor('drawer', ({ random }) => ({ draw: () => random.next() }))
    const noise = system.spawn(drawer, { name: 'noise' })
    const ref = system.spawn(drawer, { name: 'drawer' })
    for (let i = 0; i < others; i++) await noise.ask('draw')
    return [await ref.ask('draw'), await ref.ask('draw')]
  }

  t.deepEqual(await draws(0), await draws(5))
})

// Stopping (semantics 6)

test('a stop waits for the handler, then stops children in reverse, then cleans up in reverse, then tells watchers', async (t) => {
  const { runtime, system } = await world()
  const log: string[] = []
  const leaf = actor(protocol<Record<never, never>>('leaf'), (context, name: string) => {
    context.onStop(async () => {
      await timePasses(runtime, 10)
      log.push(`${name} gone`)
    })
    return {}
  })
  const ref = system.spawn(
    actor('parent', (context) => {
      context.spawn(leaf, { args: 'first' })
      context.spawn(leaf, { args: 'second' })
      context.onStop(() => void log.push('clean-up 1'))
      context.onStop(async () => {
        await timePasses(runtime, 10)
        log.push('clean-up 2')
      })
      return {
        work: async () => {
          await timePasses(runtime, 50)
          log.push('handler ended')
          return 'answered'
        },
      }
    }),
    { name: 'parent' },
  )
  const answer = ref.ask('work').then((value) => log.push(value))
  await runtime.settle()

  const stopped = system.stop(ref).then(() => log.push(`stopped at ${runtime.clock.now()}`))
  await runtime.advance(100)
  await Promise.all([answer, stopped])

  t.deepEqual(log, [
    'handler ended',
    'answered',
    'second gone',
    'first gone',
    'clean-up 2',
    'clean-up 1',
    'stopped at 80',
  ])
})

test('a stop during an await aborts ctx.signal at once, so that the handler can end in time (law 9)', async (t) => {
  const { runtime, system } = await world()
  const ref = system.spawn(
    actor('waiting', ({ signal }) => ({
      wait: () => new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve('gave up'))),
    })),
  )
  const answer = ref.ask('wait')
  await runtime.settle()

  await system.stop(ref)

  t.is(await answer, 'gave up')
  t.is(runtime.clock.now(), 0)
})

test('while an actor stops, new messages are dead letters stopping, queued and later ones stopped; asks hear not-sent (law 9)', async (t) => {
  const { runtime, system, events } = await world()
  const ref = system.spawn(actor('slow', () => ({ work: () => timePasses(runtime, 50), never: () => {} })))
  ref.tell('work')
  ref.tell('never')
  const queued = refusal(t, ref.ask('never'))
  await runtime.settle()

  const stopped = system.stop(ref)
  ref.tell('never')
  const late = refusal(t, ref.ask('never'))
  await runtime.advance(50)
  await stopped
  ref.tell('never')
  const later = refusal(t, ref.ask('never'))

  t.like(await late, { outcome: 'not-sent', reason: 'stopping' })
  t.like(await queued, { outcome: 'not-sent', reason: 'stopped' })
  t.like(await later, { outcome: 'not-sent', reason: 'stopped' })
  t.deepEqual(
    events.map((event) => event.type === 'dead-letter' && event.reason),
    ['stopping', 'stopping', 'stopped', 'stopped', 'stopped', 'stopped'],
  )
})

test('a handler that does not end within stopTimeoutMs is killed then: fenced, no clean-ups, watchers hear killed (law 9)', async (t) => {
  const { runtime, system, events } = await world()
  const log: string[] = []
  const terminated = watcher(system, log)
  let release: () => void = () => {}
  const ref = system.spawn(
    actor('stuck', (context) => {
      context.onStop(() => void log.push('cleaned up'))
      return {
        hang: async () => {
          await new Promise<void>((resolve) => (release = resolve))
          context.spawn(actor('late', () => ({})))
          return 'too late'
        },
      }
    }),
    { name: 'stuck', stopTimeoutMs: 300 },
  )
  const asked = refusal(t, ref.ask('hang', undefined, { timeoutMs: 60_000 }))
  await terminated(ref)

  const stopped = system.stop(ref)
  await runtime.advance(299)
  t.deepEqual(log, [])
  await runtime.advance(1)
  await stopped
  release()
  await runtime.settle()

  t.deepEqual(log, ['stuck killed'])
  t.like(await asked, { outcome: 'unknown', reason: 'stopped' })
  t.deepEqual(events, [
    { type: 'actor-killed', path: '/user/stuck', why: 'a handler did not end within 300 ms' },
    { type: 'stale-context', path: '/user/stuck', action: 'spawn' },
    { type: 'stale-result', path: '/user/stuck' },
  ])
})

test('an actor has 5,000 ms to stop unless told otherwise', async (t) => {
  const { runtime, system } = await world()
  const ref = system.spawn(actor('stuck', () => ({ hang: () => new Promise<void>(() => {}) })))
  ref.tell('hang')
  await runtime.settle()
  let over = false
  void system.stop(ref).then(() => (over = true))

  await runtime.advance(4_999)
  t.false(over)
  await runtime.advance(1)

  t.true(over)
})

test('a kill takes children and grandchildren along, the youngest first, and clean-ups get no second call', async (t) => {
  const { runtime, system, events } = await world()
  const log: string[] = []
  const hanging = actor(protocol<Record<never, never>>('hanging'), (context, depth: number) => {
    context.onStop(() => {
      log.push(`cleaning ${depth}`)
      return new Promise(() => {})
    })
    if (depth < 3) context.spawn(hanging, { args: depth + 1, name: `child${depth + 1}` })
    return {}
  })
  const ref = system.spawn(hanging, { args: 1, name: 'top', stopTimeoutMs: 100 })
  await runtime.settle()

  const stopped = system.stop(ref)
  await runtime.advance(100)
  await stopped

  t.deepEqual(log, ['cleaning 3'])
  t.deepEqual(
    events.map((event) => event.type === 'actor-killed' && event.path),
    ['/user/top', '/user/top/child2', '/user/top/child2/child3'],
  )
})

test('a clean-up that throws or rejects is reported and keeps no other from running', async (t) => {
  const { runtime, system, lines } = await world()
  const log: string[] = []
  const ref = system.spawn(
    actor('unclean', (context) => {
      context.onStop(() => void log.push('last'))
      context.onStop(() => Promise.reject(new Error('rejected')))
      context.onStop(() => {
        throw new Error('thrown')
      })
      return {}
    }),
  )
  await runtime.settle()

  await system.stop(ref)

  t.deepEqual(log, ['last'])
  t.deepEqual(lines, ['error a clean-up failed: thrown', 'error a clean-up failed: rejected'])
})

test('a drain handles all that is queued by then and stops; what comes later is a dead letter', async (t) => {
  const { system, events } = await world()
  const seen: number[] = []
  const ref = system.spawn(actor('counting', () => ({ see: async (n: number) => void seen.push(n) })))
  for (let i = 0; i < 3; i++) ref.tell('see', i)

  const stopped = system.stop(ref, { drain: true })
  ref.tell('see', 3)
  await stopped

  t.deepEqual(seen, [0, 1, 2])
  t.like(events, [{ type: 'dead-letter', reason: 'stopped', payload: 3 }])
})

test('an actor that stops itself finishes and answers the present message, and no other', async (t) => {
  const { system } = await world()
  const ref = system.spawn(
    actor('leaving', (context) => ({
      leave: async () => {
        context.stop()
        await null
        return 'bye'
      },
    })),
  )

  const answer = ref.ask('leave')
  const queued = refusal(t, ref.ask('leave'))

  t.is(await answer, 'bye')
  t.is((await queued).reason, 'stopped')
})

test('children that end at the same moment do not cut the clean-ups of their parent short', async (t) => {
  const { runtime, system } = await world()
  const log: string[] = []
  const child = actor('child', (context) => {
    context.onStop(() => timePasses(runtime, 10))
    return { leave: () => context.stop() }
  })
  const ref = system.spawn(
    actor('parent', (context) => {
      const first = context.spawn(child)
      context.spawn(child)
      context.onStop(async () => {
        await timePasses(runtime, 10)
        log.push('cleaned up')
      })
      return { leave: () => first.tell('leave') }
    }),
  )
  await runtime.settle()
  ref.tell('leave')
  const stopped = system.stop(ref, { drain: true }).then(() => log.push(`gone at ${runtime.clock.now()}`))

  await runtime.advance(100)
  await stopped

  t.deepEqual(log, ['cleaned up', 'gone at 20'])
})

test('stopping a child that is gone already does nothing; stopping a stranger is a mistake', async (t) => {
  const { runtime, system } = await world()
  const child = actor('child', () => ({ fail: () => Promise.reject(new Error('x')) }))
  const stranger = system.spawn(child)
  const ref = system.spawn(
    actor('parent', (context) => {
      const ref = context.spawn(child)
      return {
        fail: () => ref.tell('fail'),
        stopChild: () => context.stop(ref),
        stopStranger: () => context.stop(stranger),
      }
    }),
  )
  ref.tell('fail')
  await runtime.settle()

  await ref.ask('stopChild')
  const error = await refusal(t, ref.ask('stopStranger'))

  t.is((error.cause as Error & { causeName: string }).causeName, 'InvalidOptionError')
})

test('a name is taken while its actor lives and free when its watchers hear of the end; the new actor has a new id (law 10)', async (t) => {
  const { runtime, system } = await world()
  const child = actor('child', () => ({ leave: () => {} }))
  const ids: string[] = []
  const ref = system.spawn(
    actor(
      protocol<{ start: () => string; gone: (notice: Terminated) => void; stop: () => void }>('parent'),
      (context) => {
        const start = (): string => {
          const ref = context.spawn(child, { name: 'only' })
          ids.push(ref.id)
          context.watch(ref, 'gone')
          return ref.path
        }
        return { start, gone: start, stop: () => context.stop(context.self as never) }
      },
    ),
    { name: 'parent', supervise: oneForOne({ decide: () => 'resume' }) },
  )

  t.is(await ref.ask('start'), '/user/parent/only')
  const error = await refusal(t, ref.ask('start'))
  t.is((error.cause as Error).cause instanceof NameTakenError, true)
  t.regex(error.message, /an actor named \/user\/parent\/only is running; choose another name/)
  await runtime.settle()
  t.is(ids.length, 1)
  ref.tell('stop')
  await runtime.settle()
  t.throws(() => [system.spawn(child, { name: 'twice' }), system.spawn(child, { name: 'twice' })], {
    instanceOf: NameTakenError,
  })
})

test('stop and spawn under the same name makes another actor: refs to the old one do not reach it', async (t) => {
  const { system, events } = await world()
  const echo = actor('echo', () => ({ echo: (text: string) => text }))
  const old = system.spawn(echo, { name: 'echo' })
  await system.stop(old)

  const young = system.spawn(echo, { name: 'echo' })

  t.not(young.id, old.id)
  t.is(young.path, old.path)
  t.is(await young.ask('echo', 'x'), 'x')
  t.is((await refusal(t, old.ask('echo', 'x'))).outcome, 'not-sent')
  await system.stop(old)
  t.is(await young.ask('echo', 'still here'), 'still here')
  t.like(events, [{ type: 'dead-letter', reason: 'stopped', payload: 'x' }])
})

test('names are 1 to 128 of A-Z, a-z, 0-9 and ._~:-, and misspelt options are named', async (t) => {
  const { system } = await world()
  const any = actor('any', () => ({}))

  for (const name of ['', 'a/b', 'ä', ' ', '$1', 'x'.repeat(129)])
    t.throws(() => system.spawn(any, { name }), { instanceOf: InvalidOptionError, message: /1 to 128 of/ })
  t.is(system.spawn(any, { name: 'x'.repeat(128) }).path.length, '/user/'.length + 128)
  t.is(system.spawn(any, { name: 'A.z_0~:-' }).path, '/user/A.z_0~:-')
  const misspelt: object = { nmae: 'x' }
  t.throws(() => system.spawn(any, misspelt), { instanceOf: UnknownOptionError, message: /did you mean "name"\?/ })
})

test('the options of stop, find and connect are checked: a misspelt drain must not cost what is queued', async (t) => {
  const { runtime, system } = await world()
  const stopper = system.spawn(
    actor(protocol<Loose>('stopper'), (ctx) => ({ go: (o) => ctx.stop(undefined, o as never) })),
    { name: 'stopper' },
  )
  const misspelt = { drian: true } as never
  const refused = [
    stopper.ask('go', misspelt),
    system.stop(stopper, misspelt),
    system.find(protocol<Loose>('x'), { timeoutMs: Number.NaN }),
    system.connect('x', { timeout: 1 } as never),
    stopper.offer('go', undefined, { signal: {} as never }),
  ].map((promise) =>
    promise.then(
      () => 'let through',
      (error: Error) => error.message,
    ),
  )
  await runtime.settle()

  t.deepEqual(await Promise.all(refused), [
    'ask "go" to /user/stopper: /user/stopper failed: ctx.stop: unknown option "drian"; did you mean "drain"?',
    'system.stop: unknown option "drian"; did you mean "drain"?',
    'system.find: option "timeoutMs" must be a number from 0 to Infinity, got NaN',
    'system.connect: unknown option "timeout"; did you mean "timeoutMs"?',
    'offer: option "signal" must be an AbortSignal, got an object (Object)',
  ])
})

test('a supervision is one that has a supervise, a mailbox strategy one that has a create', async (t) => {
  const { system } = await world()
  const mute = actor('mute', () => ({}))
  for (const options of [{ supervise: {} }, { mailbox: {} }, { supervise: oneForOne }]) {
    t.throws(() => system.spawn(mute, options as never), { instanceOf: InvalidOptionError })
  }
})

test('a system stops its actors last one first, and starts nothing any more', async (t) => {
  const { system } = await world()
  const log: string[] = []
  const any = actor(protocol<Record<never, never>>('any'), (context, name: string) => {
    context.onStop(() => void log.push(name))
    return {}
  })
  for (const name of ['a', 'b', 'c']) system.spawn(any, { args: name })

  await Promise.all([system.stop(), system.stop()])

  t.deepEqual(log, ['c', 'b', 'a'])
  t.throws(() => system.spawn(any, { args: 'd' }), { instanceOf: SystemStoppedError })
  await t.throwsAsync(system.connect('memory://x'), { instanceOf: SystemStoppedError })
})

// Watching (semantics 8)

test('a notice is a message like others: it waits for the handler, and for what the target sent before (law 10)', async (t) => {
  const { runtime, system } = await world()
  const log: string[] = []
  const speaker = actor(
    protocol<{ speak: (to: Ref<{ hear: (text: string) => void }>) => void }>('speaker'),
    (context) => ({
      speak: (to) => {
        to.tell('hear', 'first')
        context.stop()
        to.tell('hear', 'last')
      },
    }),
  )
  const target = system.spawn(speaker, { name: 'speaker' })
  const listener = system.spawn(
    actor(
      protocol<{ start: () => Promise<void>; hear: (text: string) => void; gone: (notice: Terminated) => void }>(
        'listener',
      ),
      (context) => ({
        start: async () => {
          context.watch(target, 'gone')
          target.tell('speak', context.self)
          await timePasses(runtime, 10)
          log.push('start is over')
        },
        hear: (text) => void log.push(text),
        gone: ({ ref, reason }) => void log.push(`${ref.path} ${reason}`),
      }),
    ),
  )
  listener.tell('start')

  await runtime.advance(10)

  t.deepEqual(log, ['start is over', 'first', 'last', '/user/speaker stopped'])
})

test('a watch with a message of its own sends that instead of the notice, and watching again replaces', async (t) => {
  const { runtime, system } = await world()
  const log: unknown[] = []
  const target = system.spawn(actor('target', () => ({})))
  system.spawn(
    actor(protocol<{ one: (what: string) => void; two: () => void }>('watcher'), (context) => {
      context.watch(target, 'one', 'replaced')
      context.watch(target, 'two')
      context.watch(target, 'one', 'counted')
      return { one: (what) => void log.push(what), two: () => void log.push('two') }
    }),
  )
  await runtime.settle()

  await system.stop(target)
  await runtime.settle()

  t.deepEqual(log, ['counted'])
})

// Timers

test('after sends once, every sends again and again, and cancelled ones send nothing more', async (t) => {
  const { runtime, system } = await world()
  const log: string[] = []
  const ref = system.spawn(
    actor(protocol<{ mark: (what: string) => void; cancel: () => void }>('timed'), (context) => {
      context.after(30, 'mark', 'once')
      const every = context.every(20, 'mark', 'tick')
      const never = context.after(35, 'mark', 'never')
      return {
        mark: (what) => void log.push(`${what} ${context.clock.now()}`),
        cancel: () => {
          every.cancel()
          never.cancel()
          never.cancel()
        },
      }
    }),
  )

  await runtime.advance(30)
  ref.tell('cancel')
  await runtime.advance(100)

  t.deepEqual(log, ['tick 20', 'once 30'])
})

test('ticks do not pile up behind a slow handler, and a tick queued before its cancel is not handled', async (t) => {
  const { runtime, system } = await world()
  let ticks = 0
  const ref = system.spawn(
    actor(protocol<{ tick: () => void; block: () => Promise<void>; cancel: () => void }>('slow'), (context) => {
      const every = context.every(10, 'tick')
      return { tick: () => void ticks++, block: () => timePasses(runtime, 100), cancel: () => every.cancel() }
    }),
  )

  await runtime.advance(5)
  ref.tell('block')
  await runtime.advance(101)
  t.is(ticks, 1)
  ref.tell('block')
  ref.tell('cancel')
  await runtime.advance(200)

  t.is(ticks, 1)
})

test('a period of 0 is one of 1 ms, and a delay that is no number is refused', async (t) => {
  const { runtime, system, events } = await world()
  let ticks = 0
  system.spawn(
    actor(protocol<{ tick: () => void }>('eager'), (context) => {
      context.every(0, 'tick')
      return { tick: () => void ticks++ }
    }),
  )
  system.spawn(
    actor(protocol<{ tick: () => void }>('wrong'), (context) => {
      context.after(Number.NaN, 'tick')
      return { tick: () => {} }
    }),
  )

  await runtime.advance(10)

  t.is(ticks, 10)
  t.like(events, [{ type: 'actor-failed', directive: 'stop' }])
})

test('cancelled timers and settled pipes keep nothing alive', async (t) => {
  const { runtime, system } = await world()
  const payloads: WeakRef<object>[] = []
  const ref = system.spawn(
    actor(protocol<{ start: () => void; take: (payload: object) => void }>('forgetful'), (context) => ({
      start: () => {
        for (const start of ['after', 'every'] as const) {
          const payload = { start }
          payloads.push(new WeakRef(payload))
          context[start](1_000, 'take', payload).cancel()
        }
      },
      take: () => {},
    })),
  )
  await ref.ask('start')
  await runtime.settle()

  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  for (let i = 0; i < 5 && payloads.some((payload) => payload.deref() !== undefined); i++) {
    await runtime.settle()
    collect()
  }

  t.deepEqual(
    payloads.map((payload) => payload.deref()?.constructor.name),
    [undefined, undefined],
  )
})

// Pieces of these tests

type Loose = Record<string, (payload?: unknown) => unknown>

test('whatever can be awaited keeps the mailbox waiting, be it of another realm, a subclass or a mere thenable', async (t) => {
  class Slow extends Promise<number> {}
  class Broken extends Promise<number> {
    override then(): never {
      throw new Error('no then')
    }
  }
  const makers: Record<string, () => unknown> = {
    thenable: () => ({ then: (resolve: (value: number) => void) => setImmediate(() => resolve(7)) }),
    foreign: () => runInNewContext('Promise.resolve().then(() => 7)'),
    subclass: () => new Slow((resolve) => setImmediate(() => resolve(7))),
    rejects: () => ({ then: (_: unknown, reject: (reason: Error) => void) => reject(new Error('no then')) }),
    broken: () => new Broken((resolve) => resolve(7)),
    getter: () => ({
      get then(): never {
        throw new Error('no then')
      },
    }),
  }
  interface Waiting {
    wait: () => number
    next: () => readonly string[]
  }
  for (const [kind, make] of Object.entries(makers)) {
    const { runtime, system, events } = await world()
    const log: string[] = []
    const ref = system.spawn(
      actor(protocol<Waiting>('waiting'), () => ({
        wait: () => {
          log.push('began')
          return make() as Promise<number>
        },
        next: () => log,
      })),
      { supervise: oneForOne({ backoff: { minMs: 0, maxMs: 0 } }) },
    )
    const waited = ref.ask('wait').then(
      (value) => log.push(`got ${value}`),
      (error: Error) => log.push(error.message.slice(-7)),
    )
    const next = ref.ask('next').then(() => log.push('next'))
    await runtime.advance(1)
    await Promise.all([waited, next])

    const fails = kind === 'rejects' || kind === 'broken' || kind === 'getter'
    t.deepEqual(log, ['began', fails ? 'no then' : 'got 7', 'next'], kind)
    t.is(events.filter(({ type }) => type === 'actor-failed').length, fails ? 1 : 0)
  }
})

test('a message without a name is one like any other', async (t) => {
  interface Nameless {
    '': (n: number) => number
  }
  const { runtime, system, events } = await world()
  const Nameless: Protocol<Nameless> = protocol('nameless')
  const knows = system.spawn(actor(Nameless, () => ({ '': (n) => n + 1 })))
  const other = system.spawn(actor(Nameless, () => ({}) as never))

  const answer = knows.ask('', 1)
  other.tell('', 1)
  await runtime.settle()
  t.is(await answer, 2)
  t.like(events, [{ type: 'dead-letter', reason: 'unhandled', message: '' }])
})

const Watching: Protocol<{ watch: (ref: Ref<never>) => void; gone: (notice: Terminated) => void }> =
  protocol('watching')

/** Watches what it is given and logs `name reason` at its end. */
function watcher(system: ActorSystem, log: string[]): (ref: unknown) => Promise<void> {
  const ref = system.spawn(
    actor(Watching, (context) => ({
      watch: (target) => context.watch(target, 'gone'),
      gone: (notice) => void log.push(`${notice.ref.path.split('/').at(-1)} ${notice.reason}`),
    })),
  )
  return (target) => ref.ask('watch', target as Ref<never>)
}
