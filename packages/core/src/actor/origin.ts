import type { DeadLetterReason } from './dead-letter.ts'

/**
 * What stands behind a queued message that is more than a plain tell: somebody who waits for the answer
 * (an ask), or something of the actor's own that may be called off while queued (a timer, a watch, a pipe).
 */
export interface Origin {
  /** Name of the message it stands behind. Who hands it on to another actor may give it another one. */
  message: string
  /** Gives it another name on the way; without this, `message` is simply set. */
  rename?(name: string): void
  /** Of the actor's own: no mailbox counts it, turns it down or drops it. */
  readonly own: boolean
  /** To be handled after all that was queued before it, in whatever order a mailbox puts the rest. */
  readonly last?: boolean
  /** What it stands before only to see what becomes of it, as the hooks of a system do. */
  readonly inner?: Origin | null
  /** A handler is about to run. @returns false when nobody wants that any more: the message is skipped */
  begin(): boolean
  /** The handler's answer. */
  settle(value: unknown): void
  /** The handler failed, or answered with an error. */
  fail(error: Error, reason: 'handler' | 'refused'): void
  /** A handler began, or may have begun, and no answer will come. */
  abandoned(reason: AbandonReason): void
  /** The message will never reach a handler. @returns true when that deserves a dead letter */
  undelivered(reason: DeadLetterReason): boolean
  /** Time left for the answer in ms, 0 when whoever waited has given up, null when nobody waits. */
  remainingMs(): number | null
}

/** Why no answer comes: the actor ended first, the connection did, the node did, or the time is over. */
export type AbandonReason = 'stopped' | 'link-lost' | 'node-down' | 'timeout'

/** How a message is queued beside its payload: by its name, or by what stands behind it, which has the name. */
export type Head = string | Origin

export function nameOf(head: Head): string {
  return typeof head === 'string' ? head : head.message
}

export function originOf(head: Head): Origin | null {
  return typeof head === 'string' ? null : head
}

/** The head of a message that may have somebody behind it. */
export function headOf(name: string, origin: Origin | null): Head {
  if (origin === null) return name
  if (origin.message === name) return origin
  if (origin.rename !== undefined) origin.rename(name)
  else origin.message = name
  return origin
}
