import type { DeadLetterReason } from '../actor/dead-letter.ts'
import type { AbandonReason, Origin } from '../actor/origin.ts'
import { ActorFailedError, ReplyError } from '../errors.ts'

/** Why an ask from abroad got no answer, as it stands on the wire. */
export type WireReason = 'handler' | 'refused' | `abandoned:${AbandonReason}` | `undelivered:${DeadLetterReason}`

/** Hands a failure that came over the wire to whoever asked; reasons of later versions count as `stopped`. */
export function failFromWire(
  origin: Origin,
  target: string,
  reason: string,
  message: string,
  causeName: string,
  causeCode: string | null,
): void {
  const detail = reason.slice(reason.indexOf(':') + 1)
  if (reason === 'handler') origin.fail(new ActorFailedError(target, message, causeName, causeCode), reason)
  else if (reason === 'refused') origin.fail(new ReplyError(message, causeName, causeCode), reason)
  else if (isDeadLetterReason(detail) && reason.startsWith('undelivered:')) origin.undelivered(detail)
  else origin.abandoned(isAbandonReason(detail) ? detail : 'stopped')
}

const ABANDON_REASONS: Readonly<Record<AbandonReason, true>> = {
  stopped: true,
  'link-lost': true,
  'node-down': true,
  timeout: true,
}

const DEAD_LETTER_REASONS: Readonly<Record<DeadLetterReason, true>> = {
  'not-found': true,
  'stale-ref': true,
  stopping: true,
  stopped: true,
  unhandled: true,
  'mailbox-full': true,
  'not-serializable': true,
  'outbound-full': true,
  'node-down': true,
  unreachable: true,
  'link-lost': true,
}

function isAbandonReason(text: string): text is AbandonReason {
  return Object.hasOwn(ABANDON_REASONS, text)
}

function isDeadLetterReason(text: string): text is DeadLetterReason {
  return Object.hasOwn(DEAD_LETTER_REASONS, text)
}
