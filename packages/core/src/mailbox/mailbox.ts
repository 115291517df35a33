/** What stands behind a queued message that is more than a plain tell: an ask, a tick, a notice, a piped result. */
export interface MessageBacking {
  /** Name of the message. */
  readonly message: string
  /** Of the actor's own (timers, notices, results of pipes): always queued, never counted, dropped or turned down. */
  readonly own: boolean
  /** To be handled after all that was queued before it, whatever order the rest is put in: a watch notice. */
  readonly last?: boolean
}

/** How a message is queued beside its payload: by its name, or by what stands behind it, which has the name. */
export type MessageHead = string | MessageBacking

/** What a mailbox did with a message that was pushed. */
export type Pushed =
  /** Queued. */
  | 'queued'
  /** Not queued, and whoever sent it is told so: nothing is lost. */
  | 'rejected'
  /** Not queued: a dead letter. */
  | 'dropped'
  /** Not queued: a dead letter, and the actor fails. */
  | 'failed'

/**
 * The queue of one actor: decides in which order messages are handled and what becomes of those that are too
 * many. It decides only: it knows no clock, sends nothing and never throws. `mailboxContract` in
 * `@troupe/core/testing` holds its promises as tests.
 */
export interface Mailbox {
  /** Messages queued, the actor's own included. */
  readonly size: number
  /**
   * Whether the next message would not simply be queued: it would be turned down, or cost another one its place.
   * Offers wait as long as this is true. It is looked at after each `take`.
   */
  readonly full: boolean
  /** Of the message taken last; a push leaves them alone. */
  readonly head: unknown
  readonly payload: unknown
  push(head: MessageHead, payload: unknown): Pushed
  /** Moves the next message into `head` and `payload`. @returns false when there is none */
  take(): boolean
  /** Lets go of the message taken last: an idle actor must not keep it. */
  forget(): void
}

/** How the mailboxes of actors are made: given at spawn, shared by any number of actors. */
export interface MailboxStrategy {
  readonly name: string
  /**
   * Makes the mailbox of one actor. It outlives restarts.
   *
   * @param onDropped to be called for a message that was queued and has to give way to another one, once the
   *   mailbox is in order again: whoever hears of it may send at once
   */
  create(onDropped: (head: MessageHead, payload: unknown) => void): Mailbox
}
