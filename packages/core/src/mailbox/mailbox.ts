import type { Head } from '../actor/origin.ts'

/** What a mailbox did with a message that was pushed. */
export type Pushed =
  /** Queued. */
  | 'queued'
  /** Not queued, and whoever sent it is told so: nothing is lost. */
  | 'rejected'
  /** Not queued: a dead letter. */
  | 'dropped'
  /** Not queued, and the actor is to fail. */
  | 'failed'

/**
 * The queue of one actor: decides what becomes of messages while their actor is busy. Messages of the
 * actor's own (timers, notices, results of pipes) must always be queued.
 */
export interface Mailbox {
  /** Messages queued, the actor's own included. */
  readonly size: number
  /** Of the message taken last. */
  readonly head: unknown
  readonly payload: unknown
  push(head: Head, payload: unknown): Pushed
  /** Moves the next message into `head` and `payload`. @returns false when there is none */
  take(): boolean
  /** Lets go of the message taken last. */
  forget(): void
  /** Calls `ready` once there is room for a message, in the order of the calls. @returns calls it off */
  whenRoom?(ready: () => void): () => void
}

/** How the mailboxes of actors are made: given at spawn, shared by any number of actors. */
export interface MailboxStrategy {
  readonly name: string
  /** @param onDropped what becomes of a message that was queued and has to give way to another one */
  create(onDropped: (head: Head, payload: unknown) => void): Mailbox
}
