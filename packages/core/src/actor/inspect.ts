/**
 * Names the method by which a behaviour says what inspectors are to see of its state, in place of its public
 * fields. A symbol, so that it can be no message.
 *
 * ```ts
 * return { put, get, [inspect]: () => ({ rows: rows.size }) }
 * ```
 * It is called between two messages or while a handler waits, must not wait itself and must change nothing.
 */
export const inspect: unique symbol = Symbol.for('troupe.inspect')

/** Where an actor stands, as inspectors see it. */
export type ActorStatus =
  /** Its set-up has not run yet. */
  | 'starting'
  /** Nothing keeps it from handling the next message. */
  | 'running'
  /** A handler's promise is pending. */
  | 'waiting'
  /** By `system.suspend`. */
  | 'suspended'
  /** Ending one incarnation, or in the wait before the next. */
  | 'restarting'
  | 'stopping'

/** One actor from outside. */
export interface ActorInfo {
  readonly path: string
  /** Id of its definition: what `actor(...)` was given. */
  readonly kind: string
  readonly status: ActorStatus
  /** Name of the message whose handler is pending; null when none is. */
  readonly handling: string | null
  /** Messages in its mailbox. */
  readonly queued: number
  readonly restarts: number
  /** Children that live. */
  readonly children: number
}
