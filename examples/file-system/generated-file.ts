import { createHash } from 'node:crypto'
import { SeededRandom } from '@troupe/core'

/** Bytes that no compression makes shorter, the same in every run with the same seed. */
export function* generate(sizeBytes: number, seed: number): Generator<Uint8Array> {
  const random = new SeededRandom(seed)
  for (let left = sizeBytes; left > 0; ) {
    const words = new Uint32Array(CHUNK_BYTES / 4)
    for (let i = 0; i < words.length; i++) words[i] = random.next()
    const bytes = new Uint8Array(words.buffer, 0, Math.min(left, CHUNK_BYTES))
    left -= bytes.length
    yield bytes
  }
}

const CHUNK_BYTES = 64 * 1024

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
