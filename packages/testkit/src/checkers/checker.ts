import type { HistoryEvent } from './history.ts'

/** Judges a history. */
export interface Checker {
  /** Class of what it finds, for violations. */
  readonly name: string
  check(history: readonly HistoryEvent[]): CheckResult
}

/** What a checker says of a history. */
export type CheckResult =
  | { readonly verdict: 'ok' }
  /** It could not be found out at the cost allowed. */
  | { readonly verdict: 'unknown'; readonly message: string }
  /** No correct system gives such a history. `conflict` is the smallest part of it found that shows so. */
  | {
      readonly verdict: 'illegal'
      readonly message: string
      readonly key?: string
      readonly conflict: readonly HistoryEvent[]
    }
