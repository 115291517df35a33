import test from 'ava'
import { actor } from '../actor/actor.ts'
import { AskError } from '../actor/ask.ts'
import type { SpawnOptions } from '../actor/context.ts'
import type { DeadLetter } from '../actor/dead-letter.ts'
import { type Protocol, protocol } from '../actor/protocol.ts'
import type { AnyRef, Ref } from '../actor/ref.ts'
import type { Terminated } from '../actor/terminated.ts'
import { createSystem } from '../create-system.ts'
import { MailboxFullError } from '../errors.ts'
import { type ManualRuntime, manualRuntime } from '../runtime/manual.ts'
import type { Directive, Supervision } from '../supervision/directive.ts'
import { oneForOne } from '../supervision/one-for-one.ts'
import type { ActorSystem } from '../system/actor-system.ts'
import type { SystemEvent } from '../system/events.ts'
import { bounded, type Overflow } from './bounded.ts'
import type { Mailbox, MailboxStrategy } from './mailbox.ts'
import { priority } from './priority.ts'

const OVERFLOWS: readonly Overflow[] = ['drop-newest', 'drop-oldest', 'reject', 'fail']

// Law 12: each policy's exact victim, as senders, askers and the dead letters see it

const VICTIMS: Record<Overflow, { tells: unknown[]; letters: unknown[]; handled: unknown[] }> = {
  'drop-newest': { tells: [true, true, true, true], letters: [3, 4, 'asked'], handled: [0, 1, 2] },
  'drop-oldest': { tells: [true, true, true, true], letters: [1, 2, 3], handled: [0, 4, 'asked'] },
  reject: { tells: [true, true, false, false], letters: ['asked'], handled: [0, 1, 2] },
  fail: { tells: [true, true, true, true], letters: [3, 4, 'asked'], handled: [0, 1, 2] },
}

for (const overflow of OVERFLOWS) {
  test(`${overflow}: with 2 waiting, the victims of 2 more tells and an ask are exactly these, each a dead letter unless its sender was told`, async (t) => {
    const { runtime, system, letters } = await open()
    const { ref, handled, release } = busy(system, { mailbox: bounded({ capacity: 2, overflow }), supervise: resume })
    ref.tell('work', 0)
    await runtime.settle()

    const tells = [1, 2, 3, 4].map((n) => ref.tell('work', n))
    const asked = outcome(ref.ask('work', 'asked'))
    await runtime.settle()
    const expected = VICTIMS[overflow]
    t.deepEqual(
      letters.map(({ reason, payload }) => [reason, payload]),
      expected.letters.map((payload) => ['mailbox-full', payload]),
    )
    // At once, not when its time is over: none has passed.
    const turnedDown = overflow !== 'drop-oldest'
    t.is(asked.error !== null, turnedDown)
    release()
    await runtime.settle()

    t.deepEqual(tells, expected.tells)
    t.deepEqual(handled, expected.handled)
    if (turnedDown) {
      t.like(asked.error, { outcome: 'not-sent', reason: 'mailbox-full', code: 'ASK_NOT_SENT', retryable: true })
    } else t.is(asked.value, 'done')
  })
}

test('drop-oldest: an ask that gives way to a newer message fails at once, not-sent', async (t) => {
  const { runtime, system } = await open()
  const { ref } = busy(system, { mailbox: bounded({ capacity: 1, overflow: 'drop-oldest' }) })
  ref.tell('work', 0)
  await runtime.settle()
  const asked = outcome(ref.ask('work', 'asked'))
  ref.tell('work', 1)
  await runtime.settle()

  t.like(asked.error, { outcome: 'not-sent', reason: 'mailbox-full' })
})

