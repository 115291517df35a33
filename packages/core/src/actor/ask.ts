import { ActorFailedError, ReplyError, TroupeError, toError } from '../errors.ts'
import { checkOptions, is } from '../options.ts'
import { Deadline } from '../runtime/timer-queue.ts'
import type { DeadLetterReason } from './dead-letter.ts'
import type { AbandonReason, Origin } from './origin.ts'

/** Options of one ask. */
export interface AskOptions {
  /** How long to wait for the answer, in ms. Default: the system's `askTimeoutMs`, 5,000. */
  readonly timeoutMs?: number
  /** Aborting it rejects the ask at once; the target may still act on the message. */
  readonly signal?: AbortSignal
}

/** @returns what is wrong with the options of an ask, or null: a promise is the only way out of an ask */
export function wrongAskOptions(options: AskOptions): Error | null {
  try {
    checkOptions('ask', options, { timeoutMs: is.number(0, Number.POSITIVE_INFINITY), signal: is.object })
    return null
  } catch (thrown) {
    return toError(thrown)
  }
}

/** What is known about the effect of a failed ask. */
export type AskOutcome =
  /** The handler never saw the message: asking again is safe. */
  | 'not-sent'
  /** The handler may or may not have run, or may still run. */
  | 'unknown'
  /** The handler ran and failed, or answered with an error. */
  | 'failed'

export type AskFailureReason =
  | DeadLetterReason
  /** No answer in time. */
  | 'timeout'
  /** The caller's signal. */
  | 'aborted'
  /** The connection ended after the message was sent and before the answer came. */
  | 'link-lost'
  /** The handler threw or rejected. */
  | 'handler'
  /** The handler answered with an error, by `ctx.replyError` or a deferred reply. */
  | 'refused'

/** An ask got no answer. `outcome` says whether asking again is safe; `cause` has the handler's error. */
export class AskError extends TroupeError {
  override readonly name = 'AskError'
  readonly code: 'ASK_NOT_SENT' | 'ASK_UNKNOWN' | 'ASK_FAILED'
  override readonly retryable: boolean
  readonly outcome: AskOutcome
  readonly reason: AskFailureReason
  readonly target: string
  readonly messageName: string

  constructor(
    target: string,
    messageName: string,
    outcome: AskOutcome,
    reason: AskFailureReason,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(`ask "${messageName}" to ${target}: ${detail}`, options)
    this.code = CODES[outcome]
    this.retryable = outcome === 'not-sent' && MAY_PASS.has(reason)
    this.target = target
    this.messageName = messageName
    this.outcome = outcome
    this.reason = reason
  }
}

/** What may be otherwise in a moment; the other reasons need another message or another ref. */
const MAY_PASS: ReadonlySet<AskFailureReason> = new Set(['timeout', 'mailbox-full', 'outbound-full', 'unreachable'])

const CODES = { 'not-sent': 'ASK_NOT_SENT', unknown: 'ASK_UNKNOWN', failed: 'ASK_FAILED' } as const

const DETAILS: Record<DeadLetterReason, string> = {
  'not-found': 'no such actor',
  'stale-ref': 'that actor is gone; its name may be in use again, so find the new one',
  stopping: 'the actor is stopping and takes no new messages',
  stopped: 'the actor has stopped before it got to the message',
  unhandled: 'the actor has no handler of that name',
  'mailbox-full': 'its mailbox is full; ask slower, or give it a larger one',
  'not-serializable': 'the message cannot be encoded',
  'outbound-full': 'too much is queued for that node; send slower or wait for replies',
  'node-down': 'that node is down',
  unreachable: 'no connection to that node',
}

const ABANDONED: Record<AbandonReason, string> = {
  stopped: 'the actor ended before it answered',
  'link-lost': 'the connection ended before the answer came',
  'node-down': 'that node went down before the answer came',
  timeout: 'no reply in time from where it was forwarded to',
}

/** Who is asked, for messages: a ref makes its path only when somebody wants to read it. */
interface Asked {
  readonly path: string
  toString(): string
}

