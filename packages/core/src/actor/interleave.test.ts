import test from 'ava'
import fc from 'fast-check'
import { createSystem } from '../create-system.ts'
import { InvalidOptionError, UnknownOptionError } from '../errors.ts'
import type { Mailbox } from '../mailbox/mailbox.ts'
import { UnboundedMailbox } from '../mailbox/unbounded.ts'
import { randomDispatch } from '../runtime/dispatch-strategy.ts'
import { manualRuntime } from '../runtime/manual.ts'
import { SeededRandom } from '../runtime/random.ts'
import { oneForOne } from '../supervision/one-for-one.ts'
import { refusal, timePasses, world } from '../testing/world.ts'
import { actor } from './actor.ts'
import type { AskError } from './ask.ts'
import { type Protocol, protocol } from './protocol.ts'
import type { Ref } from './ref.ts'
import type { Deferred } from './reply.ts'

interface Ledger {
  /** Takes its time. */
  post: (n: number) => Promise<number>
  get: () => number
  getLater: () => Promise<number>
  owe: () => number
  refuse: () => number
  boom: () => number
  boomLater: () => Promise<number>
  settle: () => void
}
const Ledger: Protocol<Ledger> = protocol('ledger')
const QUERIES = ['get', 'getLater', 'owe', 'refuse', 'boom', 'boomLater'] as const

/** `post` waits until `gate` opens; the queries do not wait for it. */
function ledger(gate: Gate, log: string[] = []) {
  return actor(
    Ledger,
    (context) => {
      let sum = 0
      let owed: Deferred<number> | undefined
      return {
        post: async (n) => {
          log.push(`post ${n}`)
          await gate.opened
          sum += n
          owed?.resolve(sum)
          return sum
        },
        get: () => sum,
        getLater: async () => {
          await null
          return sum
        },
        owe: () => {
          owed = context.reply<number>()
          return owed
        },
        refuse: () => {
          context.replyError(new Error('not now'))
          return 0
        },
        boom: () => {
          throw new Error('boom')
        },
        boomLater: async () => {
          await null
          throw new Error('boom')
        },
        settle: () => {},
      }
    },
    { interleave: QUERIES },
  )
}

test('messages named in interleave are handled while a handler is pending; all others wait for it', async (t) => {
  const { runtime, system } = await world()
  const gate = new Gate()
  const log: string[] = []
  const ref = system.spawn(ledger(gate, log))
  const first = ref.ask('post', 1)
  const second = ref.ask('post', 2)
  await runtime.settle()

  t.is(await ref.ask('get'), 0)
  t.is(await ref.ask('getLater'), 0)
  t.deepEqual(log, ['post 1'])
  gate.open()

  t.deepEqual([await first, await second, await ref.ask('get')], [1, 3, 3])
})

test('each of the handlers that interleave answers its own asker', async (t) => {
  const { runtime, system } = await world()
  const gate = new Gate()
  const ref = system.spawn(ledger(gate))
  const posted = ref.ask('post', 5)
  await runtime.settle()

  const owed = ref.ask('owe')
  const later = ref.ask('getLater')
  const refused = refusal(t, ref.ask('refuse'))
  const got = ref.ask('get')
  t.like(await refused, { outcome: 'failed', reason: 'refused' })
  t.deepEqual([await got, await later], [0, 0])
  gate.open()

  t.deepEqual([await posted, await owed], [5, 5])
})

test('what waited when the handler began, and need not, is handled too, wherever it waited', async (t) => {
  // More than a turn's worth: some wait in the ring, the rest in the mailbox; or, restarting, all in the mailbox.
  for (const before of [1, 100, 300]) {
    for (const restart of [false, true]) {
      const { runtime, system } = await world()
      const gate = new Gate()
      const ref = system.spawn(ledger(gate), { supervise: oneForOne({ backoff: { minMs: 0, maxMs: 0 } }) })
      if (restart) refusalUnseen(ref.ask('boom'))
      const posted: Promise<number>[] = []
      const got: Promise<number>[] = []
      for (let i = 0; i < before; i++) {
        posted.push(ref.ask('post', 1))
        got.push(ref.ask('get'))
      }
      await runtime.advance(1)

      t.deepEqual(
        await Promise.all(got),
        got.map(() => 0),
      )
      gate.open()
      t.deepEqual(
        await Promise.all(posted),
        posted.map((_, i) => i + 1),
      )
    }
  }
})

