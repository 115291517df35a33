import { is, type OptionCheck } from '@troupe/core'
import type { CheckResult } from './checker.ts'
import { byKey, eventsOf, type HistoryEvent, type Operation, onKey, operations } from './history.ts'

/** What a session may rely on; see Terry et al. 1994, "Session Guarantees for Weakly Consistent Replicated Data". */
export type SessionGuarantee = 'monotonic reads' | 'read your writes' | 'monotonic writes' | 'writes follow reads'

/** All of them. */
export const SESSION_GUARANTEES: readonly SessionGuarantee[] = [
  'monotonic reads',
  'read your writes',
  'monotonic writes',
  'writes follow reads',
]

/** A guarantee that does not hold, and the operations that show it. */
export interface Broken {
  readonly guarantee: SessionGuarantee
  readonly text: string
  readonly shown: readonly Operation[]
}

const known = is.oneOf(...SESSION_GUARANTEES)

/** A list of guarantees, as an option. */
export const guarantees: OptionCheck = (value) =>
  Array.isArray(value) && value.every((each) => known(each) === null)
    ? null
    : `a list of ${SESSION_GUARANTEES.join(', ')}`

/** Judges key by key, up to the first that breaks a guarantee. */
export function judgeKeys(
  history: readonly HistoryEvent[],
  judge: (all: readonly Operation[]) => Broken | null,
): CheckResult {
  for (const [key, all] of byKey(operations(history))) {
    const broken = judge(all)
    if (broken === null) continue
    const message = `${broken.guarantee}${onKey(key)}: ${broken.text}`
    return { verdict: 'illegal', message, key, conflict: eventsOf(history, broken.shown) }
  }
  return { verdict: 'ok' }
}
