import { SeededRandom } from '../../packages/core/src/runtime/random.ts'
import { GossipLoop } from '../../packages/core/src/testing/gossip-loop.ts'

/** What was seen of nodes that were well, on a bad network. */
export interface FalseDeaths {
  readonly hours: number
  readonly suspected: number
  readonly unreachable: number
  readonly down: number
}

const MEMBERS = 5
const LOSS_PER_MILLE = 50
const STALL_MS = 200
/** Each node stalls this often on average, in ms. */
const STALL_EVERY_MS = 10_000
const SLICE_MS = 1_000

/** Five nodes with 5 % loss, delays of 1 to 20 ms, and stalls of 200 ms, each about once in 10 s. */
export function countFalseDeaths(hours: number, seed: number): FalseDeaths {
  const loop = new GossipLoop({ seed })
  const random = new SeededRandom(seed).stream('stalls')
  const counts = { suspected: 0, unreachable: 0, down: 0 }
  loop.onEvent = (_, { type }) => {
    if (type === 'member-suspected') counts.suspected++
    if (type === 'member-unreachable') counts.unreachable++
    if (type === 'member-down') counts.down++
  }
  for (let i = 0; i < MEMBERS; i++) loop.add(`n${i}`, i === 0 ? null : 'n0')
  loop.run(60_000)
  loop.lossPerMille = LOSS_PER_MILLE
  for (let left = hours * 3_600_000; left > 0; left -= SLICE_MS) {
    for (const node of loop.living) {
      if (random.below(STALL_EVERY_MS) < SLICE_MS) node.pausedUntilMs = loop.nowMs + STALL_MS
    }
    loop.run(SLICE_MS)
  }
  return { hours, ...counts }
}
