import { assertNoViolations, explore, type Scenario } from '@troupe/testkit'
import test from 'ava'
import { times } from '../scripts/slow-suite.ts'
import { delivery } from './scenarios/delivery.ts'
import { discovery } from './scenarios/discovery.ts'
import { endings } from './scenarios/endings.ts'
import { escalation } from './scenarios/escalation.ts'
import { fairness } from './scenarios/fairness.ts'
import { hostileFrames } from './scenarios/hostile-frames.ts'
import { largeMessages } from './scenarios/large-messages.ts'
import { mailboxes } from './scenarios/mailboxes.ts'
import { membership } from './scenarios/membership.ts'
import { membershipHealing } from './scenarios/membership-healing.ts'
import { mixedVersions } from './scenarios/mixed-versions.ts'
import { overload } from './scenarios/overload.ts'
import { pairOrder } from './scenarios/pair-order.ts'
import { receptionist } from './scenarios/receptionist.ts'
import { remoteAsks } from './scenarios/remote-asks.ts'
import { remoteWatch } from './scenarios/remote-watch.ts'
import { saturatedLink } from './scenarios/saturated-link.ts'
import { simultaneousDials } from './scenarios/simultaneous-dials.ts'
import { singleton } from './scenarios/singleton.ts'
import { singletonHandover } from './scenarios/singleton-handover.ts'
import { slowReceiver } from './scenarios/slow-receiver.ts'
import { splitBrain } from './scenarios/split-brain.ts'
import { splitBrainLease } from './scenarios/split-brain-lease.ts'
import { splitByHearsay } from './scenarios/split-by-hearsay.ts'
import { strangers } from './scenarios/strangers.ts'
import { supervision } from './scenarios/supervision.ts'
import { systemMessages } from './scenarios/system-messages.ts'
import { topics } from './scenarios/topics.ts'

/** Those of the slow suite find most bugs that are planted; `npm run sim -- pair-order --seeds 1000` runs more. */
const SEEDS = times(1, 12)

/** A scenario, and the laws of docs/semantics.md that it judges. */
const laws: readonly (readonly [promise: string, scenario: Scenario])[] = [
  ['each pair keeps its order, and loses nothing unless a connection is lost (law 1)', pairOrder],
  ['a handler without a promise costs none, and floods hold up a timer for one slice (law 3)', fairness],
  ['n failures are n restarts, and one more stops (law 7)', supervision],
  ['levels of restarts multiply, and set-ups do not spin (law 7)', escalation],
  ['cohorts stop in reverse and start in order, and temporary siblings stay away (law 8)', supervision],
  ['a stop during an await cleans up once at most, and keeps to its time (law 9)', endings],
  ['what is large arrives as it was and in its order, and nothing overtakes it (law 1, law 10)', largeMessages],
  ['what a slow receiver has not handled is bounded on both sides, and goes on (law 19)', slowReceiver],
  ['each watch brings one notice, behind all the target sent (law 10)', remoteWatch],
  ['everybody dials everybody: one link, the same to both, and no frame of an older one (law 1)', simultaneousDials],
  ['system messages are numbered without a gap, said once, and never again once acknowledged (law 10)', systemMessages],
  ['a short loss is nothing, and a long one is one death, for good (law 11)', remoteWatch],
  ['a node that was stalled accuses nobody (law 15)', remoteWatch],
  ['each overflow policy has its victim, own messages get through, and offers go in order (law 12)', mailboxes],
  ['answered is handled once, not sent is never, and no ask outlives its time or its connection (law 13)', remoteAsks],
  ['when all is healed all nodes list the same, and all of it answers', receptionist],
  ['garbage closes its link alone (law 17)', hostileFrames],
  ['nodes of two versions watch each other, and change from one to the other (law 17)', mixedVersions],
  ['no backlog delays a heartbeat (law 19)', saturatedLink],
  ['with membership nobody who is well is down, and a node that was stalled accuses nobody (law 15)', membership],
  ['when partitions are healed all see the same members, and no removed one comes back (law 14)', membershipHealing],
  ['two sides of a split never both go on (law 14)', splitBrain],
  ['nor do those who have heard of a change and those who have not (law 14)', splitByHearsay],
  ['of two sides that want one lease, never both go on (law 14)', splitBrainLease],
  ['nodes that start together and find one another late begin one cluster', discovery],
  ['at most one of a singleton counts, its epoch grows, and in the end there is one (law 16)', singleton],
  ['a singleton moves in order and loses nothing it was told (law 16)', singletonHandover],
  ['what a producer takes in is handled once and in order, as long as its consumer lives', delivery],
  ['what is published reaches each subscriber once at most, and when all is healed everybody', topics],
  ['a stranger breaks nothing and pollutes no prototype (law 18)', hostileFrames],
  ['senders ten times too fast fill no memory and hold up no notice, and the counts add up (law 19)', overload],
  ['who does not know the secret is not heard, whatever was overheard (law 18)', strangers],
]

for (const [promise, scenario] of laws) {
  test(`under faults, over seeds of its own: ${promise}`, async (t) => {
    const exploration = await explore(scenario, { seeds: SEEDS, from: promise, recheckOneIn: 4 })

    t.notThrows(() => assertNoViolations(exploration))
  })
}
