import type { Violation } from '@troupe/testkit'

const STATUS: Readonly<Record<Violation['kind'], number>> = { safety: 1, liveness: 3, crash: 4, nondeterminism: 5 }

export const CALLED_WRONGLY = 2
/** The command itself has failed, and says nothing of the scenario. EX_SOFTWARE of sysexits.h. */
export const BROKEN = 70
export const INTERRUPTED = 130

/** The status of a command that has found these violations: of several, what is worst, which has the least number. */
export function exitStatus(violations: readonly Violation[]): number {
  return violations.length === 0 ? 0 : Math.min(...violations.map(({ kind }) => STATUS[kind]))
}
