import { checkOptions, given, is } from '../options.ts'
import { type Decision, type Directive, type Failure, type Shutdown, STOP, type Supervisor } from './directive.ts'

/** The same for every scope: how often, after what wait, and for which errors. */
export interface SupervisionOptions {
  /** Restarts allowed within `withinMs`; one more stops instead. Default 5. */
  readonly maxRestarts?: number
  /** The sliding window for `maxRestarts`, in ms. Default 10,000. */
  readonly withinMs?: number
  /** Waits between failure and restart; messages wait in the mailboxes meanwhile. Default 100 ms, then longer. */
  readonly backoff?: BackoffOptions
  /** What to do about an error. Default: restart on any. */
  readonly decide?: (error: Error) => Directive
  /**
   * Whether the parent stops in order once any, or the last, of the children spawned with `significant: true` has
   * ended by itself: stopped itself, or failed for good. Default `never`.
   */
  readonly shutdown?: Shutdown
}

/** How long it waits between a failure and the restart: `minMs`, then `factor` times as long, up to `maxMs`. */
export interface BackoffOptions {
  /** First wait, in ms. Default 100. */
  readonly minMs?: number
  /** Longest wait, in ms. Default 10,000. */
  readonly maxMs?: number
  /** Growth from one wait to the next. Default 2. */
  readonly factor?: number
  /** Spread of each wait around its value, 0 to 1, so that children do not return in step. Default 0.2. */
  readonly jitter?: number
}

/** 5 restarts in 10 s forgive a burst; the waits of 100 ms to 10 s keep a broken resource from being hammered. */
const DEFAULTS = { maxRestarts: 5, withinMs: 10_000, minMs: 100, maxMs: 10_000, factor: 2, jitter: 0.2 } as const

/** {@link SupervisionOptions}, checked and complete. */
export interface RestartSettings
  extends Required<Omit<SupervisionOptions, 'backoff' | 'decide' | 'shutdown'>>,
    Required<BackoffOptions> {
  readonly decide?: (error: Error) => Directive
  readonly shutdown?: Shutdown
}

/** @throws {UnknownOptionError | InvalidOptionError} */
export function restartSettings(where: string, options: SupervisionOptions): RestartSettings {
  checkOptions(where, options, {
    maxRestarts: is.integer(0),
    withinMs: is.number(1),
    backoff: is.object,
    decide: is.function,
    shutdown: is.oneOf('never', 'any-significant', 'all-significant'),
  })
  checkOptions(`${where} backoff`, options.backoff, {
    minMs: is.number(0),
    maxMs: is.number(0),
    factor: is.number(1),
    jitter: is.number(0, 1),
  })
  return { ...DEFAULTS, ...given(options), ...given(options.backoff) }
}

/**
 * Restarts as long as fewer than `maxRestarts` lie within the window, after waits that grow. The wait goes back to
 * `minMs` once nothing has failed for `(minMs + maxMs) / 2`. O(maxRestarts) per failure.
 */
export class Restarts implements Supervisor {
  readonly #settings: RestartSettings
  /** When the restarts within the window were, oldest first; monotonic ms. */
  #restartsMs: number[] = []
  #nextDelayMs: number
  #lastFailureMs = Number.NEGATIVE_INFINITY

  constructor(settings: RestartSettings) {
    this.#settings = settings
    this.#nextDelayMs = settings.minMs
  }

  decide(failure: Failure): Decision {
    const directive = failure.ended ? 'restart' : (this.#settings.decide?.(failure.error) ?? 'restart')
    if (directive !== 'restart') return { directive, delayMs: 0, limitReached: false }
    // One that is never restarted must not use up the restarts of the others.
    if (failure.restart === 'temporary') return STOP
    const { nowMs } = failure
    this.#restartsMs = this.#restartsMs.filter((at) => nowMs - at < this.#settings.withinMs)
    if (this.#restartsMs.length >= this.#settings.maxRestarts)
      return { directive: 'stop', delayMs: 0, limitReached: true }
    this.#restartsMs.push(nowMs)
    return { directive, delayMs: this.#delay(failure), limitReached: false }
  }

  #delay({ nowMs, random }: Failure): number {
    const { minMs, maxMs, factor, jitter } = this.#settings
    if (nowMs - this.#lastFailureMs > (minMs + maxMs) / 2) this.#nextDelayMs = minMs
    this.#lastFailureMs = nowMs
    const baseMs = this.#nextDelayMs
    this.#nextDelayMs = Math.min(maxMs, baseMs * factor)
    const spread = (random.below(2001) - 1000) / 1000
    return baseMs * (1 + jitter * spread)
  }
}
