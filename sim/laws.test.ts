import { assertNoViolations, explore, type Scenario } from '@troupe/testkit'
import test from 'ava'
import { delivery } from './scenarios/delivery.ts'
import { hostileFrames } from './scenarios/hostile-frames.ts'
import { membership } from './scenarios/membership.ts'
import { membershipHealing } from './scenarios/membership-healing.ts'
import { pairOrder } from './scenarios/pair-order.ts'
import { receptionist } from './scenarios/receptionist.ts'
import { remoteAsks } from './scenarios/remote-asks.ts'
import { remoteWatch } from './scenarios/remote-watch.ts'
import { singleton } from './scenarios/singleton.ts'
import { singletonHandover } from './scenarios/singleton-handover.ts'
import { splitBrain } from './scenarios/split-brain.ts'
import { strangers } from './scenarios/strangers.ts'
import { topics } from './scenarios/topics.ts'

/** Enough to find most bugs that are planted; `npm run sim -- pair-order --seeds 1000` runs more. */
const SEEDS = 4

/** A scenario, and the laws of docs/semantics.md that it judges. */
const laws: readonly (readonly [promise: string, scenario: Scenario])[] = [
  ['each pair keeps its order, and loses nothing unless a connection is lost (law 1)', pairOrder],
  ['each watch brings one notice, behind all the target sent (law 10)', remoteWatch],
  ['a short loss is nothing, and a long one is one death, for good (law 11)', remoteWatch],
  ['a node that was stalled accuses nobody (law 15)', remoteWatch],
  ['answered is handled once, not sent is never, and no ask outlives its time or its connection (law 13)', remoteAsks],
  ['when all is healed all nodes list the same, and all of it answers', receptionist],
  ['garbage closes its link alone (law 17)', hostileFrames],
  ['with membership nobody who is well is down, and a node that was stalled accuses nobody (law 15)', membership],
  ['when partitions are healed all see the same members, and no removed one comes back (law 14)', membershipHealing],
  ['two sides of a split never both go on (law 14)', splitBrain],
  ['at most one of a singleton counts, its epoch grows, and in the end there is one (law 16)', singleton],
  ['a singleton moves in order and loses nothing it was told (law 16)', singletonHandover],
  ['what a producer takes in is handled once and in order, as long as its consumer lives', delivery],
  ['what is published reaches each subscriber once at most, and when all is healed everybody', topics],
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
