import {
  type Actor,
  actor,
  type Context,
  type Forwarded,
  type KeyedTimer,
  oneForOne,
  protocol,
  type Ref,
} from '@troupe/core'
import { type Scenario, scenario } from '@troupe/testkit'
import { isStageEmpty, lastLook, Stage, wrongOnStage } from '../stage/stage.ts'

/** A message with a number: the twin knows in which order they are due. */
interface Numbered {
  readonly id: number
  /** How long its handler takes, in ms. */
  readonly takesMs: number
}

interface Tick {
  readonly incarnation: number
  readonly timer: number
}

interface Desk {
  /** Handled while the desk is open, set aside while it is closed. */
  put: (message: Numbered) => number
  open: (message: Numbered) => number
  close: (message: Numbered) => number
  /** Starts a timer, or calls one off. */
  timers: (message: Numbered) => void
  /** Fails the actor, at once or later. */
  fail: (message: Numbered) => void
  /** Need not wait for a handler under way. */
  peek: (id: number) => void
  tick: (tick: Tick) => void
}
const Desk = protocol<Desk>('desk')

const NAMES = ['put', 'put', 'put', 'put', 'close', 'close', 'open', 'timers', 'fail'] as const
const KEYS = ['a', 'b'] as const
/** Handled one after the other at one instant: one that waited, and one that came just then. */
const MOST_TICKS_AT_ONCE = 2

/** An actor that sets messages aside, has timers, and fails now and then; with what is known of its queue and timers. */
class Play {
  readonly #stage: Stage
  readonly #desk: Ref<Desk>
  /** Numbers of the messages that are due, in order; and of those set aside. */
  #queue: number[] = []
  #aside: number[] = []
  readonly #interleaves: boolean
  #ids = 0
  #peeked = 0
  #incarnation = 0
  #isBusy = false
  /** Timers that may tick, and what is known of those that do so again and again. */
  readonly #live = new Map<number, { lastMs: number; atOnce: number; repeats: boolean }>()
  #timers = 0

  constructor(stage: Stage) {
    this.#stage = stage
    this.#interleaves = stage.oneIn(2)
    const backoff = { minMs: 4, maxMs: 4, factor: 1, jitter: 0 }
    const supervise = oneForOne({ maxRestarts: 1_000, backoff })
    this.#desk = stage.system.spawn(this.#actor(), { name: 'desk', supervise })
    stage.drive(30, 6, () => {
      for (let left = 1 + stage.random.below(3); left > 0; left--) this.#send()
    })
  }

