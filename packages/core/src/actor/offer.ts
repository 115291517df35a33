import { TroupeError } from '../errors.ts'
import { Deadline } from '../runtime/timer-queue.ts'
import { onAbort } from './on-abort.ts'
import { failing } from './pending-ask.ts'

/** Options of one offer. */
export interface OfferOptions {
  /** How long to wait for room, in ms. Default: the system's `askTimeoutMs`, 5,000. */
  readonly timeoutMs?: number
  /** Aborting it rejects the offer at once, unless the message is queued already. */
  readonly signal?: AbortSignal
}

/** Why an offered message was not queued. */
export type OfferFailureReason =
  /** No room in time. */
  | 'timeout'
  /** The caller's signal. */
  | 'aborted'
  /** The actor is stopping, or began to while the offer waited. */
  | 'stopping'
  /** The actor has stopped. */
  | 'stopped'
  /** The ref names an actor that is gone, though its name may be in use again. */
  | 'stale-ref'
  /** The payload has no form on the wire; `cause` says what in it has none. */
  | 'not-serializable'
  /** That node is down for good, or this one has stopped. */
  | 'node-down'
  /** No connection could be made to that node. */
  | 'unreachable'

/** An offered message was not queued, and will not be: offering it again cannot send it twice. */
export class OfferError extends TroupeError {
  override readonly name = 'OfferError'
  readonly code = 'OFFER_NOT_QUEUED'
  override readonly retryable: boolean
  readonly reason: OfferFailureReason
  readonly target: string
  readonly messageName: string

  constructor(target: string, messageName: string, reason: OfferFailureReason, detail: string, options?: ErrorOptions) {
    super(`offer "${messageName}" to ${target}: ${detail}`, options)
    // What may be otherwise in a moment; the other reasons need another message or another ref.
    this.retryable = reason === 'timeout' || reason === 'unreachable'
    this.reason = reason
    this.target = target
    this.messageName = messageName
  }
}

const DETAILS: Record<Exclude<OfferFailureReason, 'timeout'>, string> = {
  aborted: 'aborted by the caller before there was room',
  stopping: 'the actor is stopping and takes no new messages',
  stopped: 'the actor has stopped',
  'stale-ref': 'that actor is gone; its name may be in use again, so find the new one',
  'not-serializable': 'the message cannot be encoded',
  'node-down': 'that node is down',
  unreachable: 'no connection to that node',
}

/** What an offer returns that had not to wait. */
export const QUEUED: Promise<void> = Promise.resolve()

/** One offer that waits for room: a promise, a deadline and a place in a line. */
export class PendingOffer extends Deadline {
  readonly message: string
  readonly timeoutMs: number
  /** Resolves once the message is queued. */
  readonly queued: Promise<void>
  readonly #target: { toString(): string }
  #resolve: (value: void | Promise<never>) => void = () => {}
  #settled = false
  #unlisten: (() => void) | null = null
  /** Queues the message if there is room for it. Kept while it waits: it holds the payload. */
  put: (() => boolean) | null = null
  line: OfferLine | null = null
  before: PendingOffer | null = null
  behind: PendingOffer | null = null

  constructor(target: { toString(): string }, message: string, timeoutMs: number) {
    super()
    this.#target = target
    this.message = message
    this.timeoutMs = timeoutMs
    this.queued = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  /** Ends the wait when the caller's signal says so. */
  listen(signal: AbortSignal): void {
    this.#unlisten = onAbort(signal, () => this.reject('aborted', signal.reason))
  }

  get settled(): boolean {
    return this.#settled
  }

  /** The message is queued. */
  accept(): void {
    if (this.#end()) this.#resolve()
  }

  reject(reason: OfferFailureReason, cause?: unknown): void {
    if (!this.#end()) return
    const detail =
      reason === 'timeout'
        ? `no room within ${this.timeoutMs} ms; raise timeoutMs, or find what the actor is busy with`
        : reason === 'not-serializable' && cause instanceof Error
          ? cause.message
          : DETAILS[reason]
    const options = cause === undefined ? undefined : { cause }
    this.#resolve(failing(() => new OfferError(this.#target.toString(), this.message, reason, detail, options)))
  }

  expire(): void {
    this.reject('timeout')
  }

  #end(): boolean {
    if (this.#settled) return false
    this.#settled = true
    this.cancel()
    this.#unlisten?.()
    this.line?.remove(this)
    this.put = null
    return true
  }
}

/** Offers that wait for room, in the order they were made. Each may leave at any time. */
export class OfferLine {
  #first: PendingOffer | null = null
  #last: PendingOffer | null = null

  get empty(): boolean {
    return this.#first === null
  }

  /** @param put queues the message of `offer` if there is room for it, and says whether it has */
  add(offer: PendingOffer, put: () => boolean): void {
    if (offer.settled) return
    offer.put = put
    offer.line = this
    offer.before = this.#last
    if (this.#last === null) this.#first = offer
    else this.#last.behind = offer
    this.#last = offer
  }

  /** There may be room: the first has it, and as many more as it holds. */
  admit(): void {
    for (let offer = this.#first; offer !== null && offer.put!(); offer = this.#first) offer.accept()
  }

  /** There will be no room any more. */
  rejectAll(reason: OfferFailureReason): void {
    while (this.#first !== null) this.#first.reject(reason)
  }

  remove(offer: PendingOffer): void {
    const { before, behind } = offer
    if (before === null) this.#first = behind
    else before.behind = behind
    if (behind === null) this.#last = before
    else behind.before = before
    offer.line = null
    offer.before = null
    offer.behind = null
  }
}
