import type { Random } from '@troupe/core'
import { Dice } from './dice.ts'
import { exponential } from './exponential.ts'
import type { Conditions } from './link-model.ts'

/** The end of a link that gets what a route carries. */
export interface RouteEnd {
  /** Nothing comes any more for now. */
  cut(): void
  /** What waited may come; `delayUs` from now at the earliest. */
  resume(delayUs: number): void
  /** The connection breaks. */
  reset(): void
  /** Frames on their way to it. */
  readonly inFlight: number
}

/** What travels besides frames: each has draws of its own. */
export const Travel = { frame: 0, copy: 1, dial: 2, notice: 3, resume: 4, farewell: 5, drain: 6 } as const
export type Travel = (typeof Travel)[keyof typeof Travel]

/** What may happen to one frame; bits of a number, because most frames have none of it. */
export const Fate = { drop: 1, duplicate: 2, corrupt: 4, reset: 8, delay: 16 } as const

/** One direction between two nodes, for a whole run: what it does to frames, and everything it has drawn. */
export class Route {
  readonly from: string
  readonly to: string
  conditions: Conditions
  /** Frames sent so far: the number of the last one. */
  frames = 0
  /** Nothing passes. */
  isBlocked = false
  /** Frames take very long. */
  isClogged = false
  /** Those that get what it carries. */
  readonly ends: Set<RouteEnd> = new Set()
  readonly #dice: Dice
  readonly #travels = [0, 0, 0, 0, 0, 0, 0]
  #isCut = false
  #isHeld = false

  /** @param random its stream `net:FROM>TO` is the route's */
  constructor(from: string, to: string, conditions: Conditions, random: Random) {
    this.from = from
    this.to = to
    this.conditions = conditions
    this.#dice = new Dice(random.stream(`net:${from}>${to}`))
  }

  get isCut(): boolean {
    return this.#isCut
  }

  cut(): void {
    if (this.#isCut) return
    this.#isCut = true
    this.isBlocked = true
    for (const end of this.ends) end.cut()
  }

  restore(): void {
    if (!this.#isCut) return
    this.#isCut = false
    this.isBlocked = this.#isHeld
    // What was not acknowledged is sent again, some time after there is a way again.
    const delayUs = this.#latencyUs(Travel.resume, this.#next(Travel.resume))
    const waitUs = this.#dice.below(MOST_RESEND_US, Aspect.resend, this.#travels[Travel.resume]!)
    for (const end of this.ends) end.resume(delayUs + waitUs)
  }

  hold(): void {
    this.#isHeld = true
    this.isBlocked = true
  }

  release(): void {
    if (!this.#isHeld) return
    this.#isHeld = false
    this.isBlocked = this.#isCut
    for (const end of this.ends) end.resume(0)
  }

  /** How long the n-th frame takes, in microseconds. */
  frameUs(n: number): number {
    return this.#latencyUs(Travel.frame, n)
  }

  /** How long the second copy of the n-th frame takes. */
  copyUs(n: number): number {
    return this.#latencyUs(Travel.copy, n)
  }

  /** How long something else takes, in microseconds. */
  travelUs(travel: Travel): number {
    return this.#latencyUs(travel, this.#next(travel))
  }

  /** How long it takes until the receiving side knows that the connection is broken. */
  noticeUs(): number {
    const latencyUs = this.travelUs(Travel.notice)
    const n = this.#travels[Travel.notice]!
    return latencyUs + exponential(this.#dice.roll(Aspect.detect, n), this.conditions.detectUs)
  }

  /** How long the request of a dial takes. */
  dialUs(): number {
    const latencyUs = this.travelUs(Travel.dial)
    const n = this.#travels[Travel.dial]!
    return latencyUs + exponential(this.#dice.roll(Aspect.reconnect, n), this.conditions.reconnectUs)
  }

  /** What chance does to the n-th frame: a sum of {@link Fate}. */
  fateOf(n: number): number {
    const { isDatagram, corruptPerMillion, lossPerMillion, duplicatePerMillion, resetPerMillion } = this.conditions
    let fate = 0
    if (this.#happens(corruptPerMillion, Aspect.corrupt, n)) fate |= Fate.corrupt
    if (isDatagram) {
      if (this.#happens(lossPerMillion, Aspect.loss, n)) fate |= Fate.drop
      if (this.#happens(duplicatePerMillion, Aspect.duplicate, n)) fate |= Fate.duplicate
    } else if (this.#happens(resetPerMillion, Aspect.reset, n)) fate |= Fate.reset
    return fate
  }

  /** Flips 1 to 3 bits of the n-th frame. */
  corrupt(bytes: Uint8Array, n: number): void {
    const bits = bytes.length * 8
    const flips = 1 + this.#dice.below(3, Aspect.flips, n)
    let bit = 0
    for (let i = 0; i < flips; i++) {
      // Never the same twice in a row: two of two would leave the frame as it was.
      bit =
        i === 0
          ? this.#dice.below(bits, Aspect.flip, n)
          : (bit + 1 + this.#dice.below(bits - 1, Aspect.flip + i, n)) % bits
      bytes[bit >> 3] = bytes[bit >> 3]! ^ (1 << (bit & 7))
    }
  }

  #next(travel: Travel): number {
    this.#travels[travel]!++
    return this.#travels[travel]!
  }

  #latencyUs(travel: Travel, n: number): number {
    const { minUs, spreadUs, tailOneIn, tailMaxUs, clogUs } = this.conditions
    const dice = this.#dice
    const aspect = travel << TRAVEL_BITS
    let us = minUs + exponential(dice.roll(aspect + Aspect.latency, n), spreadUs)
    if (tailOneIn !== 0 && dice.below(tailOneIn, aspect + Aspect.tail, n) === 0)
      us += dice.below(tailMaxUs + 1, aspect + Aspect.tailSize, n)
    if (this.isClogged) us += exponential(dice.roll(aspect + Aspect.clog, n), clogUs)
    return us
  }

  #happens(perMillion: number, aspect: number, n: number): boolean {
    return perMillion !== 0 && this.#dice.below(1_000_000, aspect, n) < perMillion
  }
}

/** A TCP that has lost something tries again after 0.2 s, and then less and less often. */
const MOST_RESEND_US = 200_000

/** What is drawn. Those of a latency are drawn for each kind of travel, hence the first ones. */
const Aspect = {
  latency: 0,
  tail: 1,
  tailSize: 2,
  clog: 3,
  loss: 64,
  duplicate: 65,
  corrupt: 66,
  reset: 67,
  flips: 68,
  /** And the two after it. */
  flip: 69,
  detect: 72,
  reconnect: 73,
  resend: 74,
} as const
const TRAVEL_BITS = 2
