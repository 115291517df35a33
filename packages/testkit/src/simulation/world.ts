import { checkOptions, is, type Random, SeededRandom } from '@troupe/core'
import {
  type LinkModel,
  type MessageFault,
  type NetworkEvent,
  type SimulatedNetwork,
  simulatedNetwork,
} from '@troupe/transport-memory/simulated'
import type { HistoryEvent } from '../checkers/history.ts'
import type { DiskAtlas } from './disk/disk-atlas.ts'
import type { DiskModel } from './disk/disk-model.ts'
import { SimulatedDisk } from './disk/simulated-disk.ts'
import { EventLoop } from './event-loop.ts'
import { Host } from './host.ts'
import { Process } from './process.ts'
import { seedOf } from './seed.ts'
import { SimulatedNode } from './simulated-node.ts'
import { simulatedRuntime } from './simulated-runtime.ts'
import { AmbientCallError, LivelockError, NoNodeError, NotInTimeError, ViolationError } from './simulation-error.ts'
import { Trace } from './trace.ts'
import type { Violation } from './violation.ts'
import { VirtualClock } from './virtual-clock.ts'

/** How a world is made. */
export interface WorldOptions {
  /** Decides all there is to decide: equal seeds, equal runs. A text is hashed, unless it is a number. Default 1. */
  readonly seed?: number | string
  /**
   * `explore`: what is due at one instant happens in any order, actors have their turns in any order, and clocks begin
   * anywhere. `fifo`: all in the order in which it became due. Default `explore`.
   */
  readonly mode?: 'fifo' | 'explore'
  /** How links behave. */
  readonly network?: LinkModel
  /** The fault of the n-th frame from one machine to another. */
  readonly messageFaults?: (from: string, to: string, n: number) => MessageFault | null
  /** Sees what happens on the network. It must not throw, nor call the network. */
  readonly observe?: (event: NetworkEvent) => void
  /** How disks behave. Default: sound ones. */
  readonly disk?: Partial<DiskModel>
  /** What limits damage of disks that nobody is told of. Default: nothing does. */
  readonly atlas?: DiskAtlas
  /** Whether to keep what happens, for diagrams: about 100 bytes an event. Default false: only its hash. */
  readonly record?: boolean
  /** Whether a call of what no seed decides, `Date.now()` say, fails. Default true. */
  readonly trap?: boolean
}

/** What runs on a node: called at each start, by which time a crash has taken all memory. */
export type Program = (node: SimulatedNode) => unknown

/** A machine: what stays when what runs on it crashes. */
interface Machine {
  readonly name: string
  readonly number: number
  readonly program: Program
  readonly isClient: boolean
  readonly disk: SimulatedDisk
  version: string
  incarnation: number
  /** What runs on it; null while it is down. */
  process: Process | null
}

/** Clocks of processes that start at one time differ by up to this, in us. */
const MOST_CLOCK_OFFSET_US = 1_000_000_000

/**
 * Machines on one network and on one virtual time, for tests that say step by step what happens. One seed gives one
 * run. `simulate` runs whole scenarios.
 *
 * ```ts
 * const world = new World({ seed: 7 })
 * world.add('a', (node) => node.createSystem())
 * world.add('b', (node) => node.createSystem({ seeds: node.others }))
 * await world.start()
 * world.crash('a')
 * await world.advance(1_000)
 * ```
 */
export class World {
  readonly trace: Trace
  readonly network: SimulatedNetwork
  /** The chance of the run. Whoever draws takes a stream by a name of its own: then nobody shifts the draws of others. */
  readonly random: Random
  readonly violations: Violation[] = []
  /** What clients did and got, in order. */
  readonly history: HistoryEvent[] = []
  readonly #options: WorldOptions
  readonly #explores: boolean
  readonly #loop: EventLoop
  readonly #machines = new Map<string, Machine>()
  readonly #nodes = new Map<string, SimulatedNode>()
  /** What is done from without has turns as well. */
  readonly #outside: Process
  #numbers = 0

