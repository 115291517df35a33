/** What is replicated. The same operations in the same order must lead to the same state and results. */
export interface StateMachine<O, R> {
  /** Does one operation. It may throw, everywhere alike; then it has done nothing. */
  apply(operation: O): R
  /** The whole state, as something CBOR can carry. Must not change with later operations. */
  snapshot(): unknown
  /** Replaces the state by one of `snapshot`. */
  restore(snapshot: unknown): void
}
