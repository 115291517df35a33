import type { Scenario } from '@troupe/testkit'
import { activePassive } from '../scenarios/active-passive.ts'
import { asks } from '../scenarios/asks.ts'
import { counter } from '../scenarios/counter.ts'
import { endings } from '../scenarios/endings.ts'
import { fencedResource } from '../scenarios/fenced-resource.ts'
import { hostileFrames } from '../scenarios/hostile-frames.ts'
import { largeMessages } from '../scenarios/large-messages.ts'
import { mailboxes } from '../scenarios/mailboxes.ts'
import { membership } from '../scenarios/membership.ts'
import { membershipHealing } from '../scenarios/membership-healing.ts'
import { pairOrder } from '../scenarios/pair-order.ts'
import { primaryBackup } from '../scenarios/primary-backup.ts'
import { receptionist } from '../scenarios/receptionist.ts'
import { remoteAsks } from '../scenarios/remote-asks.ts'
import { remoteWatch } from '../scenarios/remote-watch.ts'
import { slowReceiver } from '../scenarios/slow-receiver.ts'
import { splitBrain } from '../scenarios/split-brain.ts'
import { stashAndTimers } from '../scenarios/stash-and-timers.ts'
import { strangers } from '../scenarios/strangers.ts'
import { supervision } from '../scenarios/supervision.ts'
import { synchronous } from '../scenarios/synchronous.ts'
import { votingRegister } from '../scenarios/voting-register.ts'

/** The scenarios that mutants name. */
export const scenarios: readonly Scenario[] = [
  counter,
  mailboxes,
  stashAndTimers,
  supervision,
  endings,
  asks,
  primaryBackup,
  synchronous,
  votingRegister,
  activePassive,
  fencedResource,
  pairOrder,
  remoteAsks,
  remoteWatch,
  receptionist,
  hostileFrames,
  strangers,
  membership,
  membershipHealing,
  splitBrain,
  largeMessages,
  slowReceiver,
]

/** The scenario of that name; undefined when there is none. */
export function scenarioNamed(name: string): Scenario | undefined {
  return scenarios.find((candidate) => candidate.name === name)
}
