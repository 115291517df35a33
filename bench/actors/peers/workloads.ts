import type { Runtime } from '../runtime.ts'
import { asyncHandlers, inFlight, lockstep } from './asks.ts'
import { bank } from './bank.ts'
import { chameneos } from './chameneos.ts'
import { create } from './create.ts'
import { big, fanIn, fanOut } from './crowds.ts'
import type { Kit } from './kit.ts'
import { counting, pingpong, ring } from './tells.ts'

/** The workloads in terms of a peer. */
export function workloadsOf<R>(kit: Kit<R>): Runtime['workloads'] {
  return {
    pingpong: pingpong(kit),
    counting: counting(kit),
    ring: ring(kit),
    big: big(kit),
    chameneos: chameneos(kit),
    create: create(kit),
    fanIn: fanIn(kit),
    fanOut: fanOut(kit),
    bank: bank(kit),
    ask: lockstep(kit),
    asks: inFlight(kit),
    async: asyncHandlers(kit),
  }
}
