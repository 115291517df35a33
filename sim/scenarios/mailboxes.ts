import {
  type Actor,
  AskError,
  actor,
  bounded,
  type MailboxStrategy,
  type Overflow,
  priority,
  protocol,
  type Ref,
} from '@troupe/core'
import { type Scenario, scenario } from '@troupe/testkit'
import { type Item, MailboxTwin } from '../stage/mailbox-twin.ts'
import { isStageEmpty, lastLook, Stage, wrongOnStage } from '../stage/stage.ts'

interface Message extends Item {
  /** How long its handler takes, in ms: 0 returns at once. */
  readonly takesMs: number
}

interface Sink {
  put: (message: Message) => number
  tick: (id: number) => void
}
const Sink = protocol<Sink>('sink')

const LEVELS = 8

/** One actor with a mailbox of some kind, and senders in bursts that are too much for it. */
class Play {
  readonly #stage: Stage
  readonly #twin: MailboxTwin
  readonly #sink: Ref<Sink>
  readonly #deadLetters = new Set<number>()
  readonly #asks = new Set<number>()
  readonly #dropped = new Set<number>()
  /** Offers that may wait for room. */
  readonly #aborts = new Map<number, AbortController>()
  #ids = 0

  constructor(stage: Stage) {
    this.#stage = stage
    const hasPriorities = stage.oneIn(4)
    const capacity = hasPriorities ? Number.POSITIVE_INFINITY : 1 + stage.random.below(4)
    const overflow = stage.pick<Overflow>('drop-newest', 'drop-oldest', 'reject')
    this.#twin = new MailboxTwin({ capacity, overflow, hasPriorities })
    const mailbox: MailboxStrategy = hasPriorities
      ? priority({ of: (_, payload) => (payload as Partial<Item>).urgency ?? 0 })
      : bounded({ capacity, overflow })
    this.#sink = stage.system.spawn(this.#actor(), { name: 'sink', mailbox })
    stage.system.events.subscribe((event) => {
      if (event.type === 'dead-letter') this.#deadLetters.add((event.payload as Item).id)
    })
    stage.drive(12, 6, () => this.#burst())
  }

  #actor(): Actor<Sink> {
    const stage = this.#stage
    let isBusy = false
    let ticks = 0
    return actor(Sink, (ctx) => ({
      put: async (message) => {
        const { id, takesMs } = message
        stage.expect(!isBusy, `message ${id} is handled while another one is`)
        this.#begins(id)
        if (stage.oneIn(4)) {
          stage.began(`tick ${++ticks}`)
          ctx.after(stage.random.below(8), 'tick', ticks)
        }
        if (stage.oneIn(4)) this.#tell(this.#message())
        isBusy = true
        if (takesMs > 0) await stage.sleep(takesMs)
        isBusy = false
        return id
      },
      tick: (id) => {
        stage.expect(!isBusy, `tick ${id} is handled while a message is`)
        stage.ended(`tick ${id}`)
      },
    }))
  }

  #begins(id: number): void {
    const due = this.#twin.begin(id)
    this.#stage.expect(due === id, `message ${id} is handled, due is ${due ?? 'none'}`)
    this.#stage.ended(`message ${id}`)
  }

  #burst(): void {
    const stage = this.#stage
    for (let left = 1 + stage.random.below(5); left > 0; left--) {
      const message = this.#message()
      const how = stage.random.below(4)
      if (how === 0) this.#ask(message)
      else if (how === 1) this.#offer(message)
      else this.#tell(message)
    }
    if (stage.oneIn(3)) this.#abort()
  }

  #message(): Message {
    const { random } = this.#stage
    const takesMs = random.below(2) === 0 ? 0 : 1 + random.below(6)
    const message: Message = { id: ++this.#ids, urgency: random.below(LEVELS), takesMs }
    this.#stage.began(`message ${message.id}`)
    return message
  }

  #tell(message: Message): void {
    const { fate, dropped } = this.#twin.send(message)
    const told = this.#sink.tell('put', message)
    this.#stage.expect(told === (fate !== 'rejected'), `telling ${message.id} gives ${told}, it is ${fate}`)
    if (fate === 'rejected') this.#stage.ended(`message ${message.id}`)
    this.#lost(dropped)
  }

  #ask(message: Message): void {
    const { id } = message
    const { fate, dropped } = this.#twin.send(message)
    this.#asks.add(id)
    this.#sink.ask('put', message).then(
      (answer) => this.#stage.expect(answer === id, `ask ${id} is answered with ${answer}`),
      (error) => this.#refused(id, error),
    )
    this.#lost(fate === 'rejected' ? message : dropped)
  }

  #refused(id: number, error: unknown): void {
    const { outcome, reason } = error instanceof AskError ? error : { outcome: 'no AskError', reason: String(error) }
    const isRight = outcome === 'not-sent' && reason === 'mailbox-full'
    this.#stage.expect(isRight, `ask ${id} ends as ${outcome}, ${reason}`)
    this.#stage.expect(this.#dropped.has(id), `ask ${id} found no room where there is some`)
    this.#stage.ended(`message ${id}`)
  }

  /** Whoever told is not told: it is a dead letter at once. Whoever asked is. */
  #lost(dropped: Item | null): void {
    if (dropped === null) return
    const { id } = dropped
    this.#dropped.add(id)
    if (this.#asks.has(id)) return
    this.#stage.expect(this.#deadLetters.has(id), `message ${id} is dropped, and no dead letter`)
    this.#stage.ended(`message ${id}`)
  }

  #offer(message: Message): void {
    const { id } = message
    const abort = new AbortController()
    this.#aborts.set(id, abort)
    const fate = this.#twin.offer(message)
    this.#sink.offer('put', message, { timeoutMs: 60_000, signal: abort.signal }).then(
      () => this.#aborts.delete(id),
      () => this.#stage.expect(this.#dropped.has(id), `offer ${id} fails, and nobody called it off; it ${fate}`),
    )
  }

  #abort(): void {
    for (const [id, abort] of this.#aborts) {
      if (this.#twin.withdraw(id)) {
        this.#dropped.add(id)
        this.#stage.ended(`message ${id}`)
      }
      this.#aborts.delete(id)
      abort.abort()
      return
    }
  }
}

/**
 * Mailboxes of all kinds under bursts: who is dropped, who is told so, who waits, and in which order handlers begin.
 * Judged against "Mailboxes" and "Turns" of docs/semantics.md.
 */
export const mailboxes: Scenario = scenario({
  name: 'mailboxes',
  nodes: 1,
  durationMs: 200,
  convergeMs: 1_000,
  faults: false,
  async start(node) {
    new Play(await Stage.open(node))
  },
  invariant: wrongOnStage,
  converged: isStageEmpty,
  settle: lastLook,
})
