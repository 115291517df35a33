import type { Random } from '@troupe/core'
import { majoritiesRingOf } from '@troupe/transport-memory/simulated'
import type { NemesisAction } from './nemesis.ts'
import { shuffled } from './shuffle.ts'

/** Stands for whoever leads when the time has come. */
export const LEADER = '$leader'
/** Stands for all other nodes. */
export const FOLLOWERS = '$followers'

/** Whom a partition may divide. */
export interface Divided {
  readonly nodes: readonly string[]
  readonly clients: readonly string[]
  readonly hasLeader: boolean
}

/**
 * Draws a partition: each node to a side of its own choice, one alone, the leader alone, all on one side or the other
 * of one that sees both, or a ring in which each sees a majority, and no two the same one. The first ones may also be
 * one way. Clients are on any side, or see all.
 */
export function drawPartition(random: Random, { nodes, clients, hasLeader }: Divided): NemesisAction[] {
  const order = shuffled(random, nodes)
  const isOneWay = random.below(4) === 0
  const partition = (...sides: string[][]): NemesisAction[] => {
    const groups = isOneWay ? shuffled(random, sides) : sides
    for (const client of clients) groups[random.below(groups.length + 1)]?.push(client)
    return [{ op: 'partition', groups, ...(isOneWay ? { oneWay: true } : {}) }]
  }
  // Fewer than three nodes have neither bridges nor rings.
  switch (random.below(nodes.length > 2 ? 5 : 3)) {
    case 0: {
      const cut = order.length < 2 ? order.length : 1 + random.below(order.length - 1)
      return partition(order.slice(0, cut), order.slice(cut))
    }
    case 1:
      if (hasLeader) return partition([LEADER], [FOLLOWERS])
      return partition([order[0]!], order.slice(1))
    case 2:
      return partition([order[0]!], order.slice(1))
    case 3: {
      const half = (order.length - 1) >> 1
      return partition(order.slice(0, half), order.slice(half, -1))
    }
    default:
      return majoritiesRingOf(order).map(([from, to]) => ({ op: 'cut', from, to }))
  }
}
