import type { Dispatcher } from '../dispatch/dispatcher.ts'
import type { Deadline, TimerQueue } from '../runtime/timer-queue.ts'
import type { Head, Origin } from './origin.ts'
import { type Asked, PendingAsk } from './pending-ask.ts'

/** The turn of an actor without one: nothing is being handled that an ask could be made for. */
export const NO_TURN = -1
/** The turn of an ask that is made for no message: in a set-up, or by what goes on after an answer. */
const OUT_OF_TURN = -2

/** An actor, as one that asks others. */
export abstract class Asker {
  abstract readonly path: string
  /** The youngest of its asks that are not over; each leads to the next older one. */
  abstract newestAsk: NestedAsk | null
  /** Which turn the handler is in that its mailbox waits for; {@link NO_TURN} when it waits for none. */
  abstract readonly pendingTurn: number
  /** What that handler was given. */
  abstract readonly pendingHead: Head
  /** When its time for ending in order is over; null unless it is ending. */
  abstract readonly endLimit: Deadline | null
}

/**
 * An ask of which it is known which actor makes it: one made in the synchronous part of a handler, or by
 * `ctx.ask`. It waits no longer than whoever waits for that handler, and ends with the asker's incarnation.
 */
export class NestedAsk extends PendingAsk {
  readonly asker: Asker
  /** Of the asker, when the ask was made. */
  readonly turn: number
  older: NestedAsk | null = null
  younger: NestedAsk | null = null
  /** The actor of this node in whose mailbox it is, null when there is none. */
  at: Asker | null = null
  /** The handler of that actor was called. */
  begun = false
  /** When the time of whoever waits for the asker is over; 0 where that does not matter, or is not known yet. */
  #limitMs = 0

  constructor(target: Asked, message: string, timeoutMs: number, asker: Asker, turn: number) {
    super(target, message, timeoutMs)
    this.asker = asker
    this.turn = turn
    const older = asker.newestAsk
    this.older = older
    if (older !== null) older.younger = this
    asker.newestAsk = this
  }

  override begin(): boolean {
    this.begun = true
    return super.begin()
  }

  /** Puts its deadline in where the clock can be spared. @returns true when the clock should be looked at soon */
  startLocally(timers: TimerQueue, head: unknown): boolean {
    if (this.asker.endLimit === null) {
      // A plain tell has a name there; whatever is more has an origin.
      if (typeof head === 'string') return timers.addUncounted(this, this.timeoutMs)
      if (head instanceof PendingAsk && !head.settled) {
        const { dueMs } = head
        if (dueMs === null) {
          // Both begin at the same moment.
          if (head.timeoutMs <= this.timeoutMs) this.limit(head.timeoutMs)
          return timers.addUncounted(this, this.timeoutMs)
        }
        const { toldMs } = timers
        if (dueMs > toldMs) {
          if (dueMs <= Math.ceil(toldMs + this.timeoutMs)) {
            this.limit(head.timeoutMs)
            this.#limitMs = dueMs
          }
          return timers.addUncounted(this, this.timeoutMs)
        }
      }
    }
    this.start(timers, head)
    return false
  }

  /** Puts its deadline in: its own time, or what is left to whoever waits for the asker, or to the asker itself. */
  start(timers: TimerQueue, head: unknown): void {
    const { endLimit } = this.asker
    const toAsker = typeof head === 'object' && head !== null ? (head as Origin).remainingMs() : null
    const toEnd = endLimit === null ? null : Math.max(0, timers.remainingMs(endLimit))
    const leftMs = Math.min(toAsker ?? Number.POSITIVE_INFINITY, toEnd ?? Number.POSITIVE_INFINITY)
    if (leftMs === 0) {
      this.giveUp('timeout', 'the message it is asked for has no time left; ref.ask after an await takes its own time')
      return
    }
    if (leftMs <= this.timeoutMs) this.limit(leftMs)
    this.startNow(timers)
  }

  override get dueMs(): number | null {
    return this.#limitMs === 0 ? super.dueMs : this.#limitMs
  }

  protected override dueFrom(nowMs: number): number {
    return this.#limitMs === 0 ? super.dueFrom(nowMs) : this.#limitMs
  }

  protected override finish(): void {
    super.finish()
    const { older, younger } = this
    if (younger === null) this.asker.newestAsk = older
    else younger.older = older
    if (older !== null) older.younger = younger
    this.older = null
    this.younger = null
  }
}

/** The turn that an ask made now by `asker` belongs to. */
export function turnOf(asker: Asker, dispatcher: Dispatcher): number {
  const pending = asker.pendingTurn
  if (pending !== NO_TURN) return pending
  return dispatcher.head === undefined ? OUT_OF_TURN : dispatcher.turn
}

/** An incarnation has ended: nobody is there any more to get the answers. */
export function endAsksOf(asker: Asker): void {
  for (let ask = asker.newestAsk; ask !== null; ask = asker.newestAsk)
    ask.giveUp('aborted', 'the actor that asked has stopped or restarted')
}
