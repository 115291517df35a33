import { type Clock, DiskFailedError, DiskFullError, type LogSink, type Random } from '@troupe/core'
import type { SimulatedNetwork } from '@troupe/transport-memory/simulated'
import type { SimulatedDisk } from './disk/simulated-disk.ts'
import type { EventLoop } from './event-loop.ts'
import { Process, type Task } from './process.ts'
import { SimulatedNode } from './simulated-node.ts'
import { simulatedRuntime } from './simulated-runtime.ts'
import type { Trace, TraceKind } from './trace.ts'
import { VirtualClock } from './virtual-clock.ts'

/** What runs on a node: called at each start, by which time a crash has taken all memory. */
export type Program = (node: SimulatedNode) => unknown

/** What a machine stands on. */
export interface MachineGround {
  readonly loop: EventLoop
  readonly trace: Trace
  readonly network: SimulatedNetwork
  readonly random: Random
  /** Whether what happens at one instant happens in any order. */
  readonly explores: boolean
  /** How long until a process that has ended by itself is started again, in ms; undefined: for ever. */
  readonly restartMs: number | undefined
  /** Addresses of the nodes of the cluster, but for that one. */
  others(name: string): readonly string[]
  /** Does something in a while, whatever has become of the machine by then. */
  later(delayMs: number, task: () => void): Task
  /** A node has something to add to the history. */
  recorded(node: string, f: string, value: unknown): void
  /** What stands outside of all machines, made when it is asked for first. */
  outside<T extends object>(make: (clock: Clock) => T): T
  /** A program has failed to start. */
  faulted(error: unknown, what: string, process: Process): void
}

/** Clocks of processes that start at one time differ by up to this, in us. */
const MOST_CLOCK_OFFSET_US = 1_000_000_000

/** One machine of a world: what stays when what runs on it crashes. */
export class Machine {
  readonly name: string
  readonly isClient: boolean
  readonly disk: SimulatedDisk
  /** What runs on it; null while it is down. */
  process: Process | null = null
  /** The same, as its program sees it, once that has started. */
  node: SimulatedNode | null = null
  readonly #ground: MachineGround
  readonly #number: number
  readonly #program: Program
  #version = '1'
  #incarnation = 0
  #starting: Promise<SimulatedNode> | null = null
  /** It has ended by itself, and is about to be started again. */
  #restart: Task | null = null

  /** @param number its number in the trace */
  constructor(
    ground: MachineGround,
    number: number,
    name: string,
    program: Program,
    disk: SimulatedDisk,
    isClient: boolean,
  ) {
    this.#ground = ground
    this.#number = number
    this.name = name
    this.#program = program
    this.disk = disk
    this.isClient = isClient
  }

  /** @returns what it became, when its program has started; that is never if it ends before */
  boot(version?: string): Promise<SimulatedNode> {
    if (this.process !== null && this.#starting !== null) return this.#starting
    this.#forgetRestart()
    this.#version = version ?? this.#version
    const { loop, random, explores, faulted } = this.#ground
    const chance = random.stream(`node:${this.name}:${++this.#incarnation}`)
    const offsetUs = explores ? chance.stream('clock').below(MOST_CLOCK_OFFSET_US) : 0
    const ties = explores ? chance.stream('ties') : null
    const process = new Process(this.name, this.#number, new VirtualClock(loop, offsetUs), ties)
    this.process = process
    const node = this.#newNode(process, chance)
    this.#note('started', this.#version)
    this.#starting = new Promise((resolve, reject) => {
      loop.at(process, loop.nowUs, () => this.#run(node, process, resolve, reject))
    })
    this.#starting.catch((error) => faulted(error, 'start', process))
    return this.#starting
  }

  crash(): void {
    this.#forgetRestart()
    if (this.process === null) return
    this.process.isAlive = false
    this.process.backlog.length = 0
    this.process = null
    this.node = null
    this.#ground.network.crash(this.name)
    this.disk.crash()
    this.#note('crashed')
  }

  wipe(): void {
    this.crash()
    this.disk.wipe()
    this.#note('wiped')
  }

  pause(): void {
    if (this.process === null || this.process.isPaused) return
    this.process.isPaused = true
    this.#note('paused')
  }

  resume(): void {
    if (this.process === null || !this.process.isPaused) return
    this.#ground.loop.resume(this.process)
    this.#note('resumed')
  }

  #run(
    node: SimulatedNode,
    process: Process,
    resolve: (node: SimulatedNode) => void,
    reject: (error: unknown) => void,
  ): void {
    const program = async (): Promise<unknown> => this.#program(node)
    program().then(
      () => {
        if (process.isAlive) this.node = node
        resolve(node)
      },
      (error) => {
        // A disk that fails is no mistake of the program's: it cannot go on, and says so by its end.
        if (error instanceof DiskFailedError || error instanceof DiskFullError) node.exit(error.message)
        else reject(error)
      },
    )
  }

  /** The end of a process by itself. What is left of the turn is still done, though to no effect. */
  #exit(process: Process, why: string): void {
    if (this.process !== process) return
    this.#note('log', `exit: ${why}`)
    this.crash()
    const { restartMs, later } = this.#ground
    if (restartMs !== undefined) this.#restart = later(restartMs, () => void this.boot())
  }

  #forgetRestart(): void {
    this.#restart?.cancel()
    this.#restart = null
  }

  #newNode(process: Process, random: Random): SimulatedNode {
    const { loop, explores, network, others } = this.#ground
    const bare = simulatedRuntime(loop, process, random, explores)
    const disk = this.disk.mount(bare.scheduler)
    const log: LogSink = (level, path, message, data) => {
      const more = data instanceof Error ? `: ${data.message}` : ''
      this.#note('log', `${level} ${path} ${message}${more}`)
    }
    return new SimulatedNode({
      name: this.name,
      runtime: { ...bare, disk },
      transport: network.transport(this.name),
      address: addressOf(this.name),
      others: others(this.name),
      disk,
      random: random.stream('program'),
      version: this.#version,
      incarnation: this.#incarnation,
      record: (f, value) => this.#ground.recorded(this.name, f, value),
      outside: (make) => this.#ground.outside(make),
      exit: (why) => this.#exit(process, why),
      log,
    })
  }

  #note(kind: TraceKind, text?: string): void {
    const { trace, loop } = this.#ground
    trace.add({ atMs: loop.nowUs / 1000, node: this.name, kind, ...(text === undefined ? {} : { text }) })
  }
}

/** Where a machine is to be reached. */
export function addressOf(name: string): string {
  return `sim://${name}`
}
