import test from 'ava'
import fc from 'fast-check'
import { NoMessageError, StashFullError } from '../errors.ts'
import { oneForOne } from '../supervision/one-for-one.ts'
import { refusal, world } from '../testing/world.ts'
import { actor } from './actor.ts'
import type { Context } from './context.ts'
import { type Handlers, type Protocol, protocol } from './protocol.ts'
import type { Terminated } from './terminated.ts'

interface Door {
  /** Waits outside while the door is shut. */
  enter: (who: string) => string
  open: () => void
  shut: () => void
  fail: () => void
  entered: () => readonly string[]
}
const Door: Protocol<Door> = protocol('door')
const AT_ONCE = { minMs: 0, maxMs: 0 } as const

/** Sets `enter` aside while it is shut: become and stash together. Starts shut. */
function door(entered: string[], stashCapacity?: number) {
  return actor(
    Door,
    (context) => {
      const common = {
        entered: () => entered,
        fail: () => {
          throw new Error('broken')
        },
      }
      const shut: Handlers<Door> = {
        ...common,
        enter: () => context.stash(),
        shut: () => {},
        open: () => {
          context.become(opened)
          context.unstash()
        },
      }
      const opened: Handlers<Door> = {
        ...common,
        enter: (who) => {
          entered.push(who)
          return `hello ${who}`
        },
        open: () => {},
        shut: () => context.become(shut),
      }
      return shut
    },
    stashCapacity === undefined ? {} : { stashCapacity },
  )
}

test('what was set aside comes back before all that waits, in its order, and its askers get their answers', async (t) => {
  const { system } = await world()
  const ref = system.spawn(door([]))
  const asked = ['a', 'b'].map((who) => ref.ask('enter', who))
  ref.tell('enter', 'c')
  ref.tell('open')
  ref.tell('enter', 'd')

  t.deepEqual(await Promise.all(asked), ['hello a', 'hello b'])
  t.deepEqual(await ref.ask('entered'), ['a', 'b', 'c', 'd'])
})

test('the stash keeps the order of every sender, wherever its messages wait', async (t) => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constant('enter' as const) },
    { weight: 1, arbitrary: fc.constantFrom('open' as const, 'shut' as const) },
    { weight: 1, arbitrary: fc.constant('pause' as const) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 400 }), fc.boolean(), async (steps, slow) => {
      const { runtime, system } = await world()
      const entered: number[] = []
      const ref = system.spawn(
        actor(protocol<{ enter: (n: number) => void; open: () => void; shut: () => void }>('gate'), (context) => {
          let shut = true
          const beat = slow ? Promise.resolve() : undefined
          return {
            enter: async (n) => {
              await beat
              if (shut) context.stash()
              else entered.push(n)
            },
            open: () => {
              shut = false
              context.unstash()
              return beat
            },
            shut: () => {
              shut = true
            },
          }
        }),
      )
      // The twin: what waits in front is handled first.
      const expected: number[] = []
      const aside: number[] = []
      let shut = true

      for (const [n, name] of steps.entries()) {
        if (name === 'pause') await runtime.settle()
        else if (name === 'enter') {
          ref.tell(name, n)
          if (shut) aside.push(n)
          else expected.push(n)
        } else {
          ref.tell(name)
          shut = name === 'shut'
          if (!shut) expected.push(...aside.splice(0))
        }
      }
      await runtime.settle()

      t.deepEqual(entered, expected)
    }),
    { numRuns: 60 },
  )
})

test('an actor that sets messages aside again when they come back loses none and never spins', async (t) => {
  const { runtime, system } = await world()
  let turns = 0
  const ref = system.spawn(
    actor('restless', (context) => ({
      wait: () => {
        turns++
        return context.stash()
      },
      again: () => context.unstash(),
      held: () => turns,
    })),
  )
  for (let i = 0; i < 200; i++) ref.tell('wait')
  for (let i = 0; i < 3; i++) ref.tell('again')
  await runtime.settle()

  t.is(await ref.ask('held'), 800)
})

