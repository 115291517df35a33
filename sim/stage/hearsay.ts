import type { MemberState } from '@troupe/core'
import type { SimulatedCluster, SimulatedNode } from '@troupe/testkit'

/** How long a cluster stays parted: longer than it takes to give up those out of reach, in ms. */
const PARTED_MS = 5_000
/** For how long one node stands still: others may take it for down, and it comes back about then. In ms. */
const PAUSED_MS = 4_000
/** Of the moments in which some have heard of a change and others have not, one in so many is used. */
const USED_ONE_IN = 2
/** Of the others, in one of so many a node is paused. */
const PAUSED_ONE_IN = 8

interface Parting {
  healMs: number
  paused: string | null
  /** Nothing else is done until then. */
  isByHearsay: boolean
}

const notParted = (): Parting => ({ healMs: Number.POSITIVE_INFINITY, paused: null, isByHearsay: false })

/**
 * Parts a cluster between those who have heard that a member is up, or down, and those who have not: the moment in which
 * most can go wrong, and which chance hardly finds. The member itself goes to those who count it. Between whiles single
 * nodes are paused, so that there is something to hear of. To be called often.
 *
 * @param untilMs no cluster is parted later than that
 */
export function partByHearsay({ nodes, network, nowMs, world }: SimulatedCluster, untilMs: number): void {
  const running = [...nodes.values()].filter(({ system }) => !system.stopped)
  const first = running[0]
  if (first === undefined || nowMs >= untilMs) return
  const parting = first.outside(notParted)
  const part = (sides: readonly (readonly string[])[], ms: number, isByHearsay: boolean): void => {
    network.heal()
    network.partition(sides)
    if (parting.paused !== null) world.resume(parting.paused)
    parting.paused = null
    parting.healMs = nowMs + ms
    parting.isByHearsay = isByHearsay
  }
  if (parting.healMs <= nowMs) part([], Number.POSITIVE_INFINITY, false)
  if (parting.isByHearsay) return
  const sides = sidesOf(running)
  if (sides !== null) {
    if (first.random.below(USED_ONE_IN) === 0) part(sides, PARTED_MS, true)
  } else if (parting.healMs === Number.POSITIVE_INFINITY && first.random.below(PAUSED_ONE_IN) === 0) {
    part([], PAUSED_MS, false)
    parting.paused = running[first.random.below(running.length)]!.name
    world.pause(parting.paused)
  }
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
