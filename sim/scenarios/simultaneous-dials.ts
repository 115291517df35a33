import type { ActorSystem } from '@troupe/core'
import { type Checker, type HistoryEvent, type SimulatedNode, scenario } from '@troupe/testkit'
import { askAll, isLinked, noteLinks, notes } from '../stage/link-notes.ts'
import { type OpenedNote, systemTap } from '../stage/system-wire.ts'
import { lingering, tapped } from '../stage/wire-tap.ts'
import { inOrder, Talker, talker } from './pair-order.ts'

/** Sockets are closed so much later than this side has said, in ms; and a lost link may be dialled so often at once. */
const LINGER_MS = 500
const DIALS = 3

/** Of the links that one side has taken for open, no later one has a lower number. */
const epochs: Checker = {
  name: 'link epochs',
  check(history) {
    const last = new Map<string, OpenedNote>()
    for (const event of history) {
      if (event.f !== 'opened') continue
      const note = event.value as OpenedNote
      const key = `${note.run} ${note.peer}`
      const before = last.get(key)
      if (before !== undefined && note.dialler !== note.run && note.epoch <= before.epoch && !isTie(before, note)) {
        const message = `${note.run} accepts link ${note.epoch} to ${note.peer} after link ${before.epoch}`
        return { verdict: 'illegal', message, conflict: [event] }
      }
      if (before === undefined || takesPlaceOf(before, note)) last.set(key, note)
    }
    return { verdict: 'ok' }
  },
}

/** Two dials at once: that of the lower uid is kept. */
function isTie(before: OpenedNote, { epoch, dialler }: OpenedNote): boolean {
  return epoch === before.epoch && dialler < before.dialler
}

/** A welcome may come so late that its link is older than the one there is: then it is of no use. */
function takesPlaceOf(before: OpenedNote, note: OpenedNote): boolean {
  return note.epoch > before.epoch || isTie(before, note)
}

/** Both ends of each connection that is left take it for the same one. */
function agreed(history: readonly HistoryEvent[], systems: readonly ActorSystem[]): boolean {
  const last = new Map<string, OpenedNote>()
  for (const note of notes<OpenedNote>(history, 'opened')) {
    const key = `${note.run} ${note.peer}`
    const before = last.get(key)
    if (before === undefined || takesPlaceOf(before, note)) last.set(key, note)
  }
  return systems.every(({ uid, peers }) =>
    peers.every((peer) => {
      const ours = last.get(`${uid} ${peer.uid}`)
      const theirs = last.get(`${peer.uid} ${uid}`)
      return ours?.epoch === theirs?.epoch && ours?.dialler === theirs?.dialler
    }),
  )
}

/** Dials whoever is lost, and everybody at the same moments as all others do. */
function dialAll(node: SimulatedNode, system: ActorSystem): void {
  const dial = (address: string): void => {
    for (let n = 0; n < DIALS; n++) void system.connect(address, { timeoutMs: 500 }).catch(() => {})
  }
  system.events.subscribe((event) => {
    if (event.type === 'peer-lost') dial(event.peer.address)
  })
  const again = (): void => {
    for (const address of node.others) dial(address)
    node.runtime.scheduler.after(250, again)
  }
  again()
}

/** Everybody dials everybody at once, over sockets that go on after their end: one link, the same one to both sides. */
export const simultaneousDials = scenario({
  name: 'simultaneous-dials',
  nodes: { min: 2, max: 4 },
  durationMs: 8_000,
  convergeMs: 15_000,
  network: { minLatencyMs: 1, meanLatencyMs: 30, longTail: { oneIn: 20, maxMs: 400 }, reconnectMs: 50, detectMs: 150 },
  faults: { kinds: ['pause', 'partition', 'clog', 'reset', 'slow'], meanGapMs: 400 },
  async start(node) {
    const transport = tapped(lingering(node.transport, node.runtime.scheduler, LINGER_MS), systemTap(node))
    const system = await node.createSystem({ transport, disconnectGraceMs: 60_000, heartbeatMs: 250 })
    noteLinks(node, system)
    system.register(Talker, system.spawn(talker, { args: node, name: 'talker' }))
    dialAll(node, system)
  },
  converged: (cluster) =>
    isLinked(cluster) &&
    agreed(
      cluster.history,
      [...cluster.nodes.values()].map(({ system }) => system),
    ),
  settle: (cluster) => askAll(cluster, Talker, (ref) => ref.ask('echo', 1, { timeoutMs: 1_000 })),
  checkers: [inOrder, epochs],
})
