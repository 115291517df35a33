import { Deadline } from '../runtime/timer-queue.ts'
import type { CellHost } from './cell-host.ts'
import type { DeadLetterReason } from './dead-letter.ts'
import type { Origin } from './origin.ts'

/** What a timer needs of its actor. */
export interface TimerOwner {
  readonly host: CellHost
  enqueueOwn(origin: Origin, payload: unknown): void
}

/** Where a timer stands until it is over. */
interface TimerPlace {
  delete(timer: ActorTimer): unknown
}

/** A timer of an actor: when it is due, one message into the actor's own mailbox. */
export class ActorTimer extends Deadline implements Origin {
  readonly #owner: TimerOwner
  message: string
  readonly #payload: unknown
  /** 0 for a timer that fires once. */
  readonly #periodMs: number
  readonly #place: TimerPlace
  #live = true
  #queued = false

  constructor(owner: TimerOwner, name: string, payload: unknown, periodMs: number, place: TimerPlace) {
    super()
    this.#owner = owner
    this.message = name
    this.#payload = payload
    this.#periodMs = periodMs
    this.#place = place
  }

  expire(): void {
    // Ticks do not pile up behind a slow actor.
    if (!this.#queued) {
      this.#queued = true
      this.#owner.enqueueOwn(this, this.#payload)
    }
    if (this.#periodMs > 0 && this.#live) this.#owner.host.timers.add(this, this.#periodMs)
  }

  /** After this, not even a tick that is queued already is handled. */
  override cancel(): void {
    super.cancel()
    this.#live = false
    this.#place.delete(this)
  }

  get own(): boolean {
    return true
  }

  begin(): boolean {
    this.#queued = false
    if (this.#live && this.#periodMs === 0) this.#place.delete(this)
    return this.#live
  }

  settle(): void {}
  fail(): void {}
  abandoned(): void {}

  undelivered(_reason: DeadLetterReason): boolean {
    return false
  }

  remainingMs(): null {
    return null
  }
}
