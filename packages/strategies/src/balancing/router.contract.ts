import {
  type Actor,
  type ActorSystem,
  AskError,
  actor,
  createSystem,
  type Deferred,
  type Protocol,
  protocol,
  type Ref,
  ReplyError,
} from '@troupe/core'
import { type Assertions, type ManualRuntime, manualRuntime, type TestFunction } from '@troupe/core/testing'
import fc from 'fast-check'
import {
  type BalancingStrategy,
  HashBalancing,
  LeastConnections,
  RandomChoice,
  RoundRobin,
  type RouterControl,
  type RouterOptions,
} from './index.ts'

/** What the routees of these tests can do. */
export interface Work {
  /** Answers when the test says so. */
  run: (job: string) => string
  /** @returns which worker it is */
  who: () => number
  note: (text: string) => void
  keyed: (message: { key: string }) => number
  fail: () => void
  /** Ends the worker. */
  end: () => void
}
export const Work: Protocol<Work> = protocol<Work>('work')

/** One life of a worker: a restart begins another. */
export interface Worker {
  readonly ref: Ref<Work>
  readonly notes: string[]
  readonly running: Map<string, Deferred<string>>
}

/** A node, its workers in the order in which they began, and its dead letters. */
export interface RouterStage {
  readonly runtime: ManualRuntime
  readonly system: ActorSystem
  readonly definition: Actor<Work>
  readonly workers: readonly Worker[]
  /** `reason message target` */
  readonly deadLetters: string[]
}

export async function routerStage(): Promise<RouterStage> {
  const runtime = manualRuntime()
  const system = await createSystem({ name: 'test', runtime, log: false })
  const deadLetters: string[] = []
  system.events.subscribe((event) => {
    if (event.type === 'dead-letter') deadLetters.push(`${event.reason} ${event.message} ${event.target}`)
  })
  const workers: Worker[] = []
  return { runtime, system, definition: workerOf(workers), workers, deadLetters }
}

/** @param workers each adds itself to these when it begins */
export function workerOf(workers: Worker[]): Actor<Work> {
  return actor(Work, (ctx) => {
    const running = new Map<string, Deferred<string>>()
    const notes: string[] = []
    const number = workers.push({ ref: ctx.self, notes, running }) - 1
    return {
      run: (job) => {
        const reply = ctx.reply<string>()
        running.set(job, reply)
        return reply
      },
      who: () => number,
      note: (text) => void notes.push(text),
      keyed: () => number,
      fail: () => {
        throw Object.assign(new RangeError('broken'), { code: 'E_BROKEN' })
      },
      end: () => ctx.stop(),
    }
  })
}

type AnyRouter = Ref<Work & RouterControl<Work>>

/**
 * What every router promises, as tests.
 *
 * @param start a router over so many workers of the stage; it need not have begun yet
 */
export function routerContract(
  test: TestFunction,
  name: string,
  start: (stage: RouterStage, size: number, options: RouterOptions) => AnyRouter,
): void {
  for (const [title, keep] of Object.entries(promises)) {
    test(`${name}: ${title}`, async (t) => {
      const stage = await routerStage()
      await keep(t, stage, (size, options) => start(stage, size, options))
    })
  }
}

type Start = (size: number, options: RouterOptions) => AnyRouter