test('fail: the actor fails with MailboxFullError, and its supervision decides: resume, restart or stop', async (t) => {
  for (const directive of ['resume', 'restart', 'stop'] as const) {
    const { runtime, system, events, letters } = await open()
    const { ref, handled, release } = busy(system, {
      mailbox: bounded({ capacity: 1, overflow: 'fail' }),
      supervise: oneForOne({ decide: () => directive, backoff: { minMs: 0, maxMs: 0 } }),
    })
    ref.tell('work', 0)
    await runtime.settle()
    for (let n = 1; n <= 4; n++) ref.tell('work', n)
    t.false(
      events.some(({ type }) => type === 'actor-failed'),
      'not inside the tell',
    )
    await runtime.settle()

    // Once for all that were too many in one go.
    const failures = events.filter((event) => event.type === 'actor-failed')
    t.deepEqual(
      failures.map(({ error, directive }) => [error.constructor, directive]),
      [[MailboxFullError, directive]],
    )
    t.like(failures[0]!.error, { code: 'MAILBOX_FULL', retryable: true })
    release()
    await runtime.advance(10)
    t.deepEqual(
      letters.map(({ payload }) => payload),
      directive === 'stop' ? [2, 3, 4, 1] : [2, 3, 4],
    )
    t.deepEqual(handled, directive === 'stop' ? [0] : [0, 1])
  }
})

test('fail: more than fits before the first turn fails the actor too, after its set-up', async (t) => {
  const { runtime, system, events } = await open()
  const { ref } = busy(system, { mailbox: bounded({ capacity: 2, overflow: 'fail' }) })
  for (let n = 0; n < 3; n++) ref.tell('work', n)
  await runtime.settle()

  t.deepEqual(
    events.flatMap((event) => (event.type === 'actor-failed' ? event.error.constructor : [])),
    [MailboxFullError],
  )
})

test('timers, notices, piped results and answers get through a mailbox that is full and drops or rejects all else (law 12)', async (t) => {
  for (const overflow of ['drop-newest', 'drop-oldest', 'reject'] as const) {
    const { runtime, system, letters } = await open()
    const log: string[] = []
    let go: () => void = () => {}
    const mortal = system.spawn(actor('mortal', () => ({ answer: () => 'answered' })))
    const ref = system.spawn(
      actor(Everything, (context) => ({
        begin: async () => {
          context.watch(mortal, 'gone')
          context.after(1, 'tick')
          context.pipe(Promise.resolve('piped'), 'piped')
          const asked = mortal.ask('answer')
          await new Promise<void>((resolve) => (go = resolve))
          log.push(await asked)
        },
        tick: () => void log.push('tick'),
        piped: (result) => void log.push(result),
        gone: ({ reason }) => void log.push(reason),
        work: (n) => void log.push(`work ${n}`),
      })),
      { mailbox: bounded({ capacity: 1, overflow }) },
    )
    ref.tell('begin')
    await runtime.settle()
    for (let n = 0; n < 1_000; n++) ref.tell('work', n)
    await runtime.advance(1)
    void system.stop(mortal)
    await runtime.settle()
    for (let n = 1_000; n < 2_000; n++) ref.tell('work', n)
    go()
    await runtime.settle()

    // The piped result was there before the work, the tick and the notice came after.
    const kept = overflow === 'drop-oldest' ? 'work 1999' : 'work 0'
    const rest = overflow === 'drop-oldest' ? ['tick', 'stopped', kept] : [kept, 'tick', 'stopped']
    t.deepEqual(log, ['answered', 'piped', ...rest], overflow)
    t.is(letters.length, overflow === 'reject' ? 0 : 1_999)
  }
})

test('a message that is handed on to a full mailbox is a dead letter: nobody else could know', async (t) => {
  const { runtime, system, letters } = await open()
  const { ref } = busy(system, { mailbox: bounded({ capacity: 1, overflow: 'reject' }) })
  const relay = system.spawn(actor(Work, (context) => ({ work: () => context.forward(ref) as never })))
  for (let n = 0; n < 3; n++) {
    relay.tell('work', n)
    await runtime.settle()
  }
  const asked = outcome(relay.ask('work', 'asked'))
  await runtime.settle()

  t.deepEqual(
    letters.map(({ reason, payload }) => [reason, payload]),
    [
      ['mailbox-full', 2],
      ['mailbox-full', 'asked'],
    ],
  )
  t.like(asked.error, { outcome: 'not-sent', reason: 'mailbox-full' })
})

