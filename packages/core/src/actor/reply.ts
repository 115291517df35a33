/**
 * A reply given later. Return it from the handler: the mailbox goes on, the asker keeps waiting. One that is never
 * settled, and lost, leaves its asker to the deadline: `unknown`, `timeout`.
 */
export interface Deferred<T> {
  /** Answers the ask. Only the first answer counts; answering a `tell` does nothing. */
  resolve(value: T): void
  /** Answers the ask with an error, without failing this actor. */
  reject(error: unknown): void
}

/** What a handler returns whose result is no answer: it was forwarded, refused or stashed. */
export class Forwarded {
  static readonly instance: Forwarded = new Forwarded()
  // Makes the type nominal: a plain {} is no Forwarded.
  readonly #brand = true
  static is(value: unknown): value is Forwarded {
    return typeof value === 'object' && value !== null && #brand in value
  }
}
