import type { Scenario } from '@troupe/testkit'
import { counter } from './counter.ts'
import { endings } from './endings.ts'
import { mailboxes } from './mailboxes.ts'
import { stashAndTimers } from './stash-and-timers.ts'
import { supervision } from './supervision.ts'

/** All scenarios known by name. */
export const scenarios: readonly Scenario[] = [counter, mailboxes, stashAndTimers, supervision, endings]

/** The scenario of that name; undefined when there is none. */
export function scenarioNamed(name: string): Scenario | undefined {
  return scenarios.find((candidate) => candidate.name === name)
}
