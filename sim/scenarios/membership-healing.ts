import { scenario } from '@troupe/testkit'
import { agree, goneForGood, join, wrongMembers } from '../stage/members.ts'

/** Partitions of every kind: when they are healed all see the same within a bound, and nobody comes back from the dead. */
export const membershipHealing = scenario({
  name: 'membership-healing',
  nodes: { min: 2, max: 5 },
  durationMs: 15_000,
  convergeMs: 20_000,
  faults: { kinds: ['crash', 'pause', 'partition', 'clog', 'reset'] },
  start: (node) => join(node),
  invariant: wrongMembers,
  converged: agree,
  checkers: [goneForGood],
})
