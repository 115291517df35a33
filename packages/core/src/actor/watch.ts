import type { Origin } from './origin.ts'
import { OwnMessage } from './own-message.ts'
import type { ActorRef } from './ref.ts'
import type { Terminated } from './terminated.ts'
import type { TerminationReason, Watcher } from './watcher.ts'

/** The actor that watches. */
interface WatchOwner {
  readonly uid: number
  enqueueOwn(origin: Origin, payload: unknown): void
}

/** One actor watching another: turns the end of the target into one message of the watcher's own. */
export class Watch implements Watcher {
  readonly #owner: WatchOwner
  readonly #target: ActorRef<never>
  readonly #name: string
  /** The payload to send, as a list: empty stands for the notice itself. */
  readonly #payload: readonly unknown[]
  readonly #onHandled: () => void
  /** Until unwatched: a notice already queued does not count any more afterwards. */
  #live = true
  #told = false

  constructor(
    owner: WatchOwner,
    target: ActorRef<never>,
    name: string,
    payload: readonly unknown[],
    onHandled: () => void,
  ) {
    this.#owner = owner
    this.#target = target
    this.#name = name
    this.#payload = payload
    this.#onHandled = onHandled
  }

  get uid(): number {
    return this.#owner.uid
  }

  get live(): boolean {
    return this.#live
  }

  terminated(reason: TerminationReason): void {
    if (!this.#live || this.#told) return
    this.#told = true
    const notice: Terminated = { ref: this.#target, reason }
    this.#owner.enqueueOwn(new Notice(this.#name, this), this.#payload.length === 0 ? notice : this.#payload[0])
  }

  /** Its one notice is being handled. */
  handled(): void {
    this.#onHandled()
  }

  end(): void {
    if (!this.#live) return
    this.#live = false
    if (!this.#told) this.#target.removeWatcher(this)
  }
}

class Notice extends OwnMessage {
  readonly #watch: Watch

  constructor(message: string, watch: Watch) {
    super(message, watch)
    this.#watch = watch
  }

  get last(): boolean {
    return true
  }

  override begin(): boolean {
    this.#watch.handled()
    return super.begin()
  }
}
