import {
  type ActorSystem,
  type Peer,
  type ProtocolShape,
  protocol,
  type Ref,
  type SystemEvent,
  type SystemOptions,
} from '@troupe/core'
import { createSystem as createClient } from '@troupe/core/client'
import { createSystemSpeaking, DIALECT, type Dialect, type ManualRuntime, manualRuntime } from '@troupe/core/testing'
import { type MemoryNetwork, memoryNetwork } from '../memory-network.ts'
import { RawPeer } from './raw-peer.ts'

/** A node and everything it has reported. */
export interface Node {
  readonly system: ActorSystem
  readonly events: SystemEvent[]
}

/** Several nodes on one network and on one time, which the test moves. */
export class World {
  readonly time: ManualRuntime
  readonly network: MemoryNetwork
  readonly #systems: ActorSystem[] = []
  #lent = 0

  constructor(seed = 1, network: MemoryNetwork = memoryNetwork()) {
    this.time = manualRuntime(seed)
    this.network = network
  }

  /** Starts a node that listens at `memory://NAME`. */
  async node(name: string, options: Partial<SystemOptions> = {}, dialect: Dialect = DIALECT): Promise<Node> {
    return this.#joined(await createSystemSpeaking(this.#optionsOf(name, options), dialect))
  }

  /** Starts a client as a page does, which has the least of parts. */
  async page(name: string, options: Partial<SystemOptions> = {}): Promise<Node> {
    return this.#joined(await createClient({ ...this.#optionsOf(name, options), role: 'client' }))
  }

  #optionsOf(name: string, options: Partial<SystemOptions>): SystemOptions {
    const transport = options.transport ?? this.network.transport(`memory://${name}`)
    return { name, runtime: this.time, log: false, ...options, transport }
  }

  #joined(system: ActorSystem): Node {
    const events: SystemEvent[] = []
    system.events.subscribe((event) => events.push(event))
    this.#systems.push(system)
    return { system, events }
  }

  /** Two nodes, the second connected to the first. */
  async pair(options: Partial<SystemOptions> = {}): Promise<[a: Node, b: Node]> {
    const a = await this.node('a', options)
    const b = await this.node('b', options)
    await this.connect(b, a)
    return [a, b]
  }

  connect(from: Node, to: Node): Promise<Peer> {
    return this.during(from.system.connect(to.system.address))
  }

  /** A ref to an actor of `owner` as `to` has it. */
  lend<P extends ProtocolShape<P>>(ref: Ref<P>, owner: Node, to: Node): Promise<Ref<P>> {
    const lent = protocol<P>(`lent-${++this.#lent}`)
    owner.system.register(lent, ref)
    return this.during(to.system.find(lent))
  }

  /** Something at `memory://NAME` that speaks bytes and is no node. */
  raw(name: string): Promise<RawPeer> {
    return RawPeer.listen(this.network.transport(`memory://${name}`), this.time)
  }

  /** Moves time on, 1 ms at a time, until `work` is done. */
  async during<T>(work: Promise<T>, withinMs = 20_000): Promise<T> {
    let done = false
    const end = (): void => {
      done = true
    }
    work.then(end, end)
    await this.until('end of it', () => done, withinMs)
    return work
  }

  /** Moves time on, 1 ms at a time, until something is so. */
  async until(what: string, isSo: () => boolean, withinMs = 20_000): Promise<void> {
    for (let ms = 0; !isSo(); ms++) {
      if (ms > withinMs) throw new Error(`no ${what} within ${withinMs} ms`)
      await this.time.advance(ms === 0 ? 0 : 1)
    }
  }

  /** The node dies without a word, as a process does when it is killed. */
  kill(node: Node): void {
    this.network.sever(node.system.address)
  }

  async stop(): Promise<void> {
    await this.during(Promise.all(this.#systems.map((system) => system.stop())), 60_000)
  }
}

/** The events of one type. */
export function eventsOf<T extends SystemEvent['type']>(node: Node, type: T): Extract<SystemEvent, { type: T }>[] {
  return node.events.filter((event): event is Extract<SystemEvent, { type: T }> => event.type === type)
}
