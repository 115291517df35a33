/** Marsaglia's xorshift: three shifts a draw, so that the dice cost next to nothing beside a message. */
export class Dice {
  #state: number

  constructor(seed: number) {
    // Neighbouring seeds would draw alike at first, and zero would draw nothing but zeros.
    this.#state = Math.imul(seed + 1, 0x9e3779b1) | 1
  }

  /** From 0 up to below `limit`. */
  below(limit: number): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x
    return (x & 0x3fffffff) % limit
  }
}

export interface Transfer {
  readonly from: number
  readonly to: number
  readonly amount: number
}

/** What an account holds at the start. */
export const OPENING_BALANCE = 1_000_000

/**
 * The transfers of `bank`, the same for every runtime. Money flows from a lower to a higher number only: two
 * accounts that wait for each other would wait for ever.
 */
export function transfers(accounts: number, count: number): Transfer[] {
  const dice = new Dice(accounts)
  return Array.from({ length: count }, () => {
    const from = dice.below(Math.floor((accounts * 8) / 10))
    return { from, to: from + 1 + dice.below(accounts - from - 1), amount: 1 + dice.below(100) }
  })
}

/** The colours of chameneos. */
export const COLOURS = 3

/** What a creature of colour `a` becomes when it meets one of colour `b`. */
export function complement(a: number, b: number): number {
  return a === b ? a : COLOURS - a - b
}