test('no two handlers of one actor overlap, be they sync, async, ticks, notices, piped or unstashed; interleave only where it says so (law 2)', async (t) => {
  const names = ['sync', 'async', 'slow', 'tick', 'watch', 'pipe', 'stash', 'unstash', 'read', 'readLater'] as const
  type Name = (typeof names)[number]
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.constantFrom(...names), fc.constant('pause' as const)), { minLength: 1, maxLength: 200 }),
      fc.boolean(),
      async (steps, patient) => {
        const { runtime, system } = await world()
        const mortal = actor('mortal', () => ({}))
        let inside = 0
        let overlaps = 0
        let besides = 0
        let handled = 0
        const turn = async (hops: number): Promise<void> => {
          if (inside++ > 0) overlaps++
          for (let i = 0; i < hops; i++) await null
          inside--
          handled++
        }
        const ref = system.spawn(
          actor(
            protocol<Record<Name, () => void>>('busy'),
            (context) => {
              let stashed = false
              return {
                sync: () => {
                  if (inside > 0) overlaps++
                  handled++
                },
                async: () => turn(1),
                slow: () => turn(7),
                tick: () => {
                  context.after(0, 'slow')
                  context.timer('one').after(0, 'sync')
                  return turn(2)
                },
                watch: () => {
                  const child = context.spawn(mortal)
                  context.watch(child, 'async')
                  context.stop(child)
                  return turn(3)
                },
                pipe: () => {
                  context.pipe(Promise.resolve(), 'sync')
                  return turn(1)
                },
                // Half of them go to the stash first, and count when they are back.
                stash: () => {
                  stashed = !stashed
                  if (stashed) return void context.stash()
                  return turn(2)
                },
                unstash: () => {
                  context.unstash()
                  return turn(1)
                },
                read: () => {
                  if (inside > 0) besides++
                  handled++
                },
                readLater: async () => {
                  if (inside > 0) besides++
                  await null
                  handled++
                },
              }
            },
            { interleave: patient ? [] : ['read', 'readLater'] },
          ),
        )

        for (const name of steps) {
          if (name === 'pause') await runtime.settle()
          else ref.tell(name)
        }
        await runtime.advance(10)
        for (let i = 0; i < 200; i++) ref.tell('unstash')
        await runtime.advance(10)

        t.is(overlaps, 0)
        if (patient) t.is(besides, 0)
        // Whatever was sent has been handled, the timer that was replaced once.
        const sent = steps.filter((name) => name !== 'pause').length
        const extra = steps.filter((name) => name === 'watch' || name === 'pipe').length
        const ticks = steps.filter((name) => name === 'tick').length
        const least = sent + 200 + extra + ticks - 1
        t.true(handled >= least - 1 && handled <= least + ticks + 1, `${handled} of ${least}`)
      },
    ),
    { numRuns: 60 },
  )
})

test('an interleaved handler that fails is a failure like any: its asker hears it, the pending one may end first', async (t) => {
  for (const how of ['boom', 'boomLater'] as const) {
    const { runtime, system, events } = await world()
    const gate = new Gate()
    const ref = system.spawn(ledger(gate), { supervise: oneForOne({ backoff: { minMs: 0, maxMs: 0 } }) })
    const posted = ref.ask('post', 1)
    await runtime.settle()

    const error = await refusal(t, ref.ask(how))
    t.like(error, { outcome: 'failed', reason: 'handler' })
    t.like(events, [{ type: 'actor-failed', directive: 'restart' }])
    gate.open()
    t.is(await posted, 1)
    await runtime.advance(1)

    t.is(await ref.ask('get'), 0)
  }
})

test('a bounded mailbox stays bounded: at most 128 messages at a time go past it, and what it holds waits', async (t) => {
  const { runtime, system } = await world()
  const gate = new Gate()
  const ref = system.spawn(ledger(gate), { mailbox: { name: 'at most two', create: atMostTwo } })
  ref.tell('post', 1)
  await runtime.settle()

  const taken = Array.from({ length: 200 }, () => ref.tell('getLater')).filter((queued) => queued)
  t.is(taken.length, 130)
  await runtime.settle()
  const got = ref.ask('get')
  t.is(await got, 0)
  gate.open()
  await runtime.settle()

  t.is(await ref.ask('get'), 1)
})