  /** @throws {UnknownOptionError | InvalidOptionError} */
  constructor(options: WorldOptions = {}) {
    checkOptions('World', options, {
      seed: (value) => (typeof value === 'number' ? is.number(0)(value) : is.string(value)),
      mode: is.oneOf('fifo', 'explore'),
      network: is.object,
      messageFaults: is.function,
      observe: is.function,
      disk: is.object,
      atlas: is.object,
      record: is.boolean,
      trap: is.boolean,
    })
    const { network, messageFaults, observe, seed = 1, mode = 'explore', record = false, trap = true } = options
    this.random = new SeededRandom(seedOf(seed))
    this.trace = new Trace(record)
    this.#options = options
    this.#explores = mode === 'explore'
    const host = new Host(trap ? (error) => this.#trapped(error) : null)
    this.#loop = new EventLoop(this.trace, (error, what, process) => this.#faulted(error, what, process), host)
    this.#outside = this.#process('world', this.random.stream('world'), 0)
    this.network = simulatedNetwork({
      random: this.random.stream('net'),
      clock: { now: () => this.nowMs, wall: () => this.nowMs },
      observe: (event) => {
        this.trace.network(this.#loop.nowUs, event)
        observe?.(event)
      },
      ...(network === undefined ? {} : { model: network }),
      ...(messageFaults === undefined ? {} : { faults: messageFaults }),
    })
  }

  /** Virtual time since the start of the run, in ms. */
  get nowMs(): number {
    return this.#loop.nowUs / 1000
  }

  /** The same, in whole us. */
  get nowUs(): number {
    return this.#loop.nowUs
  }

  /** The nodes that are up: their programs have started. Clients are left out. */
  get nodes(): ReadonlyMap<string, SimulatedNode> {
    return this.#nodes
  }

  /**
   * Sets up a machine, which is down until it is started.
   *
   * @param isClient it is none of the cluster's nodes, and not among their `others`
   */
  add(name: string, program: Program, isClient = false): void {
    if (this.#machines.has(name)) throw new NoNodeError(`there is a machine called ${name} already`)
    const disk = this.#newDisk(name, isClient)
    const number = ++this.#numbers
    this.#machines.set(name, { name, number, program, isClient, disk, version: '1', incarnation: 0, process: null })
  }

  /** Whether there is a machine of that name, up or down. */
  has(name: string): boolean {
    return this.#machines.has(name)
  }

  /** Starts all that are down, and moves time on until their programs have started. @throws {ViolationError} */
  async start(): Promise<void> {
    const down = [...this.#machines.values()].filter(({ process }) => process === null)
    await this.during(Promise.all(down.map(({ name }) => this.boot(name))))
  }

  /**
   * Starts a machine that is down; does nothing to one that is up. It has its first turn at this instant.
   *
   * @param version from now on; default: as before
   * @returns what it became, when its program has started; never if it crashes before
   */
  boot(name: string, version?: string): Promise<SimulatedNode> {
    const machine = this.#machine(name)
    const up = this.#nodes.get(name)
    if (machine.process !== null) return up === undefined ? new Promise(() => {}) : Promise.resolve(up)
    machine.version = version ?? machine.version
    machine.incarnation++
    const random = this.random.stream(`node:${name}:${machine.incarnation}`)
    const process = this.#process(name, random, machine.number)
    machine.process = process
    const node = this.#node(machine, process, random)
    this.trace.add({ atMs: this.nowMs, node: name, kind: 'started', text: machine.version })
    const started = new Promise<SimulatedNode>((resolve, reject) => {
      this.#loop.at(process, this.#loop.nowUs, () => {
        const run = async (): Promise<unknown> => machine.program(node)
        run().then(() => {
          if (!machine.isClient && process.isAlive) this.#nodes.set(name, node)
          resolve(node)
        }, reject)
      })
    })
    started.catch((error) => this.#faulted(error, 'start', process))
    return started
  }

  /** What runs on it ends without a word; does nothing to a machine that is down. */
  crash(name: string): void {
    const machine = this.#machine(name)
    if (machine.process === null) return
    machine.process.isAlive = false
    machine.process.backlog.length = 0
    machine.process = null
    this.#nodes.delete(name)
    this.network.crash(name)
    machine.disk.crash()
    this.trace.add({ atMs: this.nowMs, node: name, kind: 'crashed' })
  }

  /** A crash, after which the machine has another, empty disk. */
  wipe(name: string): void {
    const machine = this.#machine(name)
    this.crash(name)
    machine.disk.wipe()
    this.trace.add({ atMs: this.nowMs, node: name, kind: 'wiped' })
  }

  /** Nothing that is due there is done until `resume`; then all of it, late and in its order. */
  pause(name: string): void {
    const { process } = this.#machine(name)
    if (process === null || process.isPaused) return
    process.isPaused = true
    this.trace.add({ atMs: this.nowMs, node: name, kind: 'paused' })
  }

  resume(name: string): void {
    const { process } = this.#machine(name)
    if (process === null || !process.isPaused) return
    this.#loop.resume(process)
    this.trace.add({ atMs: this.nowMs, node: name, kind: 'resumed' })
  }

  /** Sets the wall clock of what runs there on by `stepMs`, and has both its clocks run faster by `driftPpm` from now on. */
  setClock(
    name: string,
    change: { readonly stepMs?: number | undefined; readonly driftPpm?: number | undefined },
  ): void {
    const clock = this.#machine(name).process?.clock
    if (change.stepMs !== undefined) clock?.step(change.stepMs)
    if (change.driftPpm !== undefined) clock?.drift(change.driftPpm)
  }

  /** Changes how the disk of a machine behaves, up or down; what is not named stays as it is. */
  setDisk(name: string, changes: Partial<DiskModel>): void {
    this.#machine(name).disk.setModel(changes)
  }

  /** Each turn of what runs there takes `turnMs` from now on; 0, as at its start: none. */
  slow(name: string, turnMs: number): void {
    const { process } = this.#machine(name)
    if (process !== null) process.turnUs = Math.ceil(turnMs * 1000)
  }

  /** Does `task` at an instant of the run, from without; now if that is over. */
  at(atMs: number, task: () => void): void {
    this.#loop.at(this.#outside, Math.ceil(atMs * 1000), task)
  }

  /** Resolves when `ms` of virtual time have passed: for whatever is done from without, in the midst of a run. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.at(this.nowMs + ms, resolve))
  }

  /** Moves time on to `untilMs`, or until `isOver` says so or something is found that must not be. */
  async run(untilMs: number, isOver: () => boolean = () => false): Promise<void> {
    const { violations } = this
    const before = violations.length
    await this.#loop.run(Math.ceil(untilMs * 1000), () => violations.length > before || isOver())
  }

  /** Moves time on by `ms`. @throws {ViolationError} */
  async advance(ms: number): Promise<void> {
    await this.#check(() => this.run(this.nowMs + ms))
  }

  /**
   * Moves time on until `work` is done.
   *
   * @throws {NotInTimeError} when that takes longer than `withinMs`, default 60,000; {@link ViolationError}; whatever
   *   `work` rejects with
   */
  async during<T>(work: Promise<T>, withinMs = 60_000): Promise<T> {
    let settled = false
    const settle = (): void => {
      settled = true
    }
    work.then(settle, settle)
    await this.until('the work was not done', () => settled, withinMs)
    return work
  }

  /**
   * Moves time on until something is so.
   *
   * @param what for the error: `no leader`
   * @throws {NotInTimeError} when that takes longer than `withinMs`, default 60,000; {@link ViolationError}
   */
  async until(what: string, isSo: () => boolean, withinMs = 60_000): Promise<void> {
    let isOver = false
    await this.#check(() =>
      this.run(this.nowMs + withinMs, () => {
        isOver = isSo()
        return isOver
      }),
    )
    if (!isOver && !isSo()) throw new NotInTimeError(what, withinMs)
  }

  /** Where a machine is to be reached. */
  addressOf(name: string): string {
    return `sim://${name}`
  }

  async #check(run: () => Promise<void>): Promise<void> {
    const before = this.violations.length
    await run()
    const violation = this.violations[before]
    if (violation !== undefined) throw new ViolationError(violation)
  }

  #machine(name: string): Machine {
    const machine = this.#machines.get(name)
    if (machine === undefined) {
      throw new NoNodeError(`there is no machine ${name}, only ${[...this.#machines.keys()].join(', ')}`)
    }
    return machine
  }