test('1,000 messages may be set aside unless told otherwise: one more is a StashFullError, which fails the actor', async (t) => {
  for (const capacity of [undefined, 3]) {
    const { runtime, system, events } = await world()
    const failures = () => events.filter((event) => event.type === 'actor-failed')
    const ref = system.spawn(door([], capacity))
    const limit = capacity ?? 1_000
    for (let i = 0; i < limit; i++) ref.tell('enter', String(i))
    await runtime.settle()
    t.deepEqual(failures(), [])

    const error = await refusal(t, ref.ask('enter', 'one more'))

    t.like(error, { outcome: 'failed', reason: 'handler' })
    const [failure] = failures()
    t.true(failure?.error instanceof StashFullError)
    t.like(failure, { error: { code: 'STASH_FULL', capacity: limit }, directive: 'stop' })
  }
})

test('a StashFullError that is caught leaves the message at hand', async (t) => {
  const { system } = await world()
  const ref = system.spawn(
    actor(
      protocol<{ wait: () => string }>('catching'),
      (context) => ({
        wait: () => {
          try {
            return context.stash()
          } catch {
            return 'no room'
          }
        },
      }),
      { stashCapacity: 1 },
    ),
  )
  ref.tell('wait')

  t.is(await ref.ask('wait'), 'no room')
})

test('a restart puts the stash back at the head of the mailbox, in order (law 5)', async (t) => {
  const { runtime, system } = await world()
  const log: string[] = []
  let life = 0
  const ref = system.spawn(
    actor(protocol<{ see: (what: string) => string; fail: () => void }>('phoenix'), (context) => {
      const born = ++life
      return {
        see: (what) => {
          if (born === 1) return context.stash()
          log.push(what)
          return what
        },
        fail: () => {
          throw new Error('ashes')
        },
      }
    }),
    { supervise: oneForOne({ backoff: AT_ONCE }) },
  )
  const first = ref.ask('see', 'first')
  ref.tell('see', 'second')
  ref.tell('fail')
  ref.tell('see', 'third')
  await runtime.advance(1)

  t.is(await first, 'first')
  t.deepEqual(log, ['first', 'second', 'third'])
})

test('what is set aside when its actor stops becomes dead letters stopped, before what is still queued', async (t) => {
  const { runtime, system, events } = await world()
  const ref = system.spawn(door([]))
  ref.tell('enter', 'a')
  const asked = refusal(t, ref.ask('enter', 'b'))
  await runtime.settle()

  const stopped = system.stop(ref)
  await stopped

  t.like(await asked, { outcome: 'not-sent', reason: 'stopped' })
  t.deepEqual(
    events.map((event) => event.type === 'dead-letter' && [event.reason, event.message, event.payload]),
    [
      ['stopped', 'enter', 'a'],
      ['stopped', 'enter', 'b'],
    ],
  )
})

test('an ask that expires or is aborted in a stash never reaches the handler', async (t) => {
  const { runtime, system } = await world()
  const entered: string[] = []
  const ref = system.spawn(door(entered))
  const abort = new AbortController()
  const expired = refusal(t, ref.ask('enter', 'expired', { timeoutMs: 100 }))
  const aborted = refusal(t, ref.ask('enter', 'aborted', { signal: abort.signal }))
  const patient = ref.ask('enter', 'patient')
  await runtime.advance(100)
  abort.abort()

  ref.tell('open')

  t.is(await patient, 'hello patient')
  t.deepEqual([(await expired).reason, (await aborted).reason], ['timeout', 'aborted'])
  t.deepEqual(entered, ['patient'])
})

test('become is reset by a restart, and what was set aside before meets the first handlers again', async (t) => {
  const { runtime, system } = await world()
  const entered: string[] = []
  const ref = system.spawn(door(entered), { supervise: oneForOne({ backoff: AT_ONCE }) })
  ref.tell('open')
  ref.tell('enter', 'a')
  ref.tell('shut')
  ref.tell('enter', 'b')
  ref.tell('fail')
  await runtime.advance(1)
  t.deepEqual(entered, ['a'])

  ref.tell('open')
  await runtime.settle()

  t.deepEqual(entered, ['a', 'b'])
})

