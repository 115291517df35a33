import type { LinkModel } from '@troupe/transport-memory/simulated'

/** Links within one site, with a frame now and then that takes long: time-outs of some 100 ms mean that more is amiss. */
export const SITE: LinkModel = {
  minLatencyMs: 0.5,
  meanLatencyMs: 3,
  longTail: { oneIn: 50, maxMs: 60 },
  reconnectMs: 20,
  detectMs: 50,
  clogMs: 200,
}
