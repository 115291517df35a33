import type { DeadLetterReason } from '../actor/dead-letter.ts'
import { type AbandonReason, type Head, headOf, type Origin } from '../actor/origin.ts'
import { toError } from '../errors.ts'
import type { Clock } from '../runtime/clock.ts'
import type { DropReason, HandlingResult, InterceptedMessage, Interceptors } from './interceptor.ts'
import type { MessageGuard } from './message-guard.ts'

/** What interceptors are told of one message: each step at most once, and nothing after the last. */
export class Journey {
  readonly message: InterceptedMessage
  readonly #interceptors: Interceptors
  readonly #clock: Clock
  #startedMs = 0
  #begun = false
  #over = false

  constructor(message: InterceptedMessage, interceptors: Interceptors, clock: Clock) {
    this.message = message
    this.#interceptors = interceptors
    this.#clock = clock
    interceptors.sent(message)
  }

  /** Whether its handler runs, or is pending. */
  get underWay(): boolean {
    return this.#begun && !this.#over
  }

  begin(): void {
    if (this.#begun || this.#over) return
    this.#begun = true
    this.#interceptors.handling(this.message)
    this.#startedMs = this.#clock.now()
  }

  end(outcome: HandlingResult['outcome'], error: Error | null): void {
    if (!this.underWay) return
    this.#over = true
    this.#interceptors.handled(this.message, { outcome, tookMs: this.#clock.now() - this.#startedMs, error })
  }

  drop(reason: DropReason): void {
    if (this.#over) return
    this.#over = true
    this.#interceptors.dropped(this.message, reason)
  }
}

/** Stands before what is behind a message, and sees what becomes of it. */
export class PassingMessage implements Origin {
  message: string
  readonly payload: unknown
  readonly #inner: Origin | null
  readonly #guard: MessageGuard | null
  readonly #journey: Journey | null

  constructor(head: Head, payload: unknown, guard: MessageGuard | null, journey: Journey | null) {
    this.#inner = typeof head === 'string' ? null : head
    this.message = typeof head === 'string' ? head : head.message
    this.payload = payload
    this.#guard = guard
    this.#journey = journey
  }

  get head(): Origin {
    return this
  }

  /** What it stands before; named as it is, for it may have been forwarded under another name. */
  get original(): Head {
    return headOf(this.message, this.#inner)
  }

  /** Its id while its handler is under way, else null. */
  get causeId(): number | null {
    return this.#journey?.underWay ? this.#journey.message.id : null
  }

  get own(): boolean {
    return this.#inner?.own ?? false
  }

  get inner(): Origin | null {
    return this.#inner
  }

  get last(): boolean {
    return this.#inner?.last ?? false
  }

  begin(): boolean {
    if (this.#inner !== null && !this.#inner.begin()) {
      this.#journey?.drop('called-off')
      return false
    }
    this.#journey?.begin()
    return true
  }

  /** The handler has ended, whoever is to answer. */
  handled(error: Error | null): void {
    this.#journey?.end(error === null ? 'completed' : 'failed', error)
  }

  settle(value: unknown): void {
    this.#journey?.end('completed', null)
    if (this.#inner === null) return
    if (this.#guard === null) return this.#inner.settle(value)
    let guarded: unknown
    try {
      guarded = this.#guard(value, 'reply')
    } catch (thrown) {
      // As over a link: the answer cannot be sent, and whoever waits is told why.
      return this.#inner.fail(toError(thrown), 'handler')
    }
    this.#inner.settle(guarded)
  }

  fail(error: Error, reason: 'handler' | 'refused'): void {
    this.#journey?.end(reason === 'handler' ? 'failed' : 'refused', error)
    this.#inner?.fail(error, reason)
  }

  abandoned(reason: AbandonReason): void {
    this.#journey?.end('abandoned', null)
    this.#inner?.abandoned(reason)
  }

  undelivered(reason: DeadLetterReason): boolean {
    this.#journey?.drop(reason)
    return this.#inner === null || this.#inner.undelivered(reason)
  }

  remainingMs(): number | null {
    return this.#inner === null ? null : this.#inner.remainingMs()
  }
}
