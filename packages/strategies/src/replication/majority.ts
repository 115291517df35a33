import { type AskError, type Ref, TroupeError } from '@troupe/core'

/** Too few replicas answered: a majority is down, cut off, or too slow. */
export class NoMajorityError extends TroupeError {
  override readonly name = 'NoMajorityError'
  readonly code = 'NO_MAJORITY'
  override readonly retryable = true
  /** For a write, whether some replica may have it: a later read may then find it, or never. */
  readonly outcome: 'not-sent' | 'unknown'
  /** How many replicas are known not to answer. */
  readonly unavailable: number
  readonly needed: number

  constructor(
    what: string,
    outcome: 'not-sent' | 'unknown',
    count: { readonly unavailable: number; readonly needed: number; readonly size: number },
    options?: ErrorOptions,
  ) {
    const effect = outcome === 'unknown' ? '; the write may or may not show later' : ''
    super(
      `${what}: ${count.unavailable} of ${count.size} replicas do not answer, ${count.needed} must${effect}`,
      options,
    )
    this.outcome = outcome
    this.unavailable = count.unavailable
    this.needed = count.needed
  }
}

/** What one round of messages to the replicas is about. */
export interface Round<P, T> {
  /** For the message of an error: `write "k"`. */
  readonly what: string
  /** What a failure of this round means for a write. */
  readonly outcome: 'not-sent' | 'unknown'
  readonly replicas: readonly Ref<P>[]
  /** How many replicas there are, answering or not. */
  readonly size: number
  ask(replica: Ref<P>): Promise<T>
}

/**
 * Asks all replicas and resolves with the first majority of answers, each from another replica. The slower
 * ones get the message all the same.
 *
 * @throws {NoMajorityError} as soon as a majority is out of reach; the asks bring the deadline
 */
export function majority<P, T extends { readonly replica: string }>(round: Round<P, T>): Promise<T[]> {
  const { what, outcome, replicas, size } = round
  const needed = (size >> 1) + 1
  return new Promise((resolve, reject) => {
    const answers = new Map<string, T>()
    let pending = replicas.length
    const check = (cause?: AskError): void => {
      if (answers.size >= needed) resolve([...answers.values()])
      else if (answers.size + pending < needed) {
        const count = { unavailable: size - answers.size - pending, needed, size }
        reject(new NoMajorityError(what, outcome, count, { cause }))
      }
    }
    for (const replica of replicas) {
      round.ask(replica).then(
        (answer) => {
          pending--
          if (answers.size < needed) answers.set(answer.replica, answer)
          check()
        },
        (error) => {
          pending--
          check(error)
        },
      )
    }
    check()
  })
}
