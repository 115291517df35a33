import { EventQueue } from './event-queue.ts'
import type { Host } from './host.ts'
import { FIRST, type Process, Task } from './process.ts'
import { LivelockError, SimulationRunningError } from './simulation-error.ts'
import { withinTime } from './time-limit.ts'
import type { Trace } from './trace.ts'

/** How long the host's own event loop waits for its turn, in ms of real time: progress, time-outs, Ctrl-C. */
const HOST_TURN_MS = 5
/** Steps between two looks at the host's clock. */
const STEPS_PER_LOOK = 64
/** A turn that takes longer than this, in ms of real time, is taken to go on for ever. A machine may be busy. */
const TURN_LIMIT_MS = 10_000
/** Turns at one instant after which time is taken to stand still for ever. */
const MOST_TURNS_AT_ONCE = 1_000_000

/** What went wrong in a turn, and whose turn it was. */
export type Faulted = (error: unknown, what: string, process: Process | null) => void

/**
 * Runs the turns of all processes in the order of virtual time, on one stack: after each turn all promise jobs it
 * has woken are done, then what was deferred, and only then time moves on. Nothing else decides what happens when.
 */
export class EventLoop {
  /** Virtual time, in whole us since the start of the run. */
  nowUs = 0
  /** Whose turn it is. */
  current: Process | null = null
  readonly queue: EventQueue<Task> = new EventQueue()
  readonly #trace: Trace
  readonly #faulted: Faulted
  readonly #host: Host
  /** What runs at the end of the present turn: process and task by turns. */
  #deferred: (Process | (() => void))[] = []
  #deferredAt = 0
  #turnsAtOnce = 0
  #isRunning = false
  readonly #turnLimitMs: number

  /**
   * @param faulted told of what is thrown or rejected and caught by nobody
   * @param host what the run has to do with the process it runs in
   * @param turnLimitMs how long a turn may take, in ms of real time
   */
  constructor(trace: Trace, faulted: Faulted, host: Host, turnLimitMs: number = TURN_LIMIT_MS) {
    this.#trace = trace
    this.#faulted = faulted
    this.#host = host
    this.#turnLimitMs = turnLimitMs
  }

  /** Gives `process` a turn at `atUs`, or now if that is over. */
  at(process: Process, atUs: number, run: () => void): Task {
    if (this.#host.isBetweenBursts) this.#intruded(process)
    const task = new Task(process, this.queue, run)
    if (process.isAlive) this.queue.add(task, Math.max(atUs, this.nowUs), process.nextTie())
    return task
  }

  /** Runs `run` at the end of the present turn, at the same instant. */
  defer(process: Process, run: () => void): void {
    if (this.#host.isBetweenBursts) this.#intruded(process)
    this.#deferred.push(process, run)
  }

  /** What was due meanwhile runs now, in its order. */
  resume(process: Process): void {
    process.isPaused = false
    for (const task of process.backlog) this.queue.add(task, this.nowUs, FIRST)
    process.backlog.length = 0
  }

  /**
   * Moves time on to `untilUs`, or until `isOver` says so: it is asked before each turn.
   *
   * @throws {SimulationRunningError} when it is running already
   */
  async run(untilUs: number, isOver: () => boolean): Promise<void> {
    if (this.#isRunning) throw new SimulationRunningError()
    this.#isRunning = true
    try {
      await this.#host.hold(
        (error, what) => this.#faulted(error, what, this.current),
        () => this.#tryBurst(untilUs, isOver),
      )
    } finally {
      this.#isRunning = false
      this.current = null
    }
  }

  /** A burst, cut off when it does not come to an end. */
  #tryBurst(untilUs: number, isOver: () => boolean): boolean {
    try {
      return withinTime(this.#turnLimitMs, () => this.#burst(untilUs, isOver))
    } catch (error) {
      if (!(error instanceof LivelockError)) throw error
      // How far it came depends on how fast it was.
      this.#trace.rewind()
      this.#faulted(error, 'livelock', this.current)
      return isOver()
    }
  }

  /**
   * Turns until the host is due for one of its own. Begins and ends with no promise job open.
   *
   * @returns whether the run is over
   */
  #burst(untilUs: number, isOver: () => boolean): boolean {
    const host = this.#host
    const endMs = host.nowMs() + HOST_TURN_MS
    for (let steps = 1; ; steps++) {
      if (this.#deferredAt < this.#deferred.length) this.#runDeferred()
      else if (isOver()) return true
      else if (this.queue.nextTime > untilUs) {
        this.nowUs = Math.max(this.nowUs, untilUs)
        return true
      } else this.#runNext()
      if (!host.drainJobs()) return false
      if (steps % STEPS_PER_LOOK === 0 && host.nowMs() > endMs) return false
    }
  }

  /** Whoever stands outside may come when they like: what they do is no doing of the run's. */
  #intruded(process: Process): void {
    if (process.isOutside) return
    this.current = process
    this.#host.intruded()
  }

  #runNext(): void {
    const atUs = this.queue.nextTime
    const task = this.queue.take()!
    const { process } = task
    if (atUs > this.nowUs) {
      this.nowUs = atUs
      this.#turnsAtOnce = 0
    } else this.#countTurn(process)
    if (!process.isAlive) return
    if (process.isPaused) {
      process.backlog.push(task)
      return
    }
    if (process.turnUs > 0) {
      if (process.busyUntilUs > atUs) {
        this.queue.add(task, process.busyUntilUs, FIRST)
        return
      }
      process.busyUntilUs = atUs + process.turnUs
    }
    this.#trace.turn(atUs, process.number)
    this.#call(process, task)
  }

  #countTurn(process: Process): void {
    if (++this.#turnsAtOnce <= MOST_TURNS_AT_ONCE) return
    this.#turnsAtOnce = 0
    this.#faulted(new LivelockError(`${MOST_TURNS_AT_ONCE} turns at one instant`), 'livelock', process)
  }

  #runDeferred(): void {
    const process = this.#deferred[this.#deferredAt++] as Process
    const run = this.#deferred[this.#deferredAt++] as () => void
    if (this.#deferredAt === this.#deferred.length) {
      this.#deferred.length = 0
      this.#deferredAt = 0
    }
    this.#countTurn(process)
    if (!process.isAlive) return
    if (process.isPaused) process.backlog.push(new Task(process, this.queue, run))
    else this.#call(process, { run })
  }

  #call(process: Process, task: { run(): void }): void {
    this.current = process
    this.#trace.mark()
    process.clock.looks = 0
    try {
      task.run()
    } catch (error) {
      this.#faulted(error, 'uncaught-exception', process)
    }
  }
}
