import { scenario } from '@troupe/testkit'
import { effectivelyOnce, shopIsOpen, trade, tradeGoesOn } from '../stage/deliveries.ts'

/** Producers and a consumer, while frames are lost, links break and producers restart: each message is handled once, in order. */
export const delivery = scenario({
  name: 'delivery',
  nodes: { min: 2, max: 4 },
  durationMs: 10_000,
  convergeMs: 30_000,
  network: {
    minLatencyMs: 1,
    meanLatencyMs: 20,
    longTail: { oneIn: 50, maxMs: 300 },
    resetPerMillion: 8_000,
    reconnectMs: 50,
    detectMs: 150,
  },
  faults: { kinds: ['crash', 'pause', 'partition', 'clog', 'reset', 'slow'], meanGapMs: 700 },
  start: trade,
  converged: shopIsOpen,
  settle: tradeGoesOn,
  checkers: [effectivelyOnce],
})
