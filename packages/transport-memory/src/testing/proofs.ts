import { createHmac } from 'node:crypto'
import type { RawLink } from './raw-peer.ts'
import { sealed } from './sealed.ts'

/** A proof by hand: over all that was said, each part with its length before it. */
export function proofOf(secret: string, what: 'hello' | 'answer', said: readonly Uint8Array[]): Uint8Array {
  const code = createHmac('sha256', secret)
  for (const part of [Buffer.from(`troupe ${what}`), ...said]) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(part.length)
    code.update(length).update(part)
  }
  return Uint8Array.from(code.digest())
}

export function challenge(nonce: string, other: object = {}): object {
  return { troupe: 'challenge', min: 1, max: 1, nonce, ...other }
}

/** A hello that proves `secret` on a link whose other side has just answered the challenge `ours`. */
export function provenHello(secret: string, ours: object, link: RawLink, hello: object): object {
  const greeting = sealed(hello)
  const said = [sealed(ours), link.received[0]!, greeting]
  return { troupe: 'proven', greeting, proof: proofOf(secret, 'hello', said) }
}
