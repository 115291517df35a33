import { customRandom, urlAlphabet } from 'nanoid'
import type { Random } from './random.ts'

/** Where identities come from. One per node and start, never one per message: an id costs about 250 ns. */
export interface Ids {
  /** 21 characters of A-Z, a-z, 0-9, _ and -; 126 random bits. */
  next(): string
}

/** nanoid drawing its bytes from `random`, so that a seeded run makes equal ids. */
export function nanoidFrom(random: Random): Ids {
  const bytes = (count: number): Uint8Array => {
    const out = new Uint8Array(count)
    for (let i = 0; i < count; i += 4) {
      const word = random.next()
      for (let j = 0; j < 4 && i + j < count; j++) out[i + j] = word >>> (8 * j)
    }
    return out
  }
  return { next: customRandom(urlAlphabet, 21, bytes) }
}
