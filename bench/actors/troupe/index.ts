import type { Runtime } from '../runtime.ts'
import { asyncHandlers, inFlight, lockstep } from './asks.ts'
import { bank } from './bank.ts'
import { bounded } from './bounded.ts'
import { chameneos } from './chameneos.ts'
import { create } from './create.ts'
import { big, fanIn, fanOut } from './crowds.ts'
import { idle } from './idle.ts'
import { counting, pingpong, ring } from './tells.ts'

/** Troupe through its public API, written as its users would. */
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
  idle,
}
