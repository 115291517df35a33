import { assertNoViolations, explore, type Scenario } from '@troupe/testkit'
import test from 'ava'
import { hostileFrames } from './scenarios/hostile-frames.ts'
import { largeMessages } from './scenarios/large-messages.ts'
import { membership } from './scenarios/membership.ts'
import { membershipHealing } from './scenarios/membership-healing.ts'
import { pairOrder } from './scenarios/pair-order.ts'
import { receptionist } from './scenarios/receptionist.ts'
import { remoteAsks } from './scenarios/remote-asks.ts'
import { remoteWatch } from './scenarios/remote-watch.ts'
import { slowReceiver } from './scenarios/slow-receiver.ts'
import { splitBrain } from './scenarios/split-brain.ts'
import { strangers } from './scenarios/strangers.ts'

/** Enough to find most bugs that are planted; `npm run sim -- pair-order --seeds 1000` runs more. */
const SEEDS = 4

/** A scenario, and the laws of docs/semantics.md that it judges. */
const laws: readonly (readonly [promise: string, scenario: Scenario])[] = [
  ['each pair keeps its order, and loses nothing unless a connection is lost (law 1)', pairOrder],
  ['what is large arrives as it was and in its order, and nothing overtakes it (law 1, law 10)', largeMessages],
  ['what a slow receiver has not handled is bounded on both sides, and goes on (law 19)', slowReceiver],
  ['each watch brings one notice, behind all the target sent (law 10)', remoteWatch],
  ['a short loss is nothing, and a long one is one death, for good (law 11)', remoteWatch],
  ['a node that was stalled accuses nobody (law 15)', remoteWatch],
  ['answered is handled once, not sent is never, and no ask outlives its time or its connection (law 13)', remoteAsks],
  ['when all is healed all nodes list the same, and all of it answers', receptionist],
  ['garbage closes its link alone (law 17)', hostileFrames],
  ['with membership nobody who is well is down, and a node that was stalled accuses nobody (law 15)', membership],
  ['when partitions are healed all see the same members, and no removed one comes back (law 14)', membershipHealing],
  ['two sides of a split never both go on (law 14)', splitBrain],
  ['a stranger breaks nothing and pollutes no prototype (law 18)', hostileFrames],
  ['who does not know the secret is not heard, whatever was overheard (law 18)', strangers],
]

for (const [promise, scenario] of laws) {
  test(`under faults, over ${SEEDS} seeds: ${promise}`, async (t) => {
    // Seeds of its own for each law.
    const exploration = await explore(scenario, { seeds: SEEDS, from: promise, recheckOneIn: SEEDS })

    t.notThrows(() => assertNoViolations(exploration))
  })
}
