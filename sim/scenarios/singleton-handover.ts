import { scenario } from '@troupe/testkit'
import { agree } from '../stage/members.ts'
import { askDesk, enter, fallSilent, nothingLost, oneAtATime, stay } from '../stage/singletons.ts'

/** A singleton moves whenever the node leaves on which it is, and of what it is told meanwhile nothing is lost. */
export const singletonHandover = scenario({
  name: 'singleton-handover',
  nodes: { min: 2, max: 4 },
  durationMs: 12_000,
  convergeMs: 30_000,
  network: { minLatencyMs: 1, meanLatencyMs: 20, longTail: { oneIn: 20, maxMs: 200 } },
  faults: false,
  start: (node) => enter(node, { failsOneIn: 0, maxRestarts: 5, workMs: 40 }),
  converged(cluster) {
    stay(cluster)
    return agree(cluster)
  },
  async settle(cluster) {
    await askDesk(cluster)
    fallSilent(cluster)
    await cluster.sleep(2_000)
  },
  checkers: [oneAtATime, nothingLost],
})
