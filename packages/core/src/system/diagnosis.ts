import { WaitGraph } from '../actor/wait-graph.ts'
import type { Diagnosis } from './parts.ts'
import { StuckHandlers } from './stuck-handlers.ts'

/** Finds actors that wait for one another, and handlers that wait for too long. */
export const diagnosis: Diagnosis = {
  waits: (dispatcher, report) => new WaitGraph(dispatcher, report),
  pendingHandlers: (limitMs, runtime, report) => new StuckHandlers(limitMs, runtime, report),
}
