import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import test from 'ava'
import fc from 'fast-check'
import { createSystem } from '../create-system.ts'
import { bounded, type Overflow } from '../mailbox/bounded.ts'
import { priority } from '../mailbox/priority.ts'
import { type ManualRuntime, manualRuntime } from '../runtime/manual.ts'
import { oneForOne } from '../supervision/one-for-one.ts'
import type { ActorSystem } from '../system/actor-system.ts'
import type { SystemEvent } from '../system/events.ts'
import { actor } from './actor.ts'
import type { SpawnOptions } from './context.ts'
import type { OfferError } from './offer.ts'
import { type Protocol, protocol } from './protocol.ts'
import type { Ref } from './ref.ts'

const OVERFLOWS: readonly Overflow[] = ['drop-newest', 'drop-oldest', 'reject', 'fail']

for (const overflow of OVERFLOWS) {
  test(`${overflow}: an offer waits while the mailbox is full, and offers are queued in the order they were made`, async (t) => {
    const stage = await open()
    const { ref, handled, release } = stage.worker({ mailbox: bounded({ capacity: 2, overflow }) })
    ref.tell('work', 'first')
    await stage.runtime.settle()
    const settled: string[] = []
    for (const name of ['a', 'b', 'c', 'd', 'e']) void ref.offer('work', name).then(() => settled.push(name))
    await stage.runtime.settle()

    // One is in hand and two fit; after that each end of a handler lets in one more.
    t.deepEqual(settled, ['a', 'b'])
    for (const expected of ['ab', 'abc', 'abcd', 'abcde', 'abcde']) {
      t.is(settled.join(''), expected)
      release()
      await stage.runtime.settle()
    }
    release()
    await stage.runtime.settle()

    t.deepEqual(handled, ['first', 'a', 'b', 'c', 'd', 'e'])
    t.deepEqual(stage.letters(), [])
  })
}

test('offers are queued first in, first out, whatever else is told, times out or is aborted between them (law 12)', async (t) => {
  const step = fc.oneof(
    fc.constantFrom('offer', 'tell', 'release', 'abort'),
    fc.record({ timeoutMs: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ wait: fc.integer({ min: 1, max: 10 }) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 60 }), async (capacity, steps) => {
      const stage = await open()
      const { ref, handled, release } = stage.worker({ mailbox: bounded({ capacity, overflow: 'reject' }) })
      const queued: string[] = []
      const refused: string[] = []
      const turnedDown: string[] = []
      const aborts: AbortController[] = []
      const offer = (name: string, timeoutMs: number): void => {
        const abort = new AbortController()
        aborts.push(abort)
        ref.offer('work', name, { timeoutMs, signal: abort.signal }).then(
          () => queued.push(name),
          () => refused.push(name),
        )
      }
      let number = 0
      for (const what of steps) {
        const name = `${number++}`
        if (what === 'offer') offer(name, Number.POSITIVE_INFINITY)
        else if (what === 'tell') {
          if (!ref.tell('work', `t${name}`)) turnedDown.push(name)
        } else if (what === 'release') release()
        else if (what === 'abort') aborts[number % Math.max(1, aborts.length)]?.abort()
        else if ('wait' in what) await stage.runtime.advance(what.wait)
        else offer(name, what.timeoutMs)
      }
      for (let i = 0; i <= number; i++) {
        release()
        await stage.runtime.settle()
      }
      const offered = handled.filter((name) => !name.startsWith('t')).map(Number)
      // Exactly those whose promise resolved were handled, in the order they were made.
      t.deepEqual(offered.map(String), queued)
      t.true(offered.every((n, i) => i === 0 || offered[i - 1]! < n))
      t.is(handled.length + refused.length + turnedDown.length, steps.filter(isMessage).length)
    }),
    { numRuns: 60 },
  )
})

function isMessage(step: unknown): boolean {
  return step === 'offer' || step === 'tell' || (typeof step === 'object' && step !== null && 'timeoutMs' in step)
}

test('while offers wait, freed room is theirs: a tell is turned down though a message was just taken', async (t) => {
  const stage = await open()
  const { ref, handled, release } = stage.worker({ mailbox: bounded({ capacity: 1, overflow: 'reject' }) })
  ref.tell('work', 'in hand')
  await stage.runtime.settle()
  t.true(ref.tell('work', 'waits'))
  const offers = [ref.offer('work', 'offered'), ref.offer('work', 'offered next')]
  const told: boolean[] = []
  stage.onHandled = () => told.push(ref.tell('work', 'cuts in'))

  for (let i = 0; i < 4; i++) {
    release()
    await stage.runtime.settle()
  }
  await Promise.all(offers)

  t.deepEqual(handled, ['in hand', 'waits', 'offered', 'offered next', 'cuts in'])
  // Once nobody waits any more, room is for whoever comes.
  t.deepEqual(told, [false, false, true, true])
})

