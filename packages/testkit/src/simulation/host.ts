import { AmbientTrap, entrySite, type Trapped } from './ambient-trap.ts'
import { AmbientCallError } from './simulation-error.ts'

/** What was thrown or rejected in a run and caught by nobody, and how: `unhandled-rejection`. */
export type Uncaught = (error: unknown, what: string) => void

type Listener = (...args: unknown[]) => void
const UNCAUGHT = { unhandledRejection: 'unhandled-rejection', uncaughtException: 'uncaught-exception' } as const
type UncaughtName = keyof typeof UNCAUGHT

/** What Node offers beyond its types: does all promise jobs and ticks there are, at once. 31 ns when there are none. */
const tickCallback = (process as { _tickCallback?: () => void })._tickCallback
// Saved: while a run is under way the globals are traps.
const { setImmediate, performance } = globalThis
const now = performance.now

/** Frames of the simulation at the bottom of each stack: whoever awaits is seen behind them. */
const FRAMES_BELOW = 8
/** Runs of one process, one after the other: what they hold is the whole process's. */
let lastHold: Promise<void> = Promise.resolve()

/**
 * What a run has to do with the process around it: its stack, its promise jobs, its globals and its last resorts for
 * errors. All of that is as it was when a run ends, whichever way.
 */
export class Host {
  /** Whether promise jobs can be done without leaving the stack. If not, a turn costs 1.2 us instead of 0.1. */
  readonly #drainsJobs: boolean
  readonly #trap: AmbientTrap | null
  readonly #trapped: Trapped | null
  /** Bursts have begun, and not come to their end. */
  #isHolding = false
  /** Code of the run is on the stack: else it is somebody else's, a test runner's say. */
  #isInside = false
  #uncaught: Uncaught = () => {}

  /**
   * @param trapped told of ambient calls; null: nobody looks for them
   * @param drainsJobs whether to use what Node offers for that, if it does
   */
  constructor(trapped: Trapped | null, drainsJobs = true) {
    this.#drainsJobs = drainsJobs && tickCallback !== undefined
    this.#trapped = trapped
    this.#trap = trapped === null ? null : new AmbientTrap(trapped, () => this.#isInside)
  }

  /** The host's own clock, in ms. */
  nowMs(): number {
    return now.call(performance)
  }

  /** Whether the code on the stack has come between two bursts of the run, when the host saw fit. */
  get isBetweenBursts(): boolean {
    return this.#isHolding && !this.#isInside && this.#trapped !== null
  }

  /** Reports such code, which has called into the run. */
  intruded(): void {
    this.#trapped?.(new AmbientCallError('a callback of the host', entrySite(), 'wait for what the run itself decides'))
  }

  /** Does all promise jobs. @returns false where that takes leaving the stack */
  drainJobs(): boolean {
    if (!this.#drainsJobs) return false
    try {
      // Only safe outside of promise jobs: `hold` calls bursts from the host's loop.
      tickCallback!.call(process)
    } catch (error) {
      this.#uncaught(error, UNCAUGHT.uncaughtException)
    }
    return true
  }

  /** Runs `burst` again and again until it says true, with turns of the host between. */
  async hold(uncaught: Uncaught, burst: () => boolean): Promise<void> {
    const before = lastHold
    let release!: () => void
    lastHold = new Promise((resolve) => {
      release = resolve
    })
    await before
    this.#uncaught = uncaught
    const restore = this.#takeOver()
    try {
      await this.#repeat(burst)
    } finally {
      this.#isInside = false
      this.#isHolding = false
      restore()
      release()
    }
  }

  #repeat(burst: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const next = (): void => {
        this.#isInside = true
        this.#isHolding = true
        try {
          if (burst()) {
            this.#isHolding = false
            resolve()
          } else setImmediate(next)
        } catch (error) {
          reject(error)
        } finally {
          // Without that the host does the promise jobs, after this: they are the run's too.
          if (this.#drainsJobs) this.#isInside = false
        }
      }
      setImmediate(next)
    })
  }

  /** @returns gives all back */
  #takeOver(): () => void {
    const restoreListeners = (Object.keys(UNCAUGHT) as UncaughtName[]).map((name) => this.#listen(name))
    this.#trap?.install()
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = stackTraceLimit + FRAMES_BELOW
    return () => {
      Error.stackTraceLimit = stackTraceLimit
      this.#trap?.remove()
      for (const restore of restoreListeners) restore()
    }
  }

  /** Hears of errors in place of whoever did: those of others are handed on to them. */
  #listen(name: UncaughtName): () => void {
    const others = process.rawListeners(name) as Listener[]
    const listener = (error: unknown, ...more: unknown[]): void => {
      if (this.#isInside) this.#uncaught(error, UNCAUGHT[name])
      else if (others.length > 0) for (const other of others) other.call(process, error, ...more)
      else throw error
    }
    process.removeAllListeners(name)
    process.on(name, listener)
    return () => {
      process.off(name, listener)
      for (const other of others) process.on(name, other as () => void)
    }
  }
}
