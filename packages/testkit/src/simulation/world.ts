import { type Clock, type Random, SeededRandom } from '@troupe/core'
import { type SimulatedNetwork, simulatedNetwork } from '@troupe/transport-memory/simulated'
import type { HistoryEvent } from '../checkers/history.ts'
import { crashClass } from './crash-class.ts'
import type { DiskModel } from './disk/disk-model.ts'
import { SimulatedDisk } from './disk/simulated-disk.ts'
import { EventLoop } from './event-loop.ts'
import { Host } from './host.ts'
import { addressOf, Machine, type MachineGround, type Program } from './machine.ts'
import { Process } from './process.ts'
import { seedOf } from './seed.ts'
import type { SimulatedNode } from './simulated-node.ts'
import { AmbientCallError, LivelockError, NoNodeError, NotInTimeError, ViolationError } from './simulation-error.ts'
import { Trace } from './trace.ts'
import { LIVELOCK, type Violation } from './violation.ts'
import { VirtualClock } from './virtual-clock.ts'
import { checkWorldOptions, type WorldOptions } from './world-options.ts'

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
  /**
   * The chance of the run. Whoever draws takes a stream by a name of its own: then nobody shifts the draws of others.
   */
  readonly random: Random
  readonly violations: Violation[] = []
  /** What clients did and got, in order. */
  readonly history: HistoryEvent[] = []
  readonly #options: WorldOptions
  readonly #loop: EventLoop
  readonly #ground: MachineGround
  readonly #machines = new Map<string, Machine>()
  /** What stands outside of all machines, by what made it. */
  readonly #stands = new Map<(clock: Clock) => object, object>()
  /** What is done from without has turns as well: in its order, and before what is due at the same instant. */
  readonly #outside: Process

  /** @throws {UnknownOptionError | InvalidOptionError} */
  constructor(options: WorldOptions = {}) {
    checkWorldOptions(options)
    const { seed = 1, mode = 'explore', record = false, trap = true, restartMs, turnLimitMs } = options
    this.#options = options
    this.random = new SeededRandom(seedOf(seed))
    this.trace = new Trace(record)
    const faulted = (error: unknown, what: string, process: Process | null): void => this.#faulted(error, what, process)
    const host = new Host(trap ? (error) => this.#trapped(error) : null)
    this.#loop = new EventLoop(this.trace, faulted, host, turnLimitMs)
    this.#outside = new Process('world', 0, new VirtualClock(this.#loop, 0), null)
    this.network = this.#newNetwork()
    this.#ground = {
      loop: this.#loop,
      trace: this.trace,
      network: this.network,
      random: this.random,
      explores: mode === 'explore',
      restartMs,
      others: (name) => this.#others(name),
      recorded: (node, f, value) => {
        const event: HistoryEvent = { process: `${node}:notes`, type: 'info', f, value, at: this.nowMs }
        this.history.push(event)
        this.trace.operation(this.nowUs, node, event)
      },
      outside: (make) => this.#fromOutside(make),
      later: (delayMs, task) => this.#loop.at(this.#outside, this.#loop.nowUs + Math.ceil(delayMs * 1000), task),
      faulted,
    }
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
    const up = new Map<string, SimulatedNode>()
    for (const { name, node, isClient } of this.#machines.values()) if (node !== null && !isClient) up.set(name, node)
    return up
  }

  /**
   * Sets up a machine, which is down until it is started.
   *
   * @param isClient it is none of the cluster's nodes, and not among their `others`
   */
  add(name: string, program: Program, isClient = false): void {
    if (this.#machines.has(name)) throw new NoNodeError(`there is a machine called ${name} already`)
    const number = this.#machines.size + 1
    const disk = this.#newDisk(name, isClient)
    this.#machines.set(name, new Machine(this.#ground, number, name, program, disk, isClient))
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
   * @returns what it became, when its program has started; never if it ends before. Rejects with what the program does,
   *   but for {@link DiskFailedError} and {@link DiskFullError}, which end the process as `exit` does
   */
  boot(name: string, version?: string): Promise<SimulatedNode> {
    return this.#machine(name).boot(version)
  }

  /** What runs on it ends without a word; does nothing to a machine that is down. */
  crash(name: string): void {
    this.#machine(name).crash()
  }

  /** A crash, after which the machine has another, empty disk. */
  wipe(name: string): void {
    this.#machine(name).wipe()
  }

  /** Nothing that is due there is done until `resume`; then all of it, late and in its order. */
  pause(name: string): void {
    this.#machine(name).pause()
  }

  /** Ends a pause; does nothing to a machine that is not paused. */
  resume(name: string): void {
    this.#machine(name).resume()
  }

  /** Sets the wall clock of what runs there on by `stepMs`; both its clocks run faster by `driftPpm` from now on. */
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

  #newNetwork(): SimulatedNetwork {
    const { network, messageFaults, observe } = this.#options
    return simulatedNetwork({
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

  #others(name: string): readonly string[] {
    const others = [...this.#machines.values()].filter((other) => other.name !== name && !other.isClient)
    return others.map((other) => addressOf(other.name))
  }

  #fromOutside<T extends object>(make: (clock: Clock) => T): T {
    const known = this.#stands.get(make)
    if (known !== undefined) return known as T
    const made = make({ now: () => this.nowMs, wall: () => this.nowMs })
    this.#stands.set(make, made)
    return made
  }

  #trapped(error: AmbientCallError): void {
    this.#violate('nondeterminism', `ambient: ${error.call}`, error.message, this.#loop.current)
  }

  #faulted(thrown: unknown, what: string, process: Process | null): void {
    // It has been told of where it was called; and nobody hears the last words of a process that has ended.
    if (thrown instanceof AmbientCallError || process?.isAlive === false) return
    const name = thrown instanceof LivelockError ? LIVELOCK : crashClass(what, thrown)
    const message = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
    this.#violate('crash', name, message, process)
  }

  #violate(kind: Violation['kind'], name: string, message: string, process: Process | null): void {
    const where = process === null || process === this.#outside ? {} : { node: process.name }
    this.violations.push({ kind, name, message, atMs: this.nowMs, ...where })
  }
}
