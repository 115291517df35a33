import { Deadline } from '../runtime/timer-queue.ts'
import type { CellHost } from './cell-host.ts'
import type { DeadLetterReason } from './dead-letter.ts'
import type { Origin } from './origin.ts'

interface TimerOwner {
  readonly host: CellHost
  enqueueOwn(name: string, payload: unknown, origin: Origin): void
}

/** A timer of an actor: when it is due, one message into the actor's own mailbox. */
export class ActorTimer extends Deadline implements Origin {
  readonly #owner: TimerOwner
  readonly #name: string
  readonly #payload: unknown
  /** 0 for a timer that fires once. */
  readonly #periodMs: number
  readonly #onEnd: (timer: ActorTimer) => void
  #live = true
  #queued = false

  constructor(owner: TimerOwner, name: string, payload: unknown, periodMs: number, onEnd: (timer: ActorTimer) => void) {
    super()
    this.#owner = owner
    this.#name = name
    this.#payload = payload
    this.#periodMs = periodMs
    this.#onEnd = onEnd
  }

  expire(): void {
    // Ticks do not pile up behind a slow actor.
    if (!this.#queued) {
      this.#queued = true
      this.#owner.enqueueOwn(this.#name, this.#payload, this)
    }
    if (this.#periodMs > 0 && this.#live) this.#owner.host.timers.add(this, this.#periodMs)
  }

  /** After this, not even a tick that is queued already is handled. */
  override cancel(): void {
    super.cancel()
    this.#live = false
    this.#onEnd(this)
  }

  begin(): boolean {
    this.#queued = false
    if (this.#live && this.#periodMs === 0) this.#onEnd(this)
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
