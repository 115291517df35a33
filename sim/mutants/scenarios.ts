import type { Scenario } from '@troupe/testkit'
import { activePassive } from '../scenarios/active-passive.ts'
import { asks } from '../scenarios/asks.ts'
import { counter } from '../scenarios/counter.ts'
import { delivery } from '../scenarios/delivery.ts'
import { endings } from '../scenarios/endings.ts'
import { fencedResource } from '../scenarios/fenced-resource.ts'
import { hostileFrames } from '../scenarios/hostile-frames.ts'
import { mailboxes } from '../scenarios/mailboxes.ts'
import { membership } from '../scenarios/membership.ts'
import { membershipHealing } from '../scenarios/membership-healing.ts'
import { pairOrder } from '../scenarios/pair-order.ts'
import { primaryBackup } from '../scenarios/primary-backup.ts'
import { receptionist } from '../scenarios/receptionist.ts'
import { remoteAsks } from '../scenarios/remote-asks.ts'
import { remoteWatch } from '../scenarios/remote-watch.ts'
import { singleton } from '../scenarios/singleton.ts'
import { singletonHandover } from '../scenarios/singleton-handover.ts'
import { splitBrain } from '../scenarios/split-brain.ts'
import { stashAndTimers } from '../scenarios/stash-and-timers.ts'
import { strangers } from '../scenarios/strangers.ts'
import { supervision } from '../scenarios/supervision.ts'
import { synchronous } from '../scenarios/synchronous.ts'
import { topics } from '../scenarios/topics.ts'
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
  singleton,
  singletonHandover,
  topics,
  delivery,
]

/** The scenario of that name; undefined when there is none. */
export function scenarioNamed(name: string): Scenario | undefined {
  return scenarios.find((candidate) => candidate.name === name)
}