test('an offer resolves at once where there is room: bounded, priority and unbounded, running or not yet', async (t) => {
  for (const mailbox of [undefined, bounded({ capacity: 3 }), priority({ of: () => 0 })]) {
    const stage = await open()
    const { ref, handled } = stage.worker(mailbox === undefined ? {} : { mailbox })
    let done = 0
    for (const name of ['a', 'b', 'c']) void ref.offer('work', name).then(() => done++)
    await Promise.resolve()
    t.is(done, 3)
    await stage.runtime.settle()
    t.deepEqual(handled, ['a'])
  }
})

test('an offer to an unbounded actor with 10,000 waiting resolves at once, and keeps its place behind them', async (t) => {
  const stage = await open()
  const { ref, handled, releaseAll } = stage.worker({})
  for (let i = 0; i < 10_000; i++) ref.tell('work', 'told')
  await ref.offer('work', 'offered')
  ref.tell('work', 'told after')

  releaseAll()
  await stage.runtime.settle()

  t.is(handled.length, 10_002)
  t.deepEqual(handled.slice(-2), ['offered', 'told after'])
})

test('an offer without room for timeoutMs, 5,000 by default, rejects, and was not queued', async (t) => {
  const stage = await open()
  const { ref, handled, releaseAll } = await stage.full()
  const patient = stage.refusal(ref.offer('work', 'patient'))
  const hasty = stage.refusal(ref.offer('work', 'hasty', { timeoutMs: 10 }))

  await stage.runtime.advance(9)
  t.is(hasty.error, null)
  await stage.runtime.advance(1)
  t.like(hasty.error, {
    name: 'OfferError',
    code: 'OFFER_NOT_QUEUED',
    reason: 'timeout',
    retryable: true,
    target: '/user/worker',
    messageName: 'work',
  })
  t.regex(String(hasty.error), /no room within 10 ms/)
  await stage.runtime.advance(4_989)
  t.is(patient.error, null)
  await stage.runtime.advance(1)
  t.is(patient.error?.reason, 'timeout')
  releaseAll()
  await stage.runtime.settle()
  t.deepEqual(handled, ['in hand', 'queued'])
})

test('aborting an offer rejects it at once with the reason as cause; one aborted before is never queued', async (t) => {
  const stage = await open()
  const { ref, handled, releaseAll } = await stage.full()
  const abort = new AbortController()
  const why = new Error('enough')
  const waiting = stage.refusal(ref.offer('work', 'aborted', { signal: abort.signal }))

  abort.abort(why)
  await stage.runtime.settle()
  t.like(waiting.error, { reason: 'aborted', retryable: false, cause: why })
  releaseAll()
  await stage.runtime.settle()
  const late = stage.refusal(ref.offer('work', 'aborted before', { signal: abort.signal }))
  await stage.runtime.settle()

  t.like(late.error, { reason: 'aborted', cause: why })
  t.deepEqual(handled, ['in hand', 'queued'])
})

test('an actor that stops rejects the offers that wait for it at once, be it stopped, failed or killed', async (t) => {
  const ends: Record<string, (stage: Stage, ref: Ref<Worker>) => void> = {
    stopped: (stage, ref) => void stage.system.stop(ref),
    failed: (_stage, ref) => ref.tell('work', 'one too many'),
  }
  for (const [how, end] of Object.entries(ends)) {
    const stage = await open()
    const { ref } = await stage.full({ mailbox: bounded({ capacity: 1, overflow: 'fail' }) })
    const waiting = [stage.refusal(ref.offer('work', 'a')), stage.refusal(ref.offer('work', 'b'))]
    end(stage, ref)
    await stage.runtime.settle()

    t.deepEqual(
      waiting.map(({ error }) => error?.reason),
      ['stopping', 'stopping'],
      how,
    )
    const during = stage.refusal(ref.offer('work', 'during'))
    await stage.runtime.settle()
    t.like(during.error, { reason: 'stopping', retryable: false })
    // The handler never ends: killed after its time, with what was queued for a dead letter.
    await stage.runtime.advance(5_000)
    t.deepEqual(stage.letters('stopped'), ['queued'])
    const after = stage.refusal(ref.offer('work', 'after'))
    await stage.runtime.settle()
    t.is(after.error?.reason, 'stopped')
  }
})

