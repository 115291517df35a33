import type { Cancellable, Clock, Runtime, Scheduler } from '@troupe/core'

/** By how much what the host does next comes behind what a turn has used up: it has its own turn in between, in ms. More than timers are rounded up. */
const GAP_MS = 0.01

/**
 * A runtime on which a handler can use up time. In a simulation the clock stands still while code runs; here it shows what
 * a turn has used so far, and whatever is due meanwhile waits, as it does in a process that is busy.
 */
export class WorkingTime implements Clock, Scheduler {
  readonly #clock: Clock
  readonly #scheduler: Scheduler
  readonly runtime: Runtime
  /** Until when what has run so far keeps the process busy, by its clock. */
  #busyUntilMs = 0

  constructor(runtime: Runtime) {
    this.#clock = runtime.clock
    this.#scheduler = runtime.scheduler
    this.runtime = { ...runtime, clock: this, scheduler: this }
  }

  /** What runs just now takes so long. */
  work(ms: number): void {
    this.#busyUntilMs = this.now() + ms
  }

  now(): number {
    return Math.max(this.#clock.now(), this.#busyUntilMs)
  }

  wall(): number {
    return this.#clock.wall()
  }

  defer(task: () => void): void {
    this.#scheduler.defer(task)
  }

  /** Behind the timers that came due while the process was busy. */
  yield(task: () => void): void {
    const due = (): void => {
      const leftMs = this.#leftMs
      if (leftMs === 0) task()
      else this.#scheduler.after(leftMs + GAP_MS, due)
    }
    this.#scheduler.yield(due)
  }

  after(delayMs: number, task: () => void): Cancellable {
    let timer: Cancellable
    const due = (): void => {
      const leftMs = this.#leftMs
      if (leftMs === 0) task()
      else timer = this.#scheduler.after(leftMs, due)
    }
    timer = this.#scheduler.after(this.#leftMs + delayMs, due)
    return { cancel: () => timer.cancel() }
  }

  /** In whole us, as virtual time is: what is left of a sum must not hold anything up. */
  get #leftMs(): number {
    return Math.max(0, Math.round((this.#busyUntilMs - this.#clock.now()) * 1000) / 1000)
  }
}
