import type { Random } from '@troupe/core'
import type { LinkModel } from '@troupe/transport-memory/simulated'

/** How fast a network is, in us: from one rack to another continent. */
const LEAST_US = [50, 500, 5_000, 40_000] as const

/**
 * Draws how the links of a run behave: anything from one rack to two continents, with a long tail in one run of two,
 * connections that break by themselves in one of three, and frames that are damaged on their way in one of four.
 *
 * @param resets whether connections may break: by themselves, or because of a damaged frame
 */
export function drawLinks(random: Random, resets: boolean): LinkModel {
  const leastUs = LEAST_US[random.below(LEAST_US.length)]!
  const hasTail = random.below(2) === 0
  const breaks = random.below(3) === 0
  const damages = random.below(4) === 0
  return {
    minLatencyMs: leastUs / 1000,
    meanLatencyMs: (leastUs + 1 + random.below(2 * leastUs)) / 1000,
    reconnectMs: random.below(500),
    detectMs: 1 + random.below(1_000),
    ...(hasTail ? { longTail: { oneIn: 10 + random.below(1_000), maxMs: 1 + random.below(1_000) } } : {}),
    ...(breaks && resets ? { resetPerMillion: 1 + random.below(3_000) } : {}),
    ...(damages && resets ? { corruptPerMillion: 1 + random.below(1_000) } : {}),
  }
}