/** One ask in flight on the asking side: a promise, a deadline and where the answer comes from. */
export class PendingAsk extends Deadline implements Origin {
  message: string
  readonly timeoutMs: number
  readonly #target: Asked
  readonly #asked: string
  #resolve: (value: unknown) => void = nobody
  #settled = false
  /** Whether the message may have reached a handler: decides between not-sent and unknown. */
  sent = false
  #onEnd: (() => void) | null = null

  constructor(target: Asked, message: string, timeoutMs: number) {
    super()
    this.message = message
    this.timeoutMs = timeoutMs
    this.#target = target
    this.#asked = message
  }

  get own(): boolean {
    return false
  }

  get target(): string {
    return this.#target.toString()
  }

  /** The promise of the answer. To be called once. */
  answer(): Promise<unknown> {
    const promise = new Promise<unknown>(capture)
    this.#resolve = captured
    return promise
  }

  /** Ends the ask when the caller's signal says so. */
  listen(signal: AbortSignal): void {
    const abort = (): void => {
      this.reject(this.sent ? 'unknown' : 'not-sent', 'aborted', 'aborted by the caller', { cause: signal.reason })
    }
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    this.atEnd(() => signal.removeEventListener('abort', abort))
  }

  /** Calls `task` once the ask is over, whichever way: frees what its carrier keeps for the answer. */
  atEnd(task: () => void): void {
    const before = this.#onEnd
    this.#onEnd =
      before === null
        ? task
        : () => {
            before()
            task()
          }
  }

  get settled(): boolean {
    return this.#settled
  }

  begin(): boolean {
    this.sent = true
    return !this.#settled
  }

  remainingMs(): number | null {
    // The queue counts in whole ms, rounded up.
    return this.queue === null ? 0 : Math.min(this.timeoutMs, Math.max(0, this.queue.remainingMs(this)))
  }

  settle(value: unknown): void {
    if (this.#end()) this.succeedWith(value)
  }

  fail(error: Error, reason: 'handler' | 'refused'): void {
    const cause = reason === 'handler' ? asFailure(this.#target.path, error) : asRefusal(error)
    this.reject('failed', reason, cause.message, { cause })
  }

  undelivered(reason: DeadLetterReason): boolean {
    this.reject('not-sent', reason, DETAILS[reason])
    return true
  }

  abandoned(reason: AbandonReason): void {
    this.reject('unknown', reason, ABANDONED[reason])
  }

  expire(): void {
    const detail = `no reply within ${this.timeoutMs} ms; raise timeoutMs, or find what the actor is busy with`
    this.reject(this.sent ? 'unknown' : 'not-sent', 'timeout', detail)
  }

  reject(outcome: AskOutcome, reason: AskFailureReason, detail: string, options?: ErrorOptions): void {
    if (this.#end()) this.failWith(() => new AskError(this.target, this.#asked, outcome, reason, detail, options))
  }

  /** Answers whoever waits. */
  protected succeedWith(value: unknown): void {
    this.#resolve(value)
  }

  /** Fails whoever waits. */
  protected failWith(makeError: () => AskError): void {
    this.#resolve(failing(makeError))
  }

  #end(): boolean {
    if (this.#settled) return false
    this.#settled = true
    this.cancel()
    if (this.#onEnd !== null) this.#onEnd()
    return true
  }
}

// One function for all promises: a closure for each would cost as much again.
let captured: (value: unknown) => void = nobody

function capture(resolve: (value: unknown) => void): void {
  captured = resolve
}

function nobody(): void {}

/**
 * Rejects two turns of the microtask queue later: by then the engine knows who awaits it, and the error's stack
 * names the caller instead of the timer or the handler that ended it.
 */
export async function failing(makeError: () => Error): Promise<never> {
  await undefined
  await undefined
  throw makeError()
}

/** An error as seen by an asker: what was thrown, wrapped once. */
function asFailure(path: string, error: Error): ActorFailedError {
  return error instanceof ActorFailedError
    ? error
    : new ActorFailedError(path, error.message, error.name, codeOf(error), { cause: error })
}

function asRefusal(error: Error): ReplyError {
  return error instanceof ReplyError
    ? error
    : new ReplyError(error.message, error.name, codeOf(error), { cause: error })
}

/** The stable code of an error, Troupe's or Node's, or null. */
export function codeOf(error: Error): string | null {
  return 'code' in error && typeof error.code === 'string' ? error.code : null
}