test('a listener that sends to the actor again when it hears of a dropped message does no harm', async (t) => {
  const { runtime, system, letters } = await open()
  const { ref, handled, release } = busy(system, { mailbox: bounded({ capacity: 2, overflow: 'drop-oldest' }) })
  system.events.subscribe((event) => {
    if (event.type === 'dead-letter' && typeof event.payload === 'number') ref.tell('work', `again ${event.payload}`)
  })
  ref.tell('work', 0)
  await runtime.settle()
  for (let n = 1; n <= 3; n++) ref.tell('work', n)
  release()
  await runtime.settle()

  t.deepEqual(handled, [0, 'again 2', 'again 3'])
  t.deepEqual(
    letters.map(({ payload }) => payload),
    [1, 2, 3, 'again 1'],
  )
})

// Priority

test('priority: the most urgent of what waits is handled next; a notice comes after all that its actor sent', async (t) => {
  const { runtime, system } = await open()
  const log: string[] = []
  let go: () => void = () => {}
  const ref = system.spawn(
    actor(Everything, (context) => ({
      begin: async () => {
        const child = context.spawn(sender, { args: context.self })
        context.watch(child, 'gone')
        context.after(1, 'tick')
        await new Promise<void>((resolve) => (go = resolve))
      },
      tick: () => void log.push('tick'),
      piped: () => {},
      gone: ({ reason }) => void log.push(reason),
      work: (n) => void log.push(`work ${n}`),
    })),
    // A notice would come first if it were asked for.
    {
      mailbox: priority({ of: (name, payload) => (name === 'gone' ? -1 : name === 'tick' ? 15 : Number(payload)) }),
    },
  )
  ref.tell('begin')
  await runtime.advance(1)
  go()
  await runtime.settle()

  t.deepEqual(log, ['work 10', 'work 10', 'tick', 'work 20', 'work 30', 'stopped'])
})

const sender = actor('sender', (context, to: Ref<Work>) => {
  for (const n of [30, 10, 20, 10]) to.tell('work', n)
  context.stop()
  return {}
})

test('priority: a stop with drain handles all that was queued before it, whatever its priority', async (t) => {
  const { runtime, system, letters } = await open()
  const handled: unknown[] = []
  const ref = system.spawn(
    actor(Work, () => ({ work: (n) => void handled.push(n) })),
    {
      mailbox: priority({ of: (name, payload) => (name === 'work' ? Number(payload) : 0) }),
    },
  )
  for (const n of [3, 1, 2]) ref.tell('work', n)
  void system.stop(ref, { drain: true })
  await runtime.settle()

  t.deepEqual(handled, [1, 2, 3])
  t.deepEqual(letters, [])
})

// What a stop leaves over

test('onUndelivered gets the tells that are left when an actor ends, in order, before anybody hears of the end', async (t) => {
  for (const how of ['stop', 'fail', 'kill'] as const) {
    for (const mailbox of [undefined, bounded({ capacity: 10 })]) {
      const { runtime, system, letters } = await open()
      const log: unknown[] = []
      const { ref, release } = busy(system, {
        ...(mailbox === undefined ? {} : { mailbox }),
        onUndelivered: (letter) => log.push(letter),
      })
      watch(system, ref, (reason) => log.push(reason))
      ref.tell('work', how === 'fail' ? 'boom' : 0)
      await runtime.settle()
      ref.tell('work', 1)
      const asked = outcome(ref.ask('work', 'asked', { timeoutMs: 60_000 }))
      ref.tell('work', 2)
      if (how !== 'fail') void system.stop(ref)
      if (how !== 'kill') release()
      await runtime.advance(how === 'kill' ? 5_000 : 0)

      const left = (payload: number): DeadLetter => ({
        reason: 'stopped',
        target: '/user/worker',
        message: 'work',
        payload,
      })
      const ends = { stop: 'stopped', fail: 'failed', kill: 'killed' } as const
      t.deepEqual(log, [left(1), left(2), ends[how]])
      // Whoever asked knows, and may ask again.
      t.like(asked.error, { outcome: 'not-sent', reason: 'stopped' })
      t.deepEqual(
        letters.map(({ payload }) => payload),
        ['asked'],
      )
    }
  }
})

