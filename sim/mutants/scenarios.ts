import type { Scenario } from '@troupe/testkit'
import { activePassive } from '../scenarios/active-passive.ts'
import { asks } from '../scenarios/asks.ts'
import { counter } from '../scenarios/counter.ts'
import { delivery } from '../scenarios/delivery.ts'
import { discovery } from '../scenarios/discovery.ts'
import { endings } from '../scenarios/endings.ts'
import { escalation } from '../scenarios/escalation.ts'
import { fairness } from '../scenarios/fairness.ts'
import { fencedResource } from '../scenarios/fenced-resource.ts'
import { hostileFrames } from '../scenarios/hostile-frames.ts'
import { largeMessages } from '../scenarios/large-messages.ts'
import { mailboxes } from '../scenarios/mailboxes.ts'
import { membership } from '../scenarios/membership.ts'
import { membershipHealing } from '../scenarios/membership-healing.ts'
import { mixedVersions } from '../scenarios/mixed-versions.ts'
import { overload } from '../scenarios/overload.ts'
import { pairOrder } from '../scenarios/pair-order.ts'
import { primaryBackup } from '../scenarios/primary-backup.ts'
import { receptionist } from '../scenarios/receptionist.ts'
import { remoteAsks } from '../scenarios/remote-asks.ts'
import { remoteWatch } from '../scenarios/remote-watch.ts'
import { saturatedLink } from '../scenarios/saturated-link.ts'
import { simultaneousDials } from '../scenarios/simultaneous-dials.ts'
import { singleton } from '../scenarios/singleton.ts'
import { singletonHandover } from '../scenarios/singleton-handover.ts'
import { slowReceiver } from '../scenarios/slow-receiver.ts'
import { splitBrain } from '../scenarios/split-brain.ts'
import { splitBrainLease } from '../scenarios/split-brain-lease.ts'
import { splitByHearsay } from '../scenarios/split-by-hearsay.ts'
import { stashAndTimers } from '../scenarios/stash-and-timers.ts'
import { strangers } from '../scenarios/strangers.ts'
import { supervision } from '../scenarios/supervision.ts'
import { synchronous } from '../scenarios/synchronous.ts'
import { systemMessages } from '../scenarios/system-messages.ts'
import { topics } from '../scenarios/topics.ts'
import { votingRegister } from '../scenarios/voting-register.ts'

/** The scenarios that mutants name. */
export const scenarios: readonly Scenario[] = [
  counter,
  mailboxes,
  stashAndTimers,
  supervision,
  escalation,
  fairness,
  overload,
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
  systemMessages,
  mixedVersions,
  simultaneousDials,
  saturatedLink,
  membership,
  membershipHealing,
  splitBrain,
  splitBrainLease,
  splitByHearsay,
  discovery,
  singleton,
  singletonHandover,
  topics,
  delivery,
  largeMessages,
  slowReceiver,
]

/** The scenario of that name; undefined when there is none. */
export function scenarioNamed(name: string): Scenario | undefined {
  return scenarios.find((candidate) => candidate.name === name)
}
