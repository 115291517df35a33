import {
  type ActorSystem,
  createSystem,
  type Disk,
  type LogSink,
  type Random,
  type Runtime,
  type SystemOptions,
  type Transport,
} from '@troupe/core'
import { NoNodeError } from './simulation-error.ts'

/** What a node is made of. */
export interface NodeParts {
  readonly name: string
  readonly runtime: Runtime
  readonly transport: Transport
  readonly address: string
  readonly others: readonly string[]
  readonly disk: Disk
  readonly random: Random
  readonly version: string
  readonly incarnation: number
  readonly log: LogSink
}

/** One machine of a simulated cluster, from a start to the crash that ends it. */
export class SimulatedNode {
  readonly name: string
  readonly runtime: Runtime
  /** Its place in the simulated network: for one system. */
  readonly transport: Transport
  readonly address: string
  /** Addresses of the other nodes, clients left out. */
  readonly others: readonly string[]
  /** What is durable on it outlives a crash, and not a wipe. */
  readonly disk: Disk
  /** Chance of its own, another one for each incarnation. */
  readonly random: Random
  /** What an upgrade says; `1` before the first one. */
  readonly version: string
  /** How often the node has been started, this time included. */
  readonly incarnation: number
  readonly #log: LogSink
  #system: ActorSystem | null = null

  constructor(parts: NodeParts) {
    this.name = parts.name
    this.runtime = parts.runtime
    this.transport = parts.transport
    this.address = parts.address
    this.others = parts.others
    this.disk = parts.disk
    this.random = parts.random
    this.version = parts.version
    this.incarnation = parts.incarnation
    this.#log = parts.log
  }

  /**
   * A system on this node: {@link createSystem} with `name`, `runtime`, `transport`, `log` and `messages: 'encoded'`
   * filled in. Its log goes to the trace of the run.
   */
  async createSystem(options: Partial<SystemOptions> = {}): Promise<ActorSystem> {
    this.#system = await createSystem({
      name: this.name,
      runtime: this.runtime,
      transport: this.transport,
      messages: 'encoded',
      log: this.#log,
      ...options,
    })
    return this.#system
  }

  /** The system made last. @throws {NoNodeError} when there is none yet */
  get system(): ActorSystem {
    if (this.#system === null) throw new NoNodeError(`node ${this.name} has no system: its start has made none yet`)
    return this.#system
  }
}