  #send(): void {
    const stage = this.#stage
    const id = ++this.#ids
    stage.began(`message ${id}`)
    if (stage.oneIn(4)) {
      this.#desk.tell('peek', id)
      return
    }
    this.#queue.push(id)
    const takesMs = stage.oneIn(2) ? 0 : stage.oneIn(4) ? 30 : 1 + stage.random.below(8)
    this.#desk.tell(stage.pick(...NAMES), { id, takesMs })
  }

  #actor(): Actor<Desk> {
    return actor(
      Desk,
      (ctx) => {
        const incarnation = this.#restarted()
        let isOpen = true
        this.#startTimer(ctx, incarnation, null)
        return {
          put: (message) => (isOpen ? this.#handle(message) : this.#setAside(ctx, message)),
          open: (message) => {
            if (!isOpen && this.#stage.oneIn(2)) return this.#setAside(ctx, message)
            isOpen = true
            this.#unstash(ctx, message)
            return this.#handle(message, true)
          },
          close: (message) => {
            if (!isOpen) return this.#setAside(ctx, message)
            isOpen = false
            return this.#handle(message)
          },
          timers: (message) => {
            this.#changeTimer(ctx, incarnation)
            return this.#handle(message)
          },
          fail: (message) => {
            this.#begin(message.id)
            if (this.#stage.oneIn(2)) throw new Error('as asked')
            ctx.task(async () => {
              await this.#stage.sleep(message.takesMs)
              throw new Error('later')
            })
          },
          peek: (id) => this.#peek(id),
          tick: (tick) => this.#tick(tick, incarnation),
        }
      },
      { interleave: this.#interleaves ? ['peek'] : [] },
    )
  }

  /** The stash is back before all that waits, and no timer of before ticks any more. */
  #restarted(): number {
    this.#queue = [...this.#aside, ...this.#queue]
    this.#aside = []
    for (const timer of this.#live.keys()) this.#stage.ended(`timer ${timer}`)
    this.#live.clear()
    return ++this.#incarnation
  }

  #begin(id: number): void {
    this.#stage.expect(!this.#isBusy, `message ${id} is handled while another one is`)
    const due = this.#queue.shift()
    this.#stage.expect(due === id, `message ${id} is handled, due is ${due ?? 'none'}`)
    this.#stage.ended(`message ${id}`)
  }

  async #handle({ id, takesMs }: Numbered, hasBegun = false): Promise<number> {
    if (!hasBegun) this.#begin(id)
    this.#isBusy = true
    if (takesMs > 0) await this.#stage.sleep(takesMs)
    this.#isBusy = false
    return id
  }

  async #setAside(ctx: Context<Desk>, { id, takesMs }: Numbered): Promise<Forwarded> {
    this.#begin(id)
    this.#stage.began(`message ${id}`)
    this.#aside.push(id)
    // Whoever closes it for good would wait for ever.
    ctx.after(20, 'tick', { incarnation: this.#incarnation, timer: 0 })
    const later = ctx.stash()
    this.#isBusy = true
    await this.#stage.sleep(takesMs)
    this.#isBusy = false
    return later
  }

  #unstash(ctx: Context<Desk>, { id }: Numbered): void {
    this.#begin(id)
    this.#queue = [...this.#aside, ...this.#queue]
    this.#aside = []
    ctx.unstash()
  }

  #peek(id: number): void {
    this.#stage.expect(this.#interleaves || !this.#isBusy, `peek ${id} is handled while another message is`)
    this.#stage.expect(id > this.#peeked, `peek ${id} is handled after ${this.#peeked}`)
    this.#peeked = id
    this.#stage.ended(`message ${id}`)
  }

  /** @param keyed null for one without a key, that ticks again and again */
  #startTimer(ctx: Context<Desk>, incarnation: number, keyed: KeyedTimer<Desk> | null): number {
    const timer = ++this.#timers
    const ms = 3 + this.#stage.random.below(10)
    const repeats = keyed === null || this.#stage.oneIn(2)
    this.#live.set(timer, { lastMs: Number.NaN, atOnce: 0, repeats })
    this.#stage.began(`timer ${timer}`)
    const tick: Tick = { incarnation, timer }
    if (keyed === null) ctx.every(ms, 'tick', tick)
    else if (repeats) keyed.every(ms, 'tick', tick)
    else keyed.after(ms, 'tick', tick)
    return timer
  }

  readonly #byKey = new Map<string, number>()

  #changeTimer(ctx: Context<Desk>, incarnation: number): void {
    const key = this.#stage.pick(...KEYS)
    const before = this.#byKey.get(key)
    const keyed = ctx.timer(key)
    if (before !== undefined) {
      this.#live.delete(before)
      this.#stage.ended(`timer ${before}`)
    }
    if (this.#stage.oneIn(3)) keyed.cancel()
    else this.#byKey.set(key, this.#startTimer(ctx, incarnation, keyed))
  }

  #tick({ incarnation, timer }: Tick, present: number): void {
    const stage = this.#stage
    stage.expect(!this.#isBusy, `a tick of timer ${timer} is handled while a message is`)
    stage.expect(incarnation === present, `timer ${timer} of incarnation ${incarnation} ticks in ${present}`)
    if (timer === 0) return this.#reopen()
    const known = this.#live.get(timer)
    if (known === undefined) return stage.blame(`timer ${timer} ticks, and was called off, replaced, or is over`)
    known.atOnce = known.lastMs === stage.nowMs ? known.atOnce + 1 : 1
    known.lastMs = stage.nowMs
    stage.expect(known.atOnce <= MOST_TICKS_AT_ONCE, `${known.atOnce} ticks of timer ${timer} at one instant`)
    if (!known.repeats) this.#live.delete(timer)
    // One that repeats has to go on when all else is over.
    if (!known.repeats || !stage.isDriven) stage.ended(`timer ${timer}`)
  }

  /** So that what is set aside has its turn one day, whatever the driver has drawn. */
  #reopen(): void {
    const id = ++this.#ids
    this.#stage.began(`message ${id}`)
    this.#queue.push(id)
    this.#desk.tell('open', { id, takesMs: 0 })
  }
}

/**
 * An actor with a stash, timers, a message that need not wait, and failures. Judged against "Turns", "Stash, timers,
 * tasks and links" and "Restart" of docs/semantics.md.
 */
export const stashAndTimers: Scenario = scenario({
  name: 'stash-and-timers',
  nodes: 1,
  durationMs: 300,
  convergeMs: 10_000,
  faults: false,
  async start(node) {
    new Play(await Stage.open(node))
  },
  invariant: wrongOnStage,
  converged: isStageEmpty,
  settle: lastLook,
})
