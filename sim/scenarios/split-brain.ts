import { downAll, keepMajority, keepOldest, type SplitBrainStrategy, staticQuorum } from '@troupe/core'
import { type SimulatedNode, scenario } from '@troupe/testkit'
import { agree, goneForGood, join, neverBothSides, wrongMembers } from '../stage/members.ts'

/** Those that go by how many there are more often: it is they who can be mistaken about that. */
const STRATEGIES: readonly ((nodes: number) => SplitBrainStrategy)[] = [
  () => keepMajority(),
  () => keepMajority(),
  () => keepOldest(),
  () => keepOldest(),
  (nodes) => staticQuorum({ size: (nodes >> 1) + 1 }),
  () => downAll(),
]

const notChosen = (): { index: number | null } => ({ index: null })

/** The same one on each node of a run: the first of them to start has drawn it. */
function strategyOf(node: SimulatedNode): SplitBrainStrategy {
  const chosen = node.outside(notChosen)
  chosen.index ??= node.random.below(STRATEGIES.length)
  return STRATEGIES[chosen.index]!(node.others.length + 1)
}

/**
 * Law 14: however a cluster is parted, no two sides of it both go on; and once it is whole again all agree. Nodes crash and
 * join meanwhile, and links are slow, so that not all have heard of the same members when they are parted.
 */
export const splitBrain = scenario({
  name: 'split-brain',
  nodes: { min: 3, max: 6 },
  durationMs: 15_000,
  convergeMs: 30_000,
  network: { minLatencyMs: 1, meanLatencyMs: 10 },
  faults: { kinds: ['partition', 'crash', 'clog'], meanGapMs: 700 },
  start: (node) => join(node, { splitBrain: strategyOf(node) }),
  invariant: wrongMembers,
  converged: agree,
  checkers: [goneForGood, neverBothSides],
})
