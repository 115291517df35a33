import { actor, protocol, type Ref } from '@troupe/core'
import { type SimulatedCluster, scenario } from '@troupe/testkit'
import { askAll, isLinked, noteLinks, runOf } from '../stage/link-notes.ts'

interface Room {
  name: () => string
}
/** Two kinds, so that one list can change while the other does not. */
const Rooms = [protocol<Room>('sim.room'), protocol<Room>('sim.suite')] as const

interface Landlord {
  change: () => void
  rest: () => void
}
const Landlord = protocol<Landlord>('sim.landlord')

const room = actor(Rooms[0], (context, kind: (typeof Rooms)[number]) => {
  context.register(kind)
  const me = context.self.id
  return { name: () => me }
})

/** Opens rooms and closes them. */
const landlord = actor(Landlord, (context) => {
  let isResting = false
  context.after(context.random.below(300), 'change')
  return {
    change: () => {
      if (isResting) return
      const { children, random } = context
      const oldest = children[0]
      if (oldest !== undefined && random.below(4) < children.length) context.stop(oldest)
      else context.spawn(room, { args: Rooms[random.below(2)]! })
      context.after(random.below(500), 'change')
    },
    rest: () => {
      isResting = true
    },
  }
})

/** Whether each node lists what the others list of themselves, as far as it is connected to them, and nothing else. */
function listAlike({ nodes }: SimulatedCluster): boolean {
  const systems = [...nodes.values()].map(({ system }) => system)
  const listed = (system: (typeof systems)[number], kind: (typeof Rooms)[number]): Map<string, string> =>
    new Map(systems.map(({ uid }) => [uid, idsOf(system.findAll(kind), uid)]))
  return Rooms.every((kind) => {
    const truth = new Map(systems.map((system) => [system.uid, idsOf(system.findAll(kind), system.uid)]))
    return systems.every((system) => {
      const known = new Set([system.uid, ...system.peers.map(({ uid }) => uid)])
      if (system.findAll(kind).some((ref) => !known.has(runOf(ref)))) return false
      const seen = listed(system, kind)
      return systems.every(({ uid }) => seen.get(uid) === (known.has(uid) ? truth.get(uid) : ''))
    })
  })
}

function idsOf(refs: readonly Ref<Room>[], uid: string): string {
  return refs
    .filter((ref) => runOf(ref) === uid)
    .map(({ id }) => id)
    .sort()
    .join()
}

/** When all is healed, all nodes list the same, nothing that is gone is among it, and all of it answers. */
export const receptionist = scenario({
  name: 'receptionist',
  nodes: { min: 2, max: 4 },
  durationMs: 10_000,
  convergeMs: 15_000,
  faults: { kinds: ['crash', 'pause', 'partition', 'clog', 'reset', 'slow'], meanGapMs: 700 },
  async start(node) {
    const options = { seeds: node.others, disconnectGraceMs: 3_000, heartbeatMs: 250 }
    const system = await node.createSystem(options)
    noteLinks(node, system)
    system.register(Landlord, system.spawn(landlord, { name: 'landlord' }))
  },
  converged(cluster) {
    for (const { system } of cluster.nodes.values()) {
      for (const ref of system.findAll(Landlord)) if (runOf(ref) === system.uid) ref.tell('rest')
    }
    return isLinked(cluster) && listAlike(cluster)
  },
  async settle(cluster) {
    for (const kind of Rooms) await askAll(cluster, kind, (ref) => ref.ask('name', undefined, { timeoutMs: 1_000 }))
  },
})
