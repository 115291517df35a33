import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs'
import type { Cancellable } from '../runtime/scheduler.ts'
import type { ActorSystem } from '../system/actor-system.ts'

/**
 * Lets operators of time (`interval`, `debounceTime`, `timeout`, `delay`, ...) run on the clock and timers of a
 * system, and so on the time of a test or a simulation where the system does.
 *
 * ```ts
 * observe(system, sensor, 'celsius').pipe(debounceTime(200, systemScheduler(system)))
 * ```
 * `now()` is in ms since 1970 UTC, read once from the wall clock and from there on never going backwards, even if
 * that clock is set. Delays are in ms; a delay of 0 still waits for a turn of the timers. `interval` counts each
 * period from the tick before, so it drifts by how late the ticks come. When the system has stopped nothing
 * scheduled runs any more; add {@link untilStopped} to let such an Observable complete then. Work that throws goes to
 * the system's log and is not repeated.
 */
export function systemScheduler(system: ActorSystem): SchedulerLike {
  return new SystemScheduler(system)
}

/** What rxjs has scheduled: `this` is the action, which may schedule itself anew. */
type Work<T> = (this: SchedulerAction<T>, state: T) => void

class SystemScheduler implements SchedulerLike {
  readonly #system: ActorSystem
  readonly #startMs: number

  constructor(system: ActorSystem) {
    this.#system = system
    this.#startMs = system.clock.wall() - system.clock.now()
  }

  now(): number {
    return this.#startMs + this.#system.clock.now()
  }

  schedule<T>(work: Work<T>, delayMs?: number, state?: T): Subscription
  schedule(work: Work<unknown>, delayMs?: number, state?: unknown): Subscription {
    return new SystemAction(this.#system, work).schedule(state, delayMs)
  }
}

class SystemAction extends Subscription implements SchedulerAction<unknown> {
  readonly #system: ActorSystem
  readonly #work: Work<unknown>
  #timer: Cancellable | null = null

  constructor(system: ActorSystem, work: Work<unknown>) {
    super()
    this.#system = system
    this.#work = work
  }

  /** Scheduled again before it ran, it runs once, at the later call's time. */
  schedule(state?: unknown, delayMs: number = 0): Subscription {
    if (this.closed) return this
    this.#timer?.cancel()
    this.#timer = this.#system.after(delayMs, () => this.#run(state))
    return this
  }

  override unsubscribe(): void {
    this.#timer?.cancel()
    this.#timer = null
    super.unsubscribe()
  }

  #run(state: unknown): void {
    this.#timer = null
    let done = false
    try {
      this.#work(state)
      done = true
    } finally {
      if (!done) this.unsubscribe()
    }
  }
}
