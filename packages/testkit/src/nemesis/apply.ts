import type { World } from '../simulation/world.ts'
import type { NemesisAction, NemesisOperation } from './nemesis.ts'
import { FOLLOWERS, LEADER } from './partitions.ts'

/** Does to a world what an operation says. One that makes no sense as things are does nothing. */
export function applyNemesis(world: World, action: NemesisAction): void {
  const { network } = world
  switch (action.op) {
    case 'heal':
      return network.heal()
    case 'partition': {
      const groups = action.groups.map((group) => group.filter((name) => world.has(name)))
      return network.partition(groups, { oneWay: action.oneWay ?? false })
    }
    case 'cut':
    case 'restore':
    case 'clog':
    case 'unclog':
    case 'hold':
    case 'release':
    case 'reset':
      if (world.has(action.from) && world.has(action.to)) network[action.op](action.from, action.to)
      return
    default:
      if (world.has(action.node)) applyToNode(world, action)
  }
}

function applyToNode(world: World, action: Extract<NemesisAction, { readonly node: string }>): void {
  switch (action.op) {
    case 'start':
      return void world.boot(action.node)
    case 'upgrade':
      world.crash(action.node)
      return void world.boot(action.node, action.version)
    case 'clock':
      return world.setClock(action.node, action)
    case 'disk':
      return world.setDisk(action.node, action.changes)
    case 'slow':
      return world.slow(action.node, action.turnMs)
    default:
      return world[action.op](action.node)
  }
}

/** The operation with the name of whoever leads in place of what stands for it; null when nobody does. */
export function namedLeader(
  operation: NemesisOperation,
  nodes: readonly string[],
  leader: () => string | null,
): NemesisOperation | null {
  if (operation.op !== 'partition' || !operation.groups.some((group) => group.includes(LEADER))) return operation
  const name = leader()
  if (name === null) return null
  const followers = nodes.filter((other) => other !== name)
  const resolved = (member: string): readonly string[] =>
    member === LEADER ? [name] : member === FOLLOWERS ? followers : [member]
  return { ...operation, groups: operation.groups.map((group) => group.flatMap(resolved)) }
}
