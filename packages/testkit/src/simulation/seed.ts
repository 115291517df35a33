import { hash32 } from '@troupe/core'

/** The 32 bits a seed comes down to: a number, or its digits, is itself; any other text is its hash. */
export function seedOf(seed: number | string): number {
  const number = typeof seed === 'string' && /^\d{1,10}$/.test(seed) ? Number(seed) : seed
  return typeof number === 'number' && number < 2 ** 32 ? number : hash32(String(seed))
}
