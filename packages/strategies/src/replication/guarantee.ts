/**
 * What a strategy promises, in words for people: docs and errors quote them, and tests hold the strategy to
 * them. Each sentence is the whole truth about its subject; what it does not say is not promised.
 */
export interface Guarantee {
  /** What is true of a write once it is acknowledged. */
  readonly acknowledged: string
  /** What a read may answer. */
  readonly reads: string
  /** When an acknowledged write is lost. */
  readonly losesWhen: string
}
