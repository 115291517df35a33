import type { Random } from '@troupe/core'

/**
 * Chance by number: what is drawn for the n-th frame depends on the seed and on n alone, not on what was drawn before.
 * So a fault that is taken out of a run, or a model that is changed in its midst, leaves all other draws as they were.
 */
export class Dice {
  readonly #first: number
  readonly #second: number

  /** @param random two draws of it are the key */
  constructor(random: Random) {
    this.#first = random.next()
    this.#second = random.next()
  }

  /** 32 bits, 0 to 2^32 - 1: the same for the same `aspect` and `n`. */
  roll(aspect: number, n: number): number {
    // Two rounds with a key each: with one, all streams would be stretches of the same sequence.
    const mixed = mix(Math.imul(n, 0x9e3779b1) ^ this.#first)
    return mix((mixed + Math.imul(aspect, 0x85ebca77)) ^ this.#second) >>> 0
  }

  /** An integer from 0 to `bound - 1`; even but for 1 part in 2^32 / bound. */
  below(bound: number, aspect: number, n: number): number {
    return Math.floor((this.roll(aspect, n) * bound) / 0x100000000)
  }
}

/** MurmurHash3's finalizer: each bit of the input changes each bit of the output half of the time. */
function mix(bits: number): number {
  let hash = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
