import type { HistoryEvent } from '../checkers/history.ts'

/** Name of the violation where virtual time does not move on. */
export const LIVELOCK = 'livelock'

/** Something a run must not show. */
export interface Violation {
  /**
   * `safety`: something wrong has happened. `liveness`: something right has not, after all faults were healed.
   * `crash`: code threw where nobody catches. `nondeterminism`: the run used what no seed decides.
   */
  readonly kind: 'safety' | 'liveness' | 'crash' | 'nondeterminism'
  /** Its class, such as the name of a checker: a smaller run shows the same fault when it shows this. */
  readonly name: string
  /** For people. */
  readonly message: string
  /** When it was seen, in virtual ms. */
  readonly atMs: number
  /** Where, if it belongs to one node. */
  readonly node?: string
  /** The smallest part of the history that cannot be explained, of violations that a checker or an invariant has found. */
  readonly conflict?: readonly HistoryEvent[]
}