test('an onUndelivered that throws harms nobody: that message is a dead letter after all', async (t) => {
  const { runtime, system, letters, lines } = await open()
  const kept: unknown[] = []
  const { ref, release } = busy(system, {
    onUndelivered: ({ payload }) => {
      if (payload === 1) throw new Error('the disk is full')
      kept.push(payload)
    },
  })
  ref.tell('work', 0)
  await runtime.settle()
  for (const n of [1, 2]) ref.tell('work', n)
  const stopped = system.stop(ref)
  release()
  await runtime.settle()
  await stopped

  t.deepEqual(kept, [2])
  t.like(letters, [{ reason: 'stopped', payload: 1 }])
  t.deepEqual(lines, ['error /user/worker onUndelivered threw: the disk is full'])
})

test('a restart gives nothing to onUndelivered', async (t) => {
  const { runtime, system } = await open()
  const kept: unknown[] = []
  const { ref, handled, release } = busy(system, {
    supervise: oneForOne({ backoff: { minMs: 0, maxMs: 0 } }),
    onUndelivered: (letter) => kept.push(letter),
  })
  ref.tell('work', 'boom')
  await runtime.settle()
  ref.tell('work', 1)
  release()
  await runtime.advance(1)

  t.deepEqual([kept, handled], [[], ['boom', 1]])
})

// High water

test('high-water is reported at 1,000 and each doubling, and anew once the queue has shrunk to a quarter of that', async (t) => {
  const { runtime, system, events } = await open()
  const { ref, handle } = stepper(system)
  const tell = (count: number): void => {
    for (let n = 0; n < count; n++) ref.tell('work', n)
  }
  const reports = (): number[] => events.splice(0).flatMap((event) => (event.type === 'high-water' ? event.queued : []))
  await runtime.settle()

  tell(4_500)
  await runtime.settle()
  // One is in hand.
  t.deepEqual(reports(), [1_000, 2_000, 4_000])
  await handle(3_000)
  tell(3_000)
  t.deepEqual(reports(), [], 'from 1,499 back to 4,499: nothing new')
  await handle(3_600)
  tell(3_200)
  t.deepEqual(reports(), [4_000], 'from 899')
  await handle(4_000)
  t.is(reports().length, 0)
  tell(2_000)
  t.deepEqual(reports(), [1_000, 2_000], 'from 99')
})

test('a queue that swings around 1,000 reports once, not at each swing', async (t) => {
  const { runtime, system, events } = await open()
  const { ref, handle } = stepper(system)
  for (let n = 0; n < 900; n++) ref.tell('work', n)
  await runtime.settle()
  for (let swing = 0; swing < 20; swing++) {
    for (let n = 0; n < 300; n++) ref.tell('work', n)
    await handle(300)
  }

  t.is(events.filter(({ type }) => type === 'high-water').length, 1)
})

// Law 19

