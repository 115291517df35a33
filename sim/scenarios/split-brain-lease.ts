import { keepLeaseHolder } from '@troupe/core'
import { scenario } from '@troupe/testkit'
import { DistantLease } from '../stage/distant-lease.ts'
import { agree, goneForGood, join, neverBothSides, wrongMembers } from '../stage/members.ts'

/** Law 14 with a lease outside of the cluster, which is slow and now and then out of reach: one side of a split goes on at most. */
export const splitBrainLease = scenario({
  name: 'split-brain-lease',
  nodes: { min: 2, max: 6 },
  durationMs: 15_000,
  convergeMs: 30_000,
  network: { minLatencyMs: 1, meanLatencyMs: 10 },
  faults: { kinds: ['partition'], meanGapMs: 2_000 },
  start: (node) => join(node, { splitBrain: keepLeaseHolder({ lease: new DistantLease(node), ttlMs: 1_500 }) }),
  invariant: wrongMembers,
  converged: agree,
  checkers: [goneForGood, neverBothSides],
})
