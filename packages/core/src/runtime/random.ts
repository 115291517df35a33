/** A stream of chance. Integers only: floating-point logarithms differ between engines. */
export interface Random {
  /** The next 32 bits, 0 to 2^32 - 1. */
  next(): number
  /** An integer from 0 to `bound - 1`, without bias. @throws {RangeError} unless 1 <= bound <= 2^32 */
  below(bound: number): number
  /** A stream of its own for `name`: drawing from it leaves this one where it is. */
  stream(name: string): Random
}

/**
 * sfc32: 128 bits of state, passes PractRand; a counter keeps its period above 2^32.
 *
 * Equal seeds give equal streams on every engine.
 * @see Doty-Humphrey, "PractRand", RNG_engines.txt, sfc
 */
export class SeededRandom implements Random {
  readonly #seed: number
  #a: number
  #b: number
  #c: number
  #counter = 1

  /** @param seed any integer; its low 32 bits count */
  constructor(seed: number) {
    this.#seed = seed >>> 0
    this.#a = this.#seed
    this.#b = 0x9e3779b9
    this.#c = 0x243f6a88
    // The first outputs still resemble the seed.
    for (let i = 0; i < 12; i++) this.next()
  }

  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    this.#c |= 0
    return sum >>> 0
  }

  below(bound: number): number {
    return drawBelow(bound, this)
  }

  stream(name: string): Random {
    return new SeededRandom(hash32(name, this.#seed))
  }
}

/** Rejects draws from the last, incomplete run of `bound` values, so that all are equally likely. */
export function drawBelow(bound: number, source: { next(): number }): number {
  if (!(bound >= 1 && bound <= 2 ** 32)) throw new RangeError(`bound must be 1 to 2^32, got ${bound}`)
  const limit = 2 ** 32 - (2 ** 32 % bound)
  let drawn = source.next()
  while (drawn >= limit) drawn = source.next()
  return drawn % bound
}

/**
 * 32-bit hash of a string: FNV-1a over UTF-16 units, then MurmurHash3's finalizer for avalanche.
 *
 * Not for secrets: anyone can make strings collide.
 * @param seed another seed is another hash function
 */
export function hash32(text: string, seed = 0): number {
  let hash = 0x811c9dc5 ^ seed
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
