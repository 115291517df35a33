/** Why a message was not handled. */
export type DeadLetterReason =
  /** No actor has that name, or never had. */
  | 'not-found'
  /** The ref names an actor that is gone, though its name may be in use again. */
  | 'stale-ref'
  /** The actor is stopping and takes nothing new. */
  | 'stopping'
  /** The actor has stopped; the message was queued or came later. */
  | 'stopped'
  /** The behaviour has no handler of that name. */
  | 'unhandled'
  /** The actor's mailbox is bounded, and was full. */
  | 'mailbox-full'
  /** The payload has no form on the wire. */
  | 'not-serializable'
  /** More is queued for that node than may be. */
  | 'outbound-full'
  /** That node is down for good, or this one has stopped. */
  | 'node-down'
  /** No connection could be made to that node. */
  | 'unreachable'
  /** The connection was lost when only a part of the message, a large one, had been sent. */
  | 'link-lost'

/** A message that reached no handler. */
export interface DeadLetter {
  readonly reason: DeadLetterReason
  /** Path of the actor it was meant for; with the address where that is another node. */
  readonly target: string
  readonly message: string
  readonly payload: unknown
}