for (const overflow of OVERFLOWS) {
  test(`${overflow}: a sender 10 times as fast for 30 s leaves memory bounded and the system lane fast, and sent = handled + rejected + dropped (law 19)`, async (t) => {
    const { runtime, system, letters } = await open()
    const capacity = 100
    const measured = measure(bounded({ capacity, overflow }))
    let handled = 0
    const ref = system.spawn(
      actor(Ticking, (context) => ({
        work: async () => {
          handled++
          await new Promise<void>((resolve) => void runtime.scheduler.after(10, resolve))
          context.after(1, 'own')
        },
        own: () => {},
      })),
      { mailbox: measured.strategy, supervise: resume },
    )
    let sent = 0
    let rejected = 0
    let asks = 0
    let slowestMs = 0
    for (let ms = 0; ms < 30_000; ms += 10) {
      for (let n = 0; n < 9; n++, sent++) if (!ref.tell('work', n)) rejected++
      sent++
      ref.ask('work', 'asked', { timeoutMs: Number.POSITIVE_INFINITY }).catch((error: AskError) => {
        if (error.reason === 'mailbox-full') asks++
      })
      if (ms % 1_000 === 0) slowestMs = Math.max(slowestMs, await lifeAndDeath(runtime, system))
      await runtime.advance(10)
    }
    await runtime.advance(10 * (capacity + 2))

    t.is(sent, 30_000)
    const dropped = letters.filter(({ reason }) => reason === 'mailbox-full').length
    t.is(letters.length, dropped)
    t.is(sent, handled + rejected + dropped)
    t.true(asks > 0 && asks <= dropped)
    t.true(handled >= 2_900 && handled <= 3_200, `${handled} handled`)
    // What it sends itself for each message waits behind those that came before: no more than was handled meanwhile.
    t.true(measured.most() <= 2 * capacity + 1, `${measured.most()} queued`)
    t.is(slowestMs, 0)
  })
}

test('a sender 10 times as fast for 30 s that offers goes at the pace of the receiver, and nothing is lost', async (t) => {
  const { runtime, system, letters } = await open()
  const measured = measure(bounded({ capacity: 100, overflow: 'reject' }))
  let handled = 0
  const ref = system.spawn(
    actor(Work, () => ({
      work: () => {
        handled++
        return new Promise<void>((resolve) => void runtime.scheduler.after(10, resolve))
      },
    })),
    { mailbox: measured.strategy },
  )
  let sent = 0
  let over = false
  const sending = (async () => {
    while (!over) {
      if (!ref.tell('work', sent)) await ref.offer('work', sent)
      sent++
    }
  })()
  await runtime.advance(30_000)
  over = true
  await runtime.advance(10)
  await sending
  await runtime.advance(2_000)

  t.true(sent >= 3_000 && sent <= 3_200, `${sent} sent`)
  t.is(handled, sent)
  t.is(measured.most(), 100)
  t.deepEqual(letters, [])
})

/** Spawns, watches and stops an actor. @returns the time that took, in virtual ms */
async function lifeAndDeath(runtime: ManualRuntime, system: ActorSystem): Promise<number> {
  const startMs = runtime.clock.now()
  const ref = system.spawn(actor('mortal', () => ({})))
  let endMs = Number.POSITIVE_INFINITY
  watch(system, ref, () => {
    endMs = runtime.clock.now()
  })
  await runtime.settle()
  void system.stop(ref)
  await runtime.settle()
  return endMs - startMs
}

/** A strategy whose mailboxes are looked at after each push. */
function measure(strategy: MailboxStrategy): { strategy: MailboxStrategy; most: () => number } {
  let most = 0
  const create: MailboxStrategy['create'] = (onDropped): Mailbox => {
    const mailbox = strategy.create(onDropped)
    return {
      get size() {
        return mailbox.size
      },
      get full() {
        return mailbox.full
      },
      get head() {
        return mailbox.head
      },
      get payload() {
        return mailbox.payload
      },
      push: (head, payload) => {
        const pushed = mailbox.push(head, payload)
        most = Math.max(most, mailbox.size)
        return pushed
      },
      take: () => mailbox.take(),
      forget: () => mailbox.forget(),
    }
  }
  return { strategy: { name: 'measured', create }, most: () => most }
}

