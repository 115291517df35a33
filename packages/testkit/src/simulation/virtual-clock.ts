import type { Clock } from '@troupe/core'
import { LivelockError } from './simulation-error.ts'

/** 2020-01-01T00:00:00Z: a wall clock that is plainly not today's. */
const WALL_START_MS = 1_577_836_800_000
const MILLION = 1_000_000
/** A dispatcher looks once per 64 messages: by then one turn has handled some ten millions. */
const MOST_LOOKS = 200_000

/** Where virtual time stands, in whole us since the start of the run. */
export interface Instant {
  readonly nowUs: number
}

/**
 * The clock of one simulated process. It starts at an instant of its own, runs as fast as its drift says, and its
 * wall clock can be set. In whole us throughout, so that every engine counts alike.
 */
export class VirtualClock implements Clock {
  readonly #instant: Instant
  /** The clock showed `#shownUs` when the world's time was `#sinceUs`. */
  #sinceUs: number
  #shownUs: number
  #driftPpm = 0
  #wallOffsetMs: number
  readonly #bornUs: number
  readonly #bornAtUs: number
  /** Looks at the clock in this turn, in which it stands still: many mean that somebody waits for it to move. */
  looks = 0

  /**
   * @param startsAtUs what the monotonic clock shows now: processes must not compare theirs
   * @param wallOffsetMs by how much the wall clock is wrong
   */
  constructor(instant: Instant, startsAtUs: number, wallOffsetMs = 0) {
    this.#instant = instant
    this.#sinceUs = instant.nowUs
    this.#shownUs = startsAtUs
    this.#wallOffsetMs = wallOffsetMs
    this.#bornUs = startsAtUs
    this.#bornAtUs = instant.nowUs
  }

  /** @throws {LivelockError} when it is asked again and again within one turn */
  now(): number {
    if (++this.looks > MOST_LOOKS) throw new LivelockError(`${MOST_LOOKS} looks at the clock in one turn`)
    return this.nowUs / 1000
  }

  wall(): number {
    const elapsedUs = this.nowUs - this.#bornUs + this.#bornAtUs
    return WALL_START_MS + this.#wallOffsetMs + Math.floor(elapsedUs / 1000)
  }

  /** What the monotonic clock shows, in whole us. */
  get nowUs(): number {
    const elapsedUs = this.#instant.nowUs - this.#sinceUs
    return this.#shownUs + elapsedUs + Math.floor((elapsedUs * this.#driftPpm) / MILLION)
  }

  /** How much of the world's time passes until `delayUs` have passed on this clock: never too little. */
  worldUs(delayUs: number): number {
    if (this.#driftPpm === 0) return delayUs
    return Math.ceil((delayUs * MILLION) / (MILLION + this.#driftPpm))
  }

  /** Runs faster or slower from now on: parts per million, above -1,000,000. What it shows does not jump. */
  drift(ppm: number): void {
    this.#shownUs = this.nowUs
    this.#sinceUs = this.#instant.nowUs
    this.#driftPpm = ppm
  }

  /** Sets the wall clock forward, or back. */
  step(ms: number): void {
    this.#wallOffsetMs += ms
  }
}
