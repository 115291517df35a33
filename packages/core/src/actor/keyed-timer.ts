import { ActorTimer, type TimerOwner } from './actor-timer.ts'
import type { Message } from './protocol.ts'

/** One timer of an actor under a key of its own: starting it again replaces it. Made by `ctx.timer(key)`. */
export interface KeyedTimer<P> {
  /** From its start until its message is being handled, or it is cancelled; one of `every` until it is cancelled. */
  readonly active: boolean
  /** Sends a message to this actor once, `delayMs` from now, instead of whatever this timer was to do. */
  after(delayMs: number, ...message: Message<P>): void
  /** The same again and again; a tick is left out while the one before is still queued. */
  every(periodMs: number, ...message: Message<P>): void
  /** Not even a tick that is queued already is handled after this. Does nothing when it is not active. */
  cancel(): void
}

/** A key of one incarnation. It keeps nothing itself: a thousand keys without a timer cost nothing. */
export class TimerKey implements KeyedTimer<Record<string, (payload: unknown) => unknown>> {
  readonly #owner: TimerOwner
  readonly #key: string
  readonly #active: Map<string, ActorTimer>
  readonly #check: () => void

  /** @param check throws when the incarnation is over */
  constructor(owner: TimerOwner, key: string, active: Map<string, ActorTimer>, check: () => void) {
    this.#owner = owner
    this.#key = key
    this.#active = active
    this.#check = check
  }

  get active(): boolean {
    return this.#active.has(this.#key)
  }

  after(delayMs: number, name: string, payload?: unknown): void {
    this.#start(new ActorTimer(this.#owner, name, payload, 0, this), Math.max(0, delayMs))
  }

  every(periodMs: number, name: string, payload?: unknown): void {
    // A period of 0 would leave no time for anything else.
    const period = Math.max(1, periodMs)
    this.#start(new ActorTimer(this.#owner, name, payload, period, this), period)
  }

  cancel(): void {
    this.#active.get(this.#key)?.cancel()
  }

  /** A timer is over, of this key or of what it was before. */
  delete(timer: ActorTimer): void {
    if (this.#active.get(this.#key) === timer) this.#active.delete(this.#key)
  }

  #start(timer: ActorTimer, delayMs: number): void {
    this.#check()
    this.#owner.host.timers.add(timer, delayMs)
    // Only now: a delay that is refused leaves the one before as it is.
    this.cancel()
    this.#active.set(this.#key, timer)
  }
}
