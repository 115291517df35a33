import { TroupeError } from '../errors.ts'
import type { DeadLetterReason } from './dead-letter.ts'
import type { AbandonReason } from './origin.ts'

/** Options of one ask. */
export interface AskOptions {
  /**
   * How long to wait for the answer, in ms. Default: the system's `askTimeoutMs`, 5,000. An ask made on behalf of
   * a message that is asked itself never waits longer than its own asker does.
   */
  readonly timeoutMs?: number
  /** Aborting it rejects the ask at once; the target may still act on the message. */
  readonly signal?: AbortSignal
}

/** What is known about the effect of a failed ask. */
export type AskOutcome =
  /** The handler never saw the message: asking again is safe. */
  | 'not-sent'
  /** The handler may or may not have run, or may still run. */
  | 'unknown'
  /** The handler ran and failed, or answered with an error. */
  | 'failed'

/** Why an ask got no answer: what keeps messages from handlers, and what comes in the way afterwards. */
export type AskFailureReason =
  | DeadLetterReason
  /** No answer in time. */
  | 'timeout'
  /** The caller's signal, or the end of the actor that asked: its stop, or a restart. */
  | 'aborted'
  /** An actor asked itself, which no handler can wait for: it takes the next message only once it has ended. */
  | 'self-ask'
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
  /** Path of the actor that was asked; with the address where that is another node. */
  readonly target: string
  /** What it was asked, by the name the asker used. */
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

/** Why a message reached no handler, in words. */
export const UNDELIVERED: Readonly<Record<DeadLetterReason, string>> = {
  'not-found': 'no such actor',
  'stale-ref': 'that actor is gone; its name may be in use again, so find the new one',
  stopping: 'the actor is stopping and takes no new messages',
  stopped:
    'the actor has stopped before it got to the message; if it failed, in its set-up for example, the log and the ' +
    'event actor-failed say why',
  unhandled: 'the actor has no handler of that name',
  'mailbox-full': 'its mailbox is full; ask slower, or give it a larger one',
  'not-serializable': 'the message cannot be encoded',
  'outbound-full': 'too much is queued for that node; send slower or wait for replies',
  'node-down': 'that node is down; find the actor on another one, or wait until one is registered again',
  unreachable: 'no connection to that node',
  'link-lost': 'the connection was lost when a part of the message had been sent',
}

/** Why no answer comes, in words. */
export const ABANDONED: Readonly<Record<AbandonReason, string>> = {
  stopped: 'the actor ended before it answered',
  'link-lost': 'the connection ended before the answer came',
  'node-down': 'that node went down before the answer came',
  timeout: 'no reply in time from where it was forwarded to',
}

/** The stable code of an error, Troupe's or Node's, or null. */
export function codeOf(error: Error): string | null {
  return 'code' in error && typeof error.code === 'string' ? error.code : null
}
