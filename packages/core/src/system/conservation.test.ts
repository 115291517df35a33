import test from 'ava'
import fc from 'fast-check'
import { times } from '../../../../scripts/slow-suite.ts'
import { actor } from '../actor/actor.ts'
import type { AskError } from '../actor/ask.ts'
import type { Context, SpawnOptions } from '../actor/context.ts'
import type { OfferError } from '../actor/offer.ts'
import { type Handlers, type Protocol, protocol } from '../actor/protocol.ts'
import type { Ref } from '../actor/ref.ts'
import { ALL_PARTS } from '../all-parts.ts'
import { bounded, type Overflow } from '../mailbox/bounded.ts'
import { priority } from '../mailbox/priority.ts'
import { randomDispatch } from '../runtime/dispatch-strategy.ts'
import { manualRuntime } from '../runtime/manual.ts'
import { SeededRandom } from '../runtime/random.ts'
import type { Supervision } from '../supervision/directive.ts'
import { oneForAll } from '../supervision/one-for-all.ts'
import { oneForOne } from '../supervision/one-for-one.ts'
import { restForOne } from '../supervision/rest-for-one.ts'
import { LocalSystem } from './local-system.ts'
import { checkSystemOptions } from './system-options.ts'

const WORKERS = 3
const JOBS = [
  ...['work', 'work', 'wait', 'wait', 'waitLong', 'crash', 'crashLater', 'stop', 'stopAndWait', 'drain'],
  ...['stash', 'stash', 'stashLater', 'stashAndUnstash', 'unstash', 'unstash', 'become', 'forward', 'relay'],
  ...['pipe', 'tick', 'owe', 'spawn', 'suspend', 'askNext'],
] as const
interface Job {
  readonly id: number
  readonly what: string
  /** Another worker, for those that need one. */
  readonly other: number
}
interface Worker {
  do: (job: Job) => number
  /** Does not wait for `do`. */
  look: (job: Job) => number
  tick: () => void
}
const Worker: Protocol<Worker> = protocol('worker')
interface Boss {
  stop: (worker: number) => void
  drain: (worker: number) => void
}
const Boss: Protocol<Boss> = protocol('boss')
interface Watching {
  watch: (worker: number) => void
  ended: (worker: number) => void
}
const Watching: Protocol<Watching> = protocol('watching')

/** What became of one message. */
interface Fate {
  readonly how: 'tell' | 'ask' | 'offer'
  readonly at: number
  readonly name: 'do' | 'look'
  /** Sent by the test itself, and not handed on: one sender, whose messages keep their order. */
  direct: boolean
  began: boolean
  /** Times a handler ran that did not set it aside or hand it on. */
  handled: number
  dead: number
  refused: boolean
  outcome: string | null
  /** It was set aside or handed on: the next handler just takes it. */
  plain: boolean
}

const someJob = fc.constantFrom(...JOBS)
const worker = fc.nat(WORKERS - 1)
const name = fc.constantFrom('do' as const, 'do' as const, 'look' as const)
const limitMs = fc.constantFrom(1, 5, 50, 5_000)
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ act: fc.constant('tell' as const), name, job: someJob, at: worker, other: worker }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      act: fc.constantFrom('ask' as const, 'offer' as const),
      ...{ name, job: someJob, at: worker, other: worker, limitMs },
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      act: fc.constant('burst' as const),
      ...{ job: someJob, at: worker, other: worker, count: fc.constantFrom(5, 130, 300) },
    }),
  },
  { weight: 2, arbitrary: fc.record({ act: fc.constantFrom('suspend' as const, 'resume' as const), at: worker }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constantFrom('stop' as const, 'drain' as const), at: worker }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('pass' as const), ms: fc.constantFrom(0, 0, 1, 3, 20) }) },
)
const setting = fc.record({
  seed: fc.nat(1_000_000),
  quantum: fc.constantFrom(0, 0, 1, 3),
  mailboxes: fc.array(fc.constantFrom('none', 'none', 'priority', 'reject', 'drop-oldest', 'drop-newest', 'fail'), {
    ...{ minLength: WORKERS, maxLength: WORKERS },
  }),
  supervision: fc.constantFrom('stop', 'one', 'all', 'rest'),
  restart: fc.constantFrom('permanent' as const, 'transient' as const, 'temporary' as const),
  keepChildren: fc.boolean(),
  cleanUps: fc.boolean(),
  /** An actor that nobody watches may end without a record of it. */
  watched: fc.boolean(),
  looksAtMessages: fc.constantFrom('none', 'none', 'frozen', 'encoded', 'interceptor'),
})
type Setting = typeof setting extends fc.Arbitrary<infer T> ? T : never
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