test('messages and waiting offers survive a restart, in their order', async (t) => {
  const stage = await open()
  const { ref, handled, release } = stage.worker({
    mailbox: bounded({ capacity: 2, overflow: 'reject' }),
    supervise: oneForOne({ backoff: { minMs: 100, maxMs: 100, jitter: 0 } }),
  })
  ref.tell('work', 'boom')
  await stage.runtime.settle()
  ref.tell('work', 'queued')
  ref.tell('work', 'queued too')
  const offers = [ref.offer('work', 'offered'), ref.offer('work', 'offered too')]
  release()
  await stage.runtime.settle()
  t.true(stage.events.some(({ type }) => type === 'actor-failed'))
  t.false(ref.tell('work', 'during the backoff'))
  offers.push(ref.offer('work', 'offered during the backoff'))

  await stage.runtime.advance(100)
  t.true(stage.events.some(({ type }) => type === 'actor-restarted'))
  for (let i = 0; i < 6; i++) {
    release()
    await stage.runtime.settle()
  }
  await Promise.all(offers)

  t.deepEqual(handled, ['boom', 'queued', 'queued too', 'offered', 'offered too', 'offered during the backoff'])
  t.deepEqual(stage.letters(), [])
})

test('10,000 offers that waited in vain leave nothing behind: neither their payloads nor their deadlines', async (t) => {
  const stage = await open()
  const { ref } = await stage.full()
  const payloads: WeakRef<object>[] = []
  for (let i = 0; i < 10_000; i++) {
    const payload = { i }
    if (i % 1_000 === 0) payloads.push(new WeakRef(payload))
    ref.offer('work', payload as never, { timeoutMs: 10 }).catch(() => {})
  }
  await stage.runtime.advance(10)

  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  for (let i = 0; i < 5 && payloads.some((payload) => payload.deref() !== undefined); i++) {
    await stage.runtime.settle()
    collect()
  }

  t.deepEqual(
    payloads.map((payload) => payload.deref()),
    payloads.map(() => undefined),
  )
})

test('wrong options of an offer reject it, with "did you mean"', async (t) => {
  const stage = await open()
  const { ref } = stage.worker({})

  await t.throwsAsync(ref.offer('work', 'a', { timeoutms: 1 } as never), {
    code: 'UNKNOWN_OPTION',
    message: /did you mean "timeoutMs"/,
  })
  await t.throwsAsync(ref.offer('work', 'a', { timeoutMs: -1 }), { code: 'INVALID_OPTION' })
})

test('the stack of an OfferError names who made the offer', async (t) => {
  const stage = await open()
  const { ref } = await stage.full()

  const error = await t.throwsAsync(async function somebodyWhoOffers() {
    void stage.runtime.advance(10)
    await ref.offer('work', 'x', { timeoutMs: 10 })
  })

  t.regex(error?.stack ?? '', /somebodyWhoOffers/)
})

// Pieces of these tests

interface Worker {
  work: (name: string) => void
}
const Worker: Protocol<Worker> = protocol('worker')

interface Refusal {
  error: OfferError | null
}

interface Hands {
  readonly ref: Ref<Worker>
  /** What its handlers have begun with. */
  readonly handled: string[]
  /** Ends the handler under way, or the next one. */
  readonly release: () => void
  readonly releaseAll: () => void
}

interface Stage {
  readonly runtime: ManualRuntime
  readonly system: ActorSystem
  readonly events: SystemEvent[]
  /** Called when a handler begins. */
  onHandled: () => void
  /** A worker whose handlers wait until they are released. */
  worker(options: SpawnOptions): Hands
  /** One with a message in hand and another one for which alone there was room. */
  full(options?: SpawnOptions): Promise<Hands>
  /** Payloads of the dead letters, of one reason or all. */
  letters(reason?: string): unknown[]
  refusal(offer: Promise<void>): Refusal
}

async function open(): Promise<Stage> {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'a', runtime, log: false })
  const events: SystemEvent[] = []
  system.events.subscribe((event) => events.push(event))
  const stage: Stage = {
    runtime,
    system,
    events,
    onHandled: () => {},
    worker: (options) => {
      const handled: string[] = []
      let ends: (() => void)[] = []
      let all = false
      const ref = system.spawn(
        actor(Worker, () => ({
          work: (name) => {
            handled.push(name)
            stage.onHandled()
            if (all) return
            return new Promise<void>((resolve, reject) => {
              ends.push(() => (name === 'boom' ? reject(new Error(name)) : resolve()))
            })
          },
        })),
        { name: 'worker', ...options },
      )
      const release = (): void => ends.shift()?.()
      const releaseAll = (): void => {
        all = true
        for (const end of ends) end()
        ends = []
      }
      return { ref, handled, release, releaseAll }
    },
    full: async (options = { mailbox: bounded({ capacity: 1, overflow: 'reject' }) }) => {
      const hands = stage.worker(options)
      hands.ref.tell('work', 'in hand')
      await runtime.settle()
      hands.ref.tell('work', 'queued')
      return hands
    },
    letters: (reason) =>
      events.flatMap((event) =>
        event.type === 'dead-letter' && (reason === undefined || event.reason === reason) ? [event.payload] : [],
      ),
    refusal: (offer) => {
      const refusal: Refusal = { error: null }
      offer.catch((error: unknown) => {
        refusal.error = error as OfferError
      })
      return refusal
    },
  }
  return stage
}
