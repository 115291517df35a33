import type { Scenario } from '@troupe/testkit'
import { counter } from './counter.ts'
import { hostileFrames } from './hostile-frames.ts'
import { mailboxes } from './mailboxes.ts'
import { pairOrder } from './pair-order.ts'
import { receptionist } from './receptionist.ts'
import { remoteAsks } from './remote-asks.ts'
import { remoteWatch } from './remote-watch.ts'
import { stashAndTimers } from './stash-and-timers.ts'
import { supervision } from './supervision.ts'

/** All scenarios known by name. */
export const scenarios: readonly Scenario[] = [
  counter,
  mailboxes,
  stashAndTimers,
  supervision,
  pairOrder,
  remoteAsks,
  remoteWatch,
  receptionist,
  hostileFrames,
]

/** The scenario of that name; undefined when there is none. */
export function scenarioNamed(name: string): Scenario | undefined {
  return scenarios.find((candidate) => candidate.name === name)
}