test('what is no mailbox strategy is refused at the door', async (t) => {
  const { system } = await open()
  const definition = actor(Work, () => ({ work: () => {} }))
  for (const mailbox of [{}, 'bounded', null, bounded]) {
    t.throws(() => system.spawn(definition, { mailbox: mailbox as never }), {
      code: 'INVALID_OPTION',
      message: /"mailbox" must be a mailbox strategy, such as bounded/,
    })
  }
  t.throws(() => system.spawn(definition, { onUndelivered: [] as never }), { code: 'INVALID_OPTION' })
})

// Pieces of these tests

interface Work {
  work: (payload: unknown) => unknown
}
const Work: Protocol<Work> = protocol('work')
const Ticking: Protocol<Work & { own: () => void }> = protocol('ticking')

interface Everything {
  begin: () => Promise<void>
  tick: () => void
  piped: (result: string) => void
  gone: (notice: Terminated) => void
  work: (n: unknown) => void
}
const Everything: Protocol<Everything> = protocol('everything')

const resume: Supervision = {
  name: 'resume',
  supervise: () => ({ decide: () => ({ directive: 'resume' as Directive, delayMs: 0, limitReached: false }) }),
}

interface World {
  readonly runtime: ManualRuntime
  readonly system: ActorSystem
  readonly events: SystemEvent[]
  readonly letters: DeadLetter[]
  readonly lines: string[]
}

async function open(): Promise<World> {
  const runtime = manualRuntime()
  const lines: string[] = []
  const system = await createSystem({
    name: 'a',
    runtime,
    log: (level, path, message, data) => {
      if (message.startsWith('onUndelivered')) lines.push(`${level} ${path} ${message}: ${(data as Error).message}`)
    },
  })
  const events: SystemEvent[] = []
  const letters: DeadLetter[] = []
  system.events.subscribe((event) => {
    events.push(event)
    if (event.type === 'dead-letter') letters.push(event)
  })
  return { runtime, system, events, letters, lines }
}

/** A worker whose first handler waits until it is released. */
function busy(system: ActorSystem, options: SpawnOptions): { ref: Ref<Work>; handled: unknown[]; release: () => void } {
  const handled: unknown[] = []
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  const definition = actor(Work, () => ({
    work: async (payload) => {
      handled.push(payload)
      await held
      if (payload === 'boom') throw new Error('boom')
      return 'done'
    },
  }))
  return { ref: system.spawn(definition, { name: 'worker', ...options }), handled, release: () => release() }
}

/** A worker that handles as many messages as it is told to. */
function stepper(system: ActorSystem): { ref: Ref<Work>; handle: (count: number) => Promise<void> } {
  let left = 0
  let done: () => void = () => {}
  let next: (() => void) | null = null
  const definition = actor(Work, () => ({
    work: () =>
      new Promise<void>((resolve) => {
        if (left > 0) {
          if (--left === 0) done()
          resolve()
        } else next = resolve
      }),
  }))
  const handle = (count: number): Promise<void> =>
    new Promise((resolve) => {
      left = count - 1
      done = () => setImmediate(resolve)
      next?.()
      next = null
      if (left === 0) done()
    })
  return { ref: system.spawn(definition), handle }
}

/** An error or a value, once there is one. */
function outcome(asked: Promise<unknown>): { error: AskError | null; value: unknown } {
  const result: { error: AskError | null; value: unknown } = { error: null, value: undefined }
  asked.then(
    (value) => {
      result.value = value
    },
    (error: unknown) => {
      if (error instanceof AskError) result.error = error
    },
  )
  return result
}

function watch(system: ActorSystem, target: AnyRef, onEnd: (reason: string) => void): void {
  const Watching = protocol<{ gone: (notice: Terminated) => void }>('watching')
  system.spawn(
    actor(Watching, (context) => {
      context.watch(target, 'gone')
      return { gone: ({ reason }) => onEnd(reason) }
    }),
  )
}
