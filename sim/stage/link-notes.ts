import type { ActorSystem, Protocol, Ref, Transport } from '@troupe/core'
import type { HistoryEvent, SimulatedCluster, SimulatedNode } from '@troupe/testkit'

/** What a node knows of a connection, in a history: it is there, it is lost, or the other run is down for good. */
export interface LinkNote {
  /** Uid of the run that says so. */
  readonly run: string
  /** Uid of the other one. */
  readonly peer: string
  readonly why: string
}

/**
 * Writes down how it goes with the connections of a system, as `up`, `lost` and `down`; its start as `run`; and as
 * `refused` that it counts as down, which ends the run of a client.
 */
export function noteLinks(node: Pick<SimulatedNode, 'note' | 'name'>, system: ActorSystem): void {
  const run = system.uid
  node.note('run', { run, node: node.name })
  system.events.subscribe((event) => {
    if (event.type === 'peer-up') node.note('up', { run, peer: event.peer.uid, why: '' })
    else if (event.type === 'peer-lost') node.note('lost', { run, peer: event.peer.uid, why: event.why })
    else if (event.type === 'peer-down') node.note('down', { run, peer: event.peer.uid, why: event.reason })
    else if (event.type === 'link-refused' && event.code === 'quarantined')
      node.note('refused', { run, peer: '', why: event.code })
  })
}

/** A node tries to connect. */
export interface DialNote {
  /** Its name. */
  readonly node: string
  readonly address: string
}

/** A transport that writes down each attempt to connect, as `dial`. */
export function notingDials(node: Pick<SimulatedNode, 'note' | 'name'>, transport: Transport): Transport {
  return {
    name: transport.name,
    listen: (accept, runtime) => transport.listen(accept, runtime),
    dial: (address, signal) => {
      node.note('dial', { node: node.name, address } satisfies DialNote)
      return transport.dial(address, signal)
    },
    close: () => transport.close(),
  }
}

/** A node was kept from doing anything for so long, until now. */
export interface StallNote {
  readonly run: string
  readonly ms: number
}

const PULSE_MS = 100

/** Writes down each pause of half a second and more, as `stalled`. */
export function noteStalls(node: SimulatedNode, system: ActorSystem): void {
  const { clock, scheduler } = node.runtime
  const pulse = (beforeMs: number): void => {
    scheduler.after(PULSE_MS, () => {
      const nowMs = clock.now()
      const ms = nowMs - beforeMs - PULSE_MS
      if (ms >= 500) node.note('stalled', { run: system.uid, ms } satisfies StallNote)
      pulse(nowMs)
    })
  }
  pulse(clock.now())
}

/** The notes of that name, in order. */
export function notes<T>(history: readonly HistoryEvent[], f: string): T[] {
  return history.filter((event) => event.f === f).map(({ value }) => value as T)
}

/** The systems of the nodes that are up, but for one that has none of its own. */
export function systemsOf({ nodes }: SimulatedCluster, without?: string): ActorSystem[] {
  return [...nodes.values()].filter(({ name }) => name !== without).map(({ system }) => system)
}

/**
 * Whether all nodes are up, and of every two both are connected to the other, or both count it as down.
 *
 * @param without a node that is none
 */
export function isLinked(cluster: SimulatedCluster, without?: string): boolean {
  const { nodes, history } = cluster
  const down = new Set(notes<LinkNote>(history, 'down').map(({ run, peer }) => `${run} ${peer}`))
  if ([...nodes.values()].some(({ others }) => others.length >= nodes.size)) return false
  const systems = systemsOf(cluster, without)
  return systems.every((here) =>
    systems.every((there) => {
      if (here === there) return true
      const isPeer = here.peers.some(({ uid }) => uid === there.uid)
      return isPeer !== down.has(`${here.uid} ${there.uid}`)
    }),
  )
}

/**
 * Every node asks every actor that is listed under a protocol. Again and again until all answer: links may break by
 * themselves even when all faults are over.
 *
 * @param without a node that is none
 * @throws what the last of twenty attempts throws
 */
export async function askAll<Q>(
  cluster: SimulatedCluster,
  token: Protocol<Q>,
  ask: (ref: Ref<Q>) => Promise<unknown>,
  without?: string,
): Promise<void> {
  for (const system of systemsOf(cluster, without)) {
    for (let left = 19; ; left--) {
      try {
        await Promise.all(system.findAll(token).map(ask))
        break
      } catch (error) {
        if (left === 0) throw error
        await cluster.sleep(100)
      }
    }
  }
}

/** Uid of the run that an actor belongs to. */
export function runOf(ref: Pick<Ref<never>, 'id'>): string {
  return ref.id.slice(0, ref.id.lastIndexOf('/'))
}
