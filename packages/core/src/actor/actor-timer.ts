import { Deadline } from '../runtime/timer-queue.ts'
import type { CellHost } from './cell-host.ts'
import type { DeadLetterReason } from './dead-letter.ts'
import type { Origin } from './origin.ts'

interface TimerOwner {
  readonly host: CellHost
  enqueueOwn(origin: Origin, payload: unknown): void
}

/** A timer of an actor: when it is due, one message into the actor's own mailbox. */
export class ActorTimer extends Deadline implements Origin {
  readonly #owner: TimerOwner
  message: string
  readonly #payload: unknown
  /** 0 for a timer that fires once. */
  readonly #periodMs: number
  /** Where it stands until it is over. */
  readonly #timers: Set<ActorTimer>
  #live = true
  #queued = false

  constructor(owner: TimerOwner, name: string, payload: unknown, periodMs: number, timers: Set<ActorTimer>) {
    super()
    this.#owner = owner
    this.message = name
    this.#payload = payload
    this.#periodMs = periodMs
    this.#timers = timers
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
    this.#timers.delete(this)
  }

  get own(): boolean {
    return true
  }

  begin(): boolean {
    this.#queued = false
    if (this.#live && this.#periodMs === 0) this.#timers.delete(this)
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