test('whatever actors do, each message is handled once, or a dead letter, or refused; in order; and nothing is left', async (t) => {
  await fc.assert(
    fc.asyncProperty(setting, fc.array(step, { minLength: 5, maxLength: 40, size: 'max' }), async (given, steps) => {
      t.deepEqual(await new Trial(given).run(steps), [])
    }),
    { numRuns: times(60, 600) },
  )
})

/** One random program, and what was wrong about its run. */
class Trial {
  readonly #given: Setting
  readonly #manual: ReturnType<typeof manualRuntime>
  readonly #system: LocalSystem
  readonly #wrong: string[] = []
  readonly #fates = new Map<number, Fate>()
  /** In the order in which they began. */
  readonly #begun: number[] = []
  readonly #refs: Ref<Worker>[] = []
  readonly #notices = new Array<number>(WORKERS).fill(0)
  readonly #incarnations = new Array<number>(WORKERS).fill(0)
  readonly #underWay = new Array<number>(WORKERS).fill(0)
  readonly #journeys = new Map<number, number>()

  constructor(given: Setting) {
    this.#given = given
    const { seed, quantum, looksAtMessages } = given
    this.#manual = manualRuntime(seed)
    const dispatch = quantum === 0 ? {} : { dispatch: randomDispatch(new SeededRandom(seed), quantum) }
    const ends = ({ id }: { readonly id: number }) => void this.#journeys.set(id, (this.#journeys.get(id) ?? 0) - 1)
    this.#system = new LocalSystem(
      checkSystemOptions(
        {
          name: 'a',
          log: false,
          runtime: { ...this.#manual, ...dispatch },
          ...(looksAtMessages === 'frozen' || looksAtMessages === 'encoded' ? { messages: looksAtMessages } : {}),
          ...(looksAtMessages === 'interceptor'
            ? {
                interceptors: [
                  {
                    sent: ({ id, kind }) => void (kind !== 'own' && this.#journeys.set(id, 1)),
                    handled: (message) => void (message.kind !== 'own' && ends(message)),
                    dropped: (message) => void (message.kind !== 'own' && ends(message)),
                  },
                ],
              }
            : {}),
        },
        ALL_PARTS,
      ),
      ALL_PARTS,
    )
    this.#system.events.subscribe((event) => {
      if (event.type !== 'dead-letter') return
      const fate = this.#fates.get((event.payload as Job | undefined)?.id ?? 0)
      if (fate !== undefined) fate.dead++
    })
  }

  async run(steps: readonly Step[]): Promise<readonly string[]> {
    const boss = this.#system.spawn<Boss>(this.#boss(), { name: 'boss' })
    await this.#manual.settle()
    const watching = this.#system.spawn<Watching>(this.#watching())
    for (let at = 0; at < WORKERS; at++) if (this.#given.watched) watching.tell('watch', at)
    await this.#manual.settle()
    for (const step of steps) await this.#take(step, boss)
    await this.#settleAll()
    const stopped = settled(this.#system.stop(boss))
    await this.#manual.advance(60_000)
    if (!stopped.done) this.#wrong.push('the boss did not stop')
    const { timers } = this.#system
    if (timers.size > 0) this.#wrong.push(`${timers.size} timers are left`)
    if (JSON.stringify(this.#system.inspect()).includes('/boss')) this.#wrong.push('actors are left')
    if (this.#notices.some((count) => count !== (this.#given.watched ? 1 : 0)))
      this.#wrong.push(`notices: ${this.#notices}`)
    for (const [id, fate] of this.#fates) this.#judge(id, fate)
    for (let at = 0; at < WORKERS; at++) this.#judgeOrder(at)
    for (const [id, open] of this.#journeys) if (open !== 0) this.#wrong.push(`journey ${id} ended ${1 - open} times`)
    const over = settled(this.#system.stop())
    await this.#manual.advance(60_000)
    if (!over.done) this.#wrong.push('the system did not stop')
    return this.#wrong
  }

  async #take(step: Step, boss: Ref<Boss>): Promise<void> {
    if (step.act === 'pass') return this.#manual.advance(step.ms)
    if (step.act === 'stop' || step.act === 'drain') return void boss.tell(step.act, step.at)
    const ref = this.#refs[step.at]!
    if (step.act === 'burst') {
      for (let i = 0; i < step.count; i++) {
        this.#tell(step.at, i % 10 === 3 ? 'look' : 'do', i === 1 ? step.job : 'work', step.other, true)
      }
      return
    }
    if (step.act === 'tell') return this.#tell(step.at, step.name, step.job, step.other, true)
    if (step.act === 'ask' || step.act === 'offer') {
      const { fate, job } = this.#send(step.act, step.at, step.name, step.job, step.other, true)
      record(fate, ref[step.act](step.name, job, { timeoutMs: step.limitMs }) as Promise<unknown>)
    } else if (step.act === 'suspend') this.#system.suspend(ref)
    else this.#system.resume(ref)
  }

  #send(how: Fate['how'], at: number, name: Fate['name'], what: string, other: number, direct: boolean) {
    const id = this.#fates.size + 1
    const nothing = { began: false, handled: 0, dead: 0, refused: false, outcome: null, plain: false }
    const fate: Fate = { how, at, name, direct, ...nothing }
    this.#fates.set(id, fate)
    return { fate, job: { id, what, other } }
  }

  #tell(at: number, name: Fate['name'], what: string, other: number, direct: boolean): void {
    const { fate, job } = this.#send('tell', at, name, what, other, direct)
    if (!this.#refs[at]!.tell(name, job)) fate.refused = true
  }

  /** Suspended actors go on, and what they have to do ends. */
  async #settleAll(): Promise<void> {
    for (let round = 0; round < 10; round++) {
      for (const ref of this.#refs) this.#system.resume(ref)
      await this.#manual.advance(600)
    }
  }

  // The actors

  #boss() {
    const supervise = SUPERVISION[this.#given.supervision]
    return actor(Boss, (context) => {
      for (let at = 0; at < WORKERS; at++) {
        const { restart, keepChildren, mailboxes } = this.#given
        const options: SpawnOptions = { name: `worker${at}`, keepChildren, ...mailboxOf(mailboxes[at]!) }
        const more = supervise === undefined ? {} : { supervise, restart }
        const ref = context.spawn(this.#worker(at), { ...options, ...more })
        this.#refs.push(ref)
      }
      return {
        stop: (at) => context.stop(this.#refs[at]!),
        drain: (at) => context.stop(this.#refs[at]!, { drain: true }),
      }
    })
  }

  #watching() {
    return actor(Watching, (context) => ({
      watch: (at) => context.watch(this.#refs[at]!, 'ended', at),
      ended: (at) => void this.#notices[at]!++,
    }))
  }

  #worker(at: number) {
    return actor(
      Worker,
      (context) => {
        const incarnation = ++this.#incarnations[at]!
        this.#underWay[at] = 0
        const live = () => this.#incarnations[at] === incarnation
        if (this.#given.cleanUps) context.onStop(() => this.#passed(2))
        const handlers = (): Handlers<Worker> => ({
          do: (job) => this.#handle(at, context, job, live, true, handlers) as never,
          look: (job) => this.#handle(at, context, job, live, false, handlers) as never,
          tick: () => {
            if (this.#underWay[at]! > 0) this.#wrong.push(`a tick overlaps at ${at}`)
          },
        })
        return handlers()
      },
      { interleave: ['look'] },
    )
  }

  #begin(at: number, id: number, live: boolean, alone: boolean): Fate {
    const fate = this.#fates.get(id)!
    if (!fate.began) this.#begun.push(id)
    fate.began = true
    if (!live) this.#wrong.push(`an old incarnation handles ${id}`)
    if (alone && this.#underWay[at]! > 0) this.#wrong.push(`${id} overlaps another handler`)
    if (fate.dead > 0) this.#wrong.push(`${id} is handled though it was a dead letter`)
    if (fate.outcome !== null && fate.outcome !== 'ok') this.#wrong.push(`${id} is handled after ${fate.outcome}`)
    return fate
  }

  #handle(
    at: number,
    context: Context<Worker>,
    job: Job,
    live: () => boolean,
    alone: boolean,
    handlers: () => Handlers<Worker>,
  ): unknown {
    const { id, other } = job
    const fate = this.#begin(at, id, live(), alone)
    const wait = async (work: Promise<unknown>, then: () => unknown = () => id): Promise<unknown> => {
      if (alone) this.#underWay[at]!++
      try {
        await work
        return live() ? then() : id
      } finally {
        if (alone && live()) this.#underWay[at]!--
      }
    }
    const setAside = (): unknown => {
      fate.plain = true
      return context.stash()
    }
    const what = fate.plain ? 'work' : job.what
    switch (what) {
      case 'stash':
        return setAside()
      case 'stashLater':
        // Beside a pending handler a message can be set aside before the first await only.
        return alone ? wait(this.#passed(1), setAside) : setAside()
      case 'stashAndUnstash': {
        const answer = setAside()
        context.unstash()
        return answer
      }
      case 'forward':
        fate.plain = true
        fate.direct = false
        return context.forward(this.#refs[other]!)
    }
    fate.handled++
    switch (what) {
      case 'wait':
        return wait(this.#passed(2))
      case 'waitLong':
        return wait(this.#passed(15))
      case 'crash':
        throw new Error('crash')
      case 'crashLater':
        return wait(this.#passed(1), () => {
          throw new Error('crash')
        })
      case 'unstash':
        context.unstash()
        return id
      case 'become':
        context.become(handlers())
        return id
      case 'stop':
        context.stop()
        return id
      case 'stopAndWait':
        context.stop()
        return wait(this.#passed(3))
      case 'drain':
        context.stop(context.self, { drain: true })
        return id
      case 'relay':
        this.#tell(other, 'do', 'work', 0, false)
        this.#tell(at, 'look', 'wait', 0, false)
        return id
      case 'pipe':
        context.pipe(this.#passed(1), 'tick')
        return id
      case 'tick':
        context.after(1, 'tick')
        return id
      case 'owe': {
        const reply = context.reply<number>()
        context.pipe(
          this.#passed(1).then(() => reply.resolve(id)),
          'tick',
        )
        return reply
      }
      case 'spawn':
        context.spawn(actor(Boss, () => ({ stop: () => {}, drain: () => {} })))
        return id
      case 'suspend':
        this.#system.suspend(this.#refs[other]!)
        return id
      case 'askNext': {
        const next = (at + 1) % WORKERS
        const { fate: asked, job: question } = this.#send('ask', next, 'look', 'wait', 0, false)
        const answer = this.#refs[next]!.ask('look', question)
        record(asked, answer)
        return wait(answer)
      }
      default:
        return id
    }
  }

  #passed(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#system.after(ms, resolve))
  }

  // What is right

  #judge(id: number, fate: Fate): void {
    const { how, handled, dead, refused, outcome } = fate
    const ends = handled + dead + (refused ? 1 : 0)
    const right =
      how === 'tell'
        ? ends === 1
        : how === 'offer'
          ? outcome !== null && ends === (outcome === 'ok' ? 1 : 0)
          : outcome !== null && ends <= 1 && (outcome !== 'ok' || handled === 1)
    if (!right) this.#wrong.push(`${id}: ${JSON.stringify(fate)}`)
  }

  /** Offers that wait for room have a line of their own. */
  #judgeOrder(at: number): void {
    const given = this.#given.mailboxes[at]!
    let lastDo = 0
    let lastLook = 0
    for (const id of this.#begun) {
      const fate = this.#fates.get(id)!
      if (fate.at !== at || !fate.direct || fate.how === 'offer') continue
      if (fate.name === 'do') {
        if (id < lastDo) this.#wrong.push(`${id} comes after ${lastDo}`)
        lastDo = Math.max(lastDo, id)
        continue
      }
      // Urgent ones come first, and a mailbox that was given keeps back what may overtake.
      if (given !== 'priority' && id < lastDo) this.#wrong.push(`${id}, which need not wait, comes after ${lastDo}`)
      if (given === 'none' && id < lastLook) this.#wrong.push(`${id} comes after ${lastLook}`)
      lastLook = Math.max(lastLook, id)
    }
  }
}

const FEW = { maxRestarts: 3, backoff: { minMs: 1, maxMs: 1 } } as const
const SUPERVISION: Record<string, Supervision> = {
  one: oneForOne({ maxRestarts: 3, backoff: { minMs: 0, maxMs: 0 } }),
  all: oneForAll(FEW),
  rest: restForOne(FEW),
}

function mailboxOf(kind: string): SpawnOptions {
  if (kind === 'none') return {}
  if (kind === 'priority') return { mailbox: priority({ of: (name) => (name === 'look' ? 0 : 1) }) }
  return { mailbox: bounded({ capacity: 3, overflow: kind as Overflow }) }
}

function record(fate: Fate, sent: Promise<unknown>): void {
  sent.then(
    () => {
      fate.outcome = 'ok'
    },
    ({ reason }: AskError | OfferError) => {
      fate.outcome = reason
    },
  )
}

function settled(promise: Promise<unknown>): { done: boolean } {
  const state = { done: false }
  const end = () => {
    state.done = true
  }
  promise.then(end, end)
  return state
}
