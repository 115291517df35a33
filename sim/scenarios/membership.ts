import { scenario } from '@troupe/testkit'
import { agree, goneForGood, join, nobodyDownFalsely, wrongMembers } from '../stage/members.ts'

/** Nodes crash, pause and lose connections: nobody is down who is well, and in the end all see the same. */
export const membership = scenario({
  name: 'membership',
  nodes: { min: 3, max: 5 },
  durationMs: 15_000,
  convergeMs: 15_000,
  faults: { kinds: ['crash', 'pause', 'reset', 'slow', 'clock'] },
  start: (node) => join(node),
  invariant: wrongMembers,
  converged: agree,
  checkers: [goneForGood, nobodyDownFalsely],
})