test('ticks, notices and piped results may be set aside; they end with their incarnation', async (t) => {
  for (const restart of [false, true]) {
    const { runtime, system } = await world()
    const mortal = system.spawn(actor('mortal', () => ({})))
    const seen: string[] = []
    let life = 0
    interface Own {
      see: (what: string | Terminated) => void
      open: () => void
      fail: () => void
    }
    const ref = system.spawn(
      actor(protocol<Own>('own'), (context) => {
        let shut = true
        if (++life === 1) {
          context.after(10, 'see', 'tick')
          context.every(10, 'see', 'period').cancel()
          context.watch(mortal, 'see')
          context.pipe(Promise.resolve('piped'), 'see')
        }
        return {
          see: (what) => {
            if (shut) return void context.stash()
            seen.push(typeof what === 'string' ? what : what.reason)
          },
          open: () => {
            shut = false
            context.unstash()
          },
          fail: () => {
            throw new Error('over')
          },
        }
      }),
      { supervise: oneForOne({ backoff: AT_ONCE }) },
    )
    ref.tell('see', 'told')
    await runtime.settle()
    await system.stop(mortal)
    await runtime.advance(20)

    if (restart) ref.tell('fail')
    await runtime.advance(20)
    ref.tell('open')
    await runtime.advance(20)

    t.deepEqual(seen, restart ? ['told'] : ['told', 'piped', 'stopped', 'tick'])
  }
})

test('a tick in a stash is not handled once its timer was cancelled', async (t) => {
  const { runtime, system } = await world()
  const seen: string[] = []
  const ref = system.spawn(
    actor(protocol<{ tick: () => void; open: () => void }>('late'), (context) => {
      let shut = true
      const once = context.after(10, 'tick')
      return {
        tick: () => {
          if (shut) return void context.stash()
          seen.push('tick')
        },
        open: () => {
          shut = false
          once.cancel()
          context.unstash()
        },
      }
    }),
  )
  await runtime.advance(10)
  ref.tell('open')
  await runtime.settle()

  t.deepEqual(seen, [])
})

test('only the message at hand can be set aside, and only once: else NoMessageError; so with a forward of it', async (t) => {
  const { runtime, system, events } = await world()
  const log: unknown[] = []
  const attempt = (what: string, action: () => unknown): void => {
    try {
      action()
      log.push(`${what} went through`)
    } catch (error) {
      log.push(`${what} ${error instanceof NoMessageError ? error.code : String(error)}`)
    }
  }
  const sink = system.spawn(
    actor(protocol<{ other: () => void }>('sink'), () => ({ other: () => void log.push('sink got other') })),
  )
  let outside: Context<Twice> | undefined
  interface Twice {
    sync: () => void
    async: () => Promise<void>
  }
  const ref = system.spawn(
    actor(protocol<Twice>('twice'), (context) => {
      outside = context
      attempt('set-up: stash', () => context.stash())
      attempt('set-up: forward', () => context.forward(sink))
      return {
        sync: () => {
          context.stash()
          attempt('sync: again', () => context.stash())
          attempt('sync: forward', () => context.forward(sink))
        },
        async: async () => {
          context.stash()
          await null
          attempt('async: again', () => context.stash())
        },
      }
    }),
  )
  // A message of another actor right before: that one must never be mistaken for one's own.
  sink.tell('other')
  ref.tell('sync')
  ref.tell('async')
  await runtime.settle()
  attempt('outside: stash', () => outside?.stash())

  t.deepEqual(log, [
    'set-up: stash NO_MESSAGE',
    'set-up: forward NO_MESSAGE',
    'sink got other',
    'sync: again NO_MESSAGE',
    'sync: forward NO_MESSAGE',
    'async: again NO_MESSAGE',
    'outside: stash NO_MESSAGE',
  ])
  t.deepEqual(events, [])
})

test('a message whose answer was taken over is set aside as one that was told', async (t) => {
  const { system } = await world()
  const ref = system.spawn(
    actor(protocol<{ work: () => string; open: () => void }>('owing'), (context) => {
      let owed: { resolve: (value: string) => void } | undefined
      return {
        work: () => {
          if (owed !== undefined) {
            owed.resolve('done later')
            return 'nobody hears this'
          }
          owed = context.reply<string>()
          return context.stash()
        },
        open: () => context.unstash(),
      }
    }),
  )
  const answer = ref.ask('work')
  ref.tell('open')

  t.is(await answer, 'done later')
})
