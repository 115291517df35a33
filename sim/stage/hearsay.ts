import type { MemberState } from '@troupe/core'
import type { SimulatedCluster, SimulatedNode } from '@troupe/testkit'

/** How long a cluster stays parted: longer than it takes to give up those out of reach, in ms. */
const PARTED_MS = 5_000
/** Of the moments in which some have heard of a change and others have not, one in so many is used. */
const USED_ONE_IN = 3

interface Parting {
  healMs: number
}

const notParted = (): Parting => ({ healMs: Number.POSITIVE_INFINITY })

/**
 * Parts a cluster between those who have heard that a member is up, or down, and those who have not: the moment in which
 * most can go wrong, and which chance hardly finds. The member itself goes to those who count it. To be called often.
 *
 * @param untilMs no cluster is parted later than that
 */
export function partByHearsay({ nodes, network, nowMs }: SimulatedCluster, untilMs: number): void {
  const running = [...nodes.values()].filter(({ system }) => !system.stopped)
  const first = running[0]
  if (first === undefined || nowMs >= untilMs) return
  const parting = first.outside(notParted)
  if (parting.healMs <= nowMs) {
    network.heal()
    parting.healMs = Number.POSITIVE_INFINITY
  }
  if (parting.healMs < Number.POSITIVE_INFINITY) return
  const sides = sidesOf(running)
  if (sides === null || first.random.below(USED_ONE_IN) > 0) return
  network.partition(sides)
  parting.healMs = nowMs + PARTED_MS
}

/** Those who count a member, and those who do not; of the first one on which they differ. */
function sidesOf(running: readonly SimulatedNode[]): [string[], string[]] | null {
  const views = running.map((node) => ({ node, states: statesOf(node) }))
  const uids = new Set(views.flatMap(({ states }) => [...states.keys()]))
  for (const uid of uids) {
    const itself = running.find(({ system }) => system.uid === uid)
    const counting: string[] = []
    const others: string[] = []
    for (const { node, states } of views) {
      if (node !== itself) (isUp(states.get(uid)) ? counting : others).push(node.name)
    }
    if (counting.length === 0 || others.length === 0) continue
    return [itself === undefined ? counting : [...counting, itself.name], others]
  }
  return null
}

function statesOf({ system }: SimulatedNode): ReadonlyMap<string, MemberState> {
  return new Map(system.members.map(({ uid, state }) => [uid, state]))
}

function isUp(state: MemberState | undefined): boolean {
  return state === 'up' || state === 'leaving'
}