const promises: Record<string, (t: Assertions, stage: RouterStage, start: Start) => Promise<void>> = {
  'messages go where the strategy says, from the very first one': async (t, { runtime, workers }, start) => {
    const router = start(3, { strategy: new RoundRobin() })

    const answers = await within(runtime, Promise.all([1, 2, 3, 4, 5].map(() => router.ask('who'))))
    for (const text of ['a', 'b', 'c', 'd']) router.tell('note', text)
    await runtime.settle()

    t.deepEqual(answers, [0, 1, 2, 0, 1])
    t.deepEqual(
      workers.map(({ notes }) => notes),
      [['b'], ['c'], ['a', 'd']],
    )
  },

  'equal keys meet the same routee, and chance is the stream of the router': async (t, { runtime }, start) => {
    const byKey = start(3, { strategy: new HashBalancing() })
    const byOwnKey = start(3, { strategy: new HashBalancing(), key: (name) => name })
    const byChance = start(3, { strategy: (random) => new RandomChoice(random) })
    const keys = Array.from({ length: 20 }, (_, i) => `key ${i}`)
    const ask = (router: AnyRouter): Promise<number[]> =>
      within(runtime, Promise.all(keys.map((key) => router.ask('keyed', { key }))))

    const first = await ask(byKey)

    t.deepEqual(await ask(byKey), first)
    t.is(new Set(first).size, 3)
    t.is(new Set(await ask(byOwnKey)).size, 1)
    t.is(new Set(await ask(byChance)).size, 3)
  },

  'does what an obvious twin with the same strategy does': async (t, { runtime, workers }, start) => {
    const size = 4
    const picks = fc.array(fc.option(fc.string(), { nil: undefined }), { minLength: 1, maxLength: 30 })
    const kinds: readonly (() => BalancingStrategy)[] = [() => new RoundRobin(), () => new HashBalancing()]
    await fc.assert(
      fc.asyncProperty(picks, fc.constantFrom(...kinds), async (keys, make) => {
        const before = workers.length
        const router = start(size, { strategy: make(), key: (_name, text) => keys[Number(text)] })
        keys.forEach((_key, i) => {
          router.tell('note', String(i))
        })
        const { routees } = await within(runtime, router.ask('$report'))
        await runtime.settle()

        const twin = make()
        const targets = routees.map(({ id, weight }) => ({ id, weight, inFlight: 0 }))
        const expected = new Map(routees.map(({ id }) => [id, [] as string[]]))
        keys.forEach((key, i) => {
          expected.get(twin.pick(targets, key)!.id)!.push(String(i))
        })
        const got = workers.slice(before)
        return routees.every(({ id, ref }) => {
          const { notes } = got.find((worker) => worker.ref.id === ref.id)!
          return notes.join() === expected.get(id)!.join()
        })
      }),
      { numRuns: 40 },
    )
    t.true(true)
  },

  'with one routee, what one sender sends arrives in order': async (t, { runtime, system, workers }, start) => {
    for (const strategy of [new RoundRobin(), new LeastConnections()]) {
      const router = start(1, { strategy })
      const numbers = Array.from({ length: 500 }, (_, i) => String(i))
      // Some before the router has begun, and the rest turn by turn.
      const sender = system.spawn(
        actor(protocol<{ send: (from: number) => void }>('sender'), (ctx) => ({
          send: (from) => {
            for (const each of numbers.slice(from, from + 100)) router.tell('note', each)
            if (from + 100 < numbers.length) ctx.self.tell('send', from + 100)
          },
        })),
      )

      sender.tell('send', 0)
      await runtime.settle()

      t.deepEqual(workers.at(-1)!.notes, numbers)
    }
  },

  'asks keep their asker: the answer, the deadline and the error are those of the routee': async (t, stage, start) => {
    const { runtime, workers } = stage
    const router = start(1, { strategy: new RoundRobin() })

    const answer = router.ask('run', 'job')
    const late = await within(runtime, failure(router.ask('run', 'late', { timeoutMs: 50 })))
    workers[0]!.running.get('job')!.resolve('done')
    const abandoned = failure(router.ask('run', 'abandoned'))
    const broken = await within(runtime, failure(router.ask('fail')))

    t.is(await within(runtime, answer), 'done')
    t.deepEqual([late.outcome, late.reason], ['unknown', 'timeout'])
    t.deepEqual([broken.outcome, broken.reason], ['failed', 'handler'])
    t.deepEqual([(await abandoned).outcome, (await abandoned).reason], ['unknown', 'stopped'])
  },

  'a strategy that looks at requests in flight sees how many there are, and others cost no count': async (
    t,
    { runtime, workers },
    start,
  ) => {
    const router = start(2, { strategy: new LeastConnections() })
    const inFlight = async (of: AnyRouter): Promise<(number | null)[]> =>
      (await within(runtime, of.ask('$report'))).routees.map((routee) => routee.inFlight)

    const jobs = ['1', '2', '3'].map((job) => router.ask('run', job))
    const late = failure(router.ask('run', 'late', { timeoutMs: 20 }))
    router.tell('note', 'a tell is not counted')
    await runtime.settle()
    t.deepEqual(await inFlight(router), [2, 2])
    await within(runtime, late)
    t.deepEqual(await inFlight(router), [2, 1])
    t.is(await within(runtime, router.ask('who')), 1, 'the less busy one')
    for (const { running } of workers) for (const [job, reply] of running) reply.resolve(job)
    t.deepEqual(await within(runtime, Promise.all(jobs)), ['1', '2', '3'])
    t.deepEqual(await inFlight(router), [0, 0])
    const broken = await within(runtime, failure(router.ask('fail')))
    t.deepEqual([broken.outcome, broken.cause instanceof ReplyError && broken.cause.causeCode], ['failed', 'E_BROKEN'])

    t.deepEqual(await inFlight(start(2, { strategy: new RoundRobin() })), [null, null])
  },

  'a broadcast reaches every routee, in order with what is routed, and says how many there were': async (
    t,
    { runtime, workers },
    start,
  ) => {
    const router = start(3, { strategy: new RoundRobin() })

    router.tell('note', 'before')
    const reached = router.ask('$broadcast', ['note', 'all'])
    router.tell('note', 'after')

    t.is(await within(runtime, reached), 3)
    await runtime.settle()
    t.deepEqual(
      workers.map(({ notes }) => notes),
      [['before', 'all'], ['all', 'after'], ['all']],
    )
  },

  'without routees asks fail at once with NO_ROUTEES, and tells and broadcasts become dead letters': async (
    t,
    { runtime, deadLetters },
    start,
  ) => {
    const router = start(1, { strategy: new RoundRobin() })
    router.tell('end')
    await runtime.settle()

    const asked = failure(router.ask('who'))
    router.tell('note', 'x')
    const reached = router.ask('$broadcast', ['note', 'y'])
    await runtime.settle()

    const { outcome, reason, cause } = await asked
    t.deepEqual([outcome, reason, cause instanceof ReplyError && cause.causeCode], ['failed', 'refused', 'NO_ROUTEES'])
    t.is(await reached, 0)
    t.deepEqual(deadLetters, Array(2).fill(`unhandled note ${router.path}/no-routees`))
  },

  'control messages it does not know are refused, and malformed ones too, and nothing fails': async (
    t,
    { runtime, workers },
    start,
  ) => {
    const router = start(1, { strategy: new RoundRobin() })
    const untyped = router as Ref<Record<string, (payload?: unknown) => unknown>>
    const codeOf = async (...[control, payload]: [string, unknown?]): Promise<unknown> => {
      const { cause } = await within(runtime, failure(untyped.ask(control, payload)))
      return cause instanceof ReplyError && cause.causeCode
    }

    t.is(await codeOf('$drain'), 'UNKNOWN_CONTROL')
    t.is(await codeOf('$broadcast', 'note'), 'INVALID_OPTION')
    untyped.tell('$drain')
    t.is(await within(runtime, router.ask('who')), 0)
    t.is(workers.length, 1)
  },
}

/** How an ask failed. */
export async function failure(ask: Promise<unknown>): Promise<AskError> {
  try {
    await ask
  } catch (error) {
    if (error instanceof AskError) return error
    throw error
  }
  throw new Error('the ask was answered')
}

/** What `work` comes to, with time moved on until it does, for a second at most. */
async function within<T>(runtime: ManualRuntime, work: Promise<T>): Promise<T> {
  let settled = false
  const settle = (): void => {
    settled = true
  }
  work.then(settle, settle)
  await runtime.settle()
  for (let ms = 0; !settled && ms < 1_000; ms++) await runtime.advance(1)
  if (!settled) throw new Error('not settled within a second')
  return work
}
