import { type SimulatedCluster, scenario } from '@troupe/testkit'
import { partByHearsay } from '../stage/hearsay.ts'
import { wrongMembers } from '../stage/members.ts'
import { splitBrain } from './split-brain.ts'

const DURATION_MS = 20_000

/** Law 14 where it is hardest: a cluster is parted between those who have heard of a member's coming or end and those who have not. */
export const splitByHearsay = scenario({
  ...splitBrain,
  name: 'split-by-hearsay',
  durationMs: DURATION_MS,
  faults: { kinds: ['crash', 'pause'], meanGapMs: 2_000 },
  invariant(cluster: SimulatedCluster) {
    partByHearsay(cluster, DURATION_MS)
    return wrongMembers(cluster)
  },
})