test('an interleaved handler hands on, and sets aside, its own message and not the pending one', async (t) => {
  const { runtime, system } = await world()
  const gate = new Gate()
  const other = system.spawn(actor(protocol<Asked>('other'), () => ({ ask: (what) => `other: ${what}` })))
  interface Asked {
    ask: (what: string) => string
  }
  interface Router extends Asked {
    work: (what: string) => Promise<string>
    wait: (what: string) => string
    open: () => void
  }
  const ref = system.spawn(
    actor(
      protocol<Router>('router'),
      (context) => {
        let shut = true
        return {
          work: async (what) => {
            await gate.opened
            return `worked: ${what}`
          },
          ask: () => context.forward(other),
          wait: (what) => (shut ? context.stash() : `waited: ${what}`),
          open: () => {
            shut = false
            context.unstash()
          },
        }
      },
      { interleave: ['ask', 'wait', 'open'] },
    ),
  )
  const worked = ref.ask('work', 'a')
  await runtime.settle()

  const waited = ref.ask('wait', 'b')
  t.is(await ref.ask('ask', 'c'), 'other: c')
  ref.tell('open')
  t.is(await waited, 'waited: b')
  gate.open()

  t.is(await worked, 'worked: a')
})

test('a stop waits for interleaved handlers as well, and fences those that take too long', async (t) => {
  const { runtime, system, events } = await world()
  const reads: ((value: string) => void)[] = []
  const definition = actor(
    protocol<{ write: () => Promise<void>; read: () => Promise<string> }>('slow'),
    () => ({
      write: () => timePasses(runtime, 10),
      read: () => new Promise<string>((resolve) => void reads.push(resolve)),
    }),
    { interleave: ['read'] },
  )
  const spawned = () => {
    const ref = system.spawn(definition, { stopTimeoutMs: 100 })
    const wrote = ref.ask('write')
    return { ref, wrote }
  }

  const orderly = spawned()
  await runtime.settle()
  const answer = orderly.ref.ask('read')
  await runtime.settle()
  const stopped = system.stop(orderly.ref)
  await runtime.advance(20)
  reads[0]?.('in time')
  t.is(await answer, 'in time')
  await stopped

  const late = spawned()
  await runtime.settle()
  const unanswered = refusal(t, late.ref.ask('read'))
  await runtime.settle()
  const killed = system.stop(late.ref)
  await runtime.advance(100)
  await killed
  t.like(await unanswered, { outcome: 'unknown', reason: 'stopped' })
  reads[1]?.('too late')
  await runtime.settle()

  t.deepEqual(
    events.map((event) => event.type),
    ['actor-killed', 'stale-result'],
  )
})

test('ask replies settle while the mailbox waits, however much is in it', async (t) => {
  const { system } = await world()
  const oracle = system.spawn(actor('oracle', () => ({ answer: () => 42 })))
  const log: string[] = []
  const ref = system.spawn(
    actor('asking', () => ({
      work: async () => {
        log.push(`answer ${await oracle.ask('answer')}`)
      },
      other: () => void log.push('other'),
    })),
  )
  const worked = ref.ask('work')
  for (let i = 0; i < 300; i++) ref.tell('other')
  await worked

  t.is(log[0], 'answer 42')
  t.is(await ref.ask('other'), undefined)
  t.is(log.length, 302)
})

test('options of an actor are checked: interleave is a list of messages, stashCapacity an integer of at least 1', (t) => {
  const make = (options: object) => () => actor('checked', () => ({ get: () => 1 }), options)

  t.throws(make({ interleaved: ['get'] }), { instanceOf: UnknownOptionError, message: /did you mean "interleave"/ })
  for (const wrong of [{ interleave: 'get' }, { interleave: [1] }, { stashCapacity: 0 }, { stashCapacity: 1.5 }]) {
    t.throws(make(wrong), { instanceOf: InvalidOptionError }, JSON.stringify(wrong))
  }
})

interface Desk {
  work: () => Promise<void>
  query: () => Promise<string>
}
const Desk: Protocol<Desk> = protocol('desk')

/** `work` waits until `gate` opens; `query`, which does not wait for it, asks somebody else. */
function desk(gate: Gate, other: Ref<{ answer: () => string }>) {
  return actor(Desk, (ctx) => ({ work: () => gate.opened, query: async () => ctx.ask(other, 'answer') }), {
    interleave: ['query'],
  })
}

test('an interleaved handler asks for its own asker, not for that of the pending one', async (t) => {
  const { runtime, system } = await world()
  const gate = new Gate()
  const slow = actor('slow', (ctx) => ({
    answer: () => {
      const reply = ctx.reply<string>()
      ctx.task(async () => {
        await timePasses(runtime, 200)
        reply.resolve('here')
      })
      return reply
    },
  }))
  const ref = system.spawn(desk(gate, system.spawn(slow) as never))
  refusalUnseen(ref.ask('work', undefined, { timeoutMs: 100 }))
  await runtime.settle()

  const query = ref.ask('query').catch((error: AskError) => `${error.reason}: ${error.message}`)
  await runtime.advance(1_000)

  t.is(await query, 'here')
})

