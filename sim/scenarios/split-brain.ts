import { downAll, keepMajority, keepOldest, type SplitBrainStrategy, staticQuorum } from '@troupe/core'
import { type SimulatedNode, scenario } from '@troupe/testkit'
import { agree, goneForGood, join, neverBothSides, wrongMembers } from '../stage/members.ts'

const STRATEGIES: readonly ((nodes: number) => SplitBrainStrategy)[] = [
  () => keepMajority(),
  (nodes) => staticQuorum({ size: (nodes >> 1) + 1 }),
  () => keepOldest(),
  () => downAll(),
]

/** The same one on each node: chosen by how many there are, and by what the first of them is called. */
function strategyOf(node: SimulatedNode): SplitBrainStrategy {
  const nodes = node.others.length + 1
  return STRATEGIES[nodes % STRATEGIES.length]!(nodes)
}

/** Law 14: however a cluster is parted, no two sides of it both go on; and once it is whole again all agree. */
export const splitBrain = scenario({
  name: 'split-brain',
  nodes: { min: 3, max: 6 },
  durationMs: 15_000,
  convergeMs: 30_000,
  network: { minLatencyMs: 1, meanLatencyMs: 10 },
  faults: { kinds: ['partition'], meanGapMs: 2_000 },
  start: (node) => join(node, { splitBrain: strategyOf(node) }),
  invariant: wrongMembers,
  converged: agree,
  checkers: [goneForGood, neverBothSides],
})
