import type { HistoryEvent } from './history.ts'

/** Judges a history: what clients asked for, what they were told, and when. Pure: same history, same result. */
export interface Checker {
  /** For messages and the class of a violation: `linearizable register`. */
  readonly name: string
  /** @throws {HistoryError} when the history is no history, or speaks of operations this checker does not know */
  check(history: readonly HistoryEvent[]): CheckResult
}

/** What a checker says. `unknown` means that its budget was too small, never that the history is half good. */
export type CheckResult =
  | { readonly verdict: 'ok' }
  | { readonly verdict: 'unknown'; readonly message: string }
  | {
      readonly verdict: 'illegal'
      /** One line for people. */
      readonly message: string
      /** Where the conflict is; '' for operations without a key. Absent from checkers that look at all keys at once. */
      readonly key?: string
      /** Events of the history, in its order, that show the conflict; the smallest such list that was found. */
      readonly conflict: readonly HistoryEvent[]
    }
