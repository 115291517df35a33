import type { Scenario } from '@troupe/testkit'
import { counter } from '../scenarios/counter.ts'
import { endings } from '../scenarios/endings.ts'
import { mailboxes } from '../scenarios/mailboxes.ts'
import { stashAndTimers } from '../scenarios/stash-and-timers.ts'
import { supervision } from '../scenarios/supervision.ts'

/** The scenarios that mutants name. */
export const scenarios: readonly Scenario[] = [counter, mailboxes, stashAndTimers, supervision, endings]

/** The scenario of that name; undefined when there is none. */
export function scenarioNamed(name: string): Scenario | undefined {
  return scenarios.find((candidate) => candidate.name === name)
}
