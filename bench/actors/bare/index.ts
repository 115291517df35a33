import type { Runtime } from '../runtime.ts'
import { asyncHandlers, bounded, inFlight, lockstep } from './asks.ts'
import { bank } from './bank.ts'
import { chameneos } from './chameneos.ts'
import { create } from './create.ts'
import { big, fanIn, fanOut } from './crowds.ts'
import { counting, pingpong, ring } from './tells.ts'

/** The limit: what the workloads cost when nothing but a loop carries the messages. */
export const runtime: Runtime = {
  workloads: {
    pingpong,
    counting,
    ring,
    big,
    chameneos,
    create,
    fanIn,
    fanOut,
    bank,
    ask: lockstep,
    asks: inFlight,
    async: asyncHandlers,
    bounded,
  },
}
