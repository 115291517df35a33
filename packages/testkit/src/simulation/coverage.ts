import { type HistoryEvent, isNote } from '../checkers/history.ts'

/** How much of a cluster was at work: without it, no violation says nothing. */
export interface Coverage {
  /** Operations of clients that were answered. */
  readonly ok: number
  /** Those that were certainly not done, or only read and got no answer. */
  readonly fail: number
  /** Those of which nobody knows, and those that were under way at the end. */
  readonly info: number
  /** What programs have noted, which checkers may judge. */
  readonly notes: number
  /** What the first operation without an answer ended with; null when there is none. */
  readonly error: string | null
  /** What the first checker that could not decide said; null when all did. */
  readonly undecided: string | null
  /** Whether two nodes of the cluster, clients aside, were ever connected. */
  readonly isLinked: boolean
}

/** Of no run at all. */
export const NO_COVERAGE: Coverage = {
  ok: 0,
  fail: 0,
  info: 0,
  notes: 0,
  error: null,
  undecided: null,
  isLinked: false,
}

/** What clients got, counted, with what else is known. */
export function coverageOf(history: readonly HistoryEvent[], rest: Pick<Coverage, 'undecided' | 'isLinked'>): Coverage {
  const counts = { invoke: 0, ok: 0, fail: 0, info: 0 }
  let notes = 0
  for (const event of history) {
    if (isNote(event)) notes++
    else counts[event.type]++
  }
  const { invoke, ok, fail } = counts
  const error = history.find((event) => event.error !== undefined)?.error
  return { ok, fail, info: invoke - ok - fail, notes, error: error === undefined ? null : String(error), ...rest }
}

/** Both together. */
export function joined(a: Coverage, b: Coverage): Coverage {
  return {
    ok: a.ok + b.ok,
    fail: a.fail + b.fail,
    info: a.info + b.info,
    notes: a.notes + b.notes,
    error: a.error ?? b.error,
    undecided: a.undecided ?? b.undecided,
    isLinked: a.isLinked || b.isLinked,
  }
}