test('an interleaved handler that waits for an actor which waits for the pending one is no circle', async (t) => {
  const { runtime, system, events } = await world()
  const gate = new Gate()
  interface Other {
    answer: (() => string) | (() => Promise<string>)
    meet: (desk: Ref<Desk>) => void
  }
  let back: Ref<Desk> | null = null
  const other = system.spawn(
    actor(protocol<Other>('other'), (ctx) => ({
      meet: (ref) => {
        back = ref
      },
      answer: async () => {
        await ctx.ask(back!, 'work')
        return 'worked'
      },
    })),
  )
  const ref = system.spawn(desk(gate, other as never))
  other.tell('meet', ref)
  refusalUnseen(ref.ask('work'))
  await runtime.settle()

  const query = ref.ask('query')
  await runtime.advance(10)
  gate.open()
  await runtime.advance(10)

  t.is(await query, 'worked')
  t.deepEqual(
    events.filter(({ type }) => type === 'ask-cycle'),
    [],
  )
})

test('an interleaved handler that is pending for more than 20 s is reported as stuck', async (t) => {
  const { runtime, system, events } = await world()
  const gate = new Gate()
  const forever = actor(Desk, () => ({ work: () => gate.opened, query: () => new Promise<string>(() => {}) }), {
    interleave: ['query'],
  })
  const ref = system.spawn(forever)
  ref.tell('work')
  ref.tell('query')
  await runtime.advance(10)
  gate.open()
  await runtime.advance(30_000)

  t.deepEqual(
    events.filter(({ type }) => type === 'stuck-handler').map((event) => 'message' in event && event.message),
    ['query'],
  )
})

// Pieces of these tests

function atMostTwo(): Mailbox {
  const inner = new UnboundedMailbox()
  return {
    get size() {
      return inner.size
    },
    get full() {
      return inner.size >= 2
    },
    get head() {
      return inner.head
    },
    get payload() {
      return inner.payload
    },
    push: (head, payload) => (inner.size < 2 ? inner.push(head, payload) : 'rejected'),
    take: () => inner.take(),
    forget: () => inner.forget(),
  }
}

class Gate {
  open: () => void = () => {}
  readonly opened: Promise<void> = new Promise((resolve) => {
    this.open = resolve
  })
}

function refusalUnseen(ask: Promise<unknown>): void {
  ask.catch(() => {})
}

test('messages that need not wait stay in order among themselves, whoever is chosen to have the next turn', async (t) => {
  for (let seed = 0; seed < 10; seed++) {
    const runtime = { ...manualRuntime(), dispatch: randomDispatch(new SeededRandom(seed)) }
    const system = await createSystem({ name: 'a', runtime, log: false })
    const order: number[] = []
    const ref = system.spawn(notebook(new Gate(), order))
    ref.tell('write', 0)
    await runtime.settle()
    for (let n = 1; n <= 5; n++) ref.tell('look', n)
    await runtime.settle()

    t.deepEqual(order, [0, 1, 2, 3, 4, 5])
  }
})

test('a message that need not wait is overtaken by none sent after it, nor turned over and over, though its actor fails or is suspended', async (t) => {
  for (const what of ['fail', 'suspend'] as const) {
    const { runtime, system } = await world()
    const gate = new Gate()
    const order: number[] = []
    const ref = system.spawn(notebook(gate, order), { supervise: oneForOne({ backoff: { minMs: 0, maxMs: 0 } }) })
    ref.tell('write', 0)
    await runtime.settle()
    system.suspend(ref)
    ref.tell('look', what === 'fail' ? -1 : 1)
    ref.tell('look', 2)
    ref.tell('write', 3)
    system.resume(ref)
    if (what === 'suspend') system.suspend(ref)
    await runtime.settle()
    gate.open()
    await runtime.advance(1)
    system.resume(ref)
    await runtime.advance(1)

    t.deepEqual(order, what === 'fail' ? [0, -1, 2, 3] : [0, 1, 2, 3], what)
  }
})

interface Notebook {
  write: (n: number) => Promise<void>
  look: (n: number) => void
}

/** `look` does not wait for `write`, and fails at a number below 0. */
function notebook(gate: Gate, order: number[]) {
  return actor(
    protocol<Notebook>('notebook'),
    () => ({
      write: async (n) => {
        order.push(n)
        await gate.opened
      },
      look: (n) => {
        order.push(n)
        if (n < 0) throw new Error('cannot look')
      },
    }),
    { interleave: ['look'] },
  )
}