  #newDisk(name: string, isClient: boolean): SimulatedDisk {
    const { disk: model, atlas } = this.#options
    return new SimulatedDisk({
      node: name,
      random: this.random.stream(`disk:${name}`),
      observe: (event) => this.trace.disk(this.#loop.nowUs, name, event),
      ...(model === undefined ? {} : { model }),
      ...(atlas === undefined || isClient ? {} : { atlas }),
    })
  }

  #process(name: string, random: Random, number: number): Process {
    // What is done from without is done in its order, and before what is due at the same instant.
    const explores = this.#explores && number > 0
    const offsetUs = explores ? random.stream('clock').below(MOST_CLOCK_OFFSET_US) : 0
    const ties = explores ? random.stream('ties') : null
    return new Process(name, number, new VirtualClock(this.#loop, offsetUs), ties)
  }

  #node(machine: Machine, process: Process, random: Random): SimulatedNode {
    const { name, disk, version, incarnation } = machine
    const bare = simulatedRuntime(this.#loop, process, random, this.#explores)
    const mounted = disk.mount(bare.scheduler)
    const others = [...this.#machines.values()].filter((other) => other !== machine && !other.isClient)
    return new SimulatedNode({
      name,
      runtime: { ...bare, disk: mounted },
      transport: this.network.transport(name),
      address: this.addressOf(name),
      others: others.map((other) => this.addressOf(other.name)),
      disk: mounted,
      random: random.stream('program'),
      version,
      incarnation,
      log: (level, path, message, data) => {
        const more = data instanceof Error ? `: ${data.message}` : ''
        this.trace.add({ atMs: this.nowMs, node: name, kind: 'log', text: `${level} ${path} ${message}${more}` })
      },
    })
  }

  #trapped(error: AmbientCallError): void {
    this.#violate('nondeterminism', `ambient: ${error.call}`, error.message, this.#loop.current)
  }

  #faulted(thrown: unknown, what: string, process: Process | null): void {
    // It has been told of where it was called.
    if (thrown instanceof AmbientCallError) return
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    const name = error instanceof LivelockError ? 'livelock' : `${what}: ${error.name}`
    this.#violate('crash', name, error.stack ?? error.message, process)
  }

  #violate(kind: Violation['kind'], name: string, message: string, process: Process | null): void {
    const where = process === null || process === this.#outside ? {} : { node: process.name }
    this.violations.push({ kind, name, message, atMs: this.nowMs, ...where })
  }
}
