import type { ActorSystem, Clock, Disk, LogSink, Random, Runtime, SystemOptions, Transport } from '@troupe/core'
import { createSystemSpeaking, DIALECT, type Dialect } from '@troupe/core/testing'
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
  readonly exit: (why: string) => void
  readonly record: (f: string, value: unknown) => void
  readonly outside: <T extends object>(make: (clock: Clock) => T) => T
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
  readonly #exit: (why: string) => void
  readonly #record: (f: string, value: unknown) => void
  readonly #outside: <T extends object>(make: (clock: Clock) => T) => T
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
    this.#exit = parts.exit
    this.#record = parts.record
    this.#outside = parts.outside
  }

  /**
   * A system on this node: `createSystem` of core with `name`, `runtime`, `transport`, `log` and `messages: 'encoded'`
   * filled in. Its log goes to the trace of the run.
   *
   * @param dialect what it speaks with others, for clusters of several versions. Default: what this version speaks
   */
  async createSystem(options: Partial<SystemOptions> = {}, dialect: Dialect = DIALECT): Promise<ActorSystem> {
    const filled: SystemOptions = {
      name: this.name,
      runtime: this.runtime,
      transport: this.transport,
      messages: 'encoded',
      log: this.#log,
      ...options,
    }
    this.#system = await createSystemSpeaking(filled, dialect)
    return this.#system
  }

  /**
   * Ends the process, as one does that cannot go on: when its disk fails, say. It is a crash, after which whatever
   * looks after processes starts it again; in a `simulate` that is a second later.
   *
   * @param why for the trace
   */
  exit(why: string): void {
    this.#exit(why)
  }

  /**
   * Adds to the history of the run what happens on this node, for a checker that knows of it: an event `info` of the
   * process `NAME:notes`, which invokes nothing. It is kept outside of the node, and so outlives a crash.
   *
   * @param value must not be changed afterwards
   */
  note(f: string, value?: unknown): void {
    this.#record(f, value)
  }

  /**
   * Something that stands outside of all machines, and is the same for all of a run: a database, say, which no fault reaches.
   * What takes time to reach it, and whether it can be reached, is for the program to add.
   *
   * @param make makes it when it is asked for first, with the clock of the run; it is known by this function
   */
  outside<T extends object>(make: (clock: Clock) => T): T {
    return this.#outside(make)
  }

  /** The system made last. @throws {NoNodeError} when there is none yet */
  get system(): ActorSystem {
    if (this.#system === null) throw new NoNodeError(`node ${this.name} has no system: its start has made none yet`)
    return this.#system
  }
}
