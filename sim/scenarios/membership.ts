import { scenario } from '@troupe/testkit'
import { agree, goneForGood, join, nobodyDownFalsely, wrongMembers } from '../stage/members.ts'

/** On a network that is sound, nodes crash, pause and lose connections: nobody is down who is well, and in the end all see the same. */
export const membership = scenario({
  name: 'membership',
  nodes: { min: 3, max: 5 },
  durationMs: 15_000,
  convergeMs: 15_000,
  // One that breaks links by itself again and again is a reason to be down.
  network: { minLatencyMs: 1, meanLatencyMs: 10 },
  faults: { kinds: ['crash', 'pause', 'reset', 'slow', 'clock'] },
  start: (node) => join(node),
  invariant: wrongMembers,
  converged: agree,
  checkers: [goneForGood, nobodyDownFalsely],
})
