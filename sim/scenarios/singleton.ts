import { scenario } from '@troupe/testkit'
import { agree } from '../stage/members.ts'
import { askDesk, enter, fallSilent, oneAtATime, stay } from '../stage/singletons.ts'

/** One actor for a cluster whose nodes crash, pause and part: never two that a resource with a fence takes, and in the end one. */
export const singleton = scenario({
  name: 'singleton',
  nodes: { min: 3, max: 5 },
  durationMs: 15_000,
  convergeMs: 30_000,
  network: { minLatencyMs: 1, meanLatencyMs: 10 },
  faults: { kinds: ['crash', 'pause', 'partition', 'clog', 'reset'] },
  start: (node) => enter(node, { failsOneIn: 40, maxRestarts: 1_000, workMs: 0 }),
  converged(cluster) {
    stay(cluster)
    return agree(cluster)
  },
  async settle(cluster) {
    await askDesk(cluster)
    fallSilent(cluster)
  },
  checkers: [oneAtATime],
})
