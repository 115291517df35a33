import { BLOCK_BYTES, sha256 } from './sha256.ts'

/**
 * HMAC-SHA-256: what only somebody with `key` can make of `message`.
 *
 * @see RFC 2104
 */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  const short = key.length > BLOCK_BYTES ? sha256(key) : key
  return digested(short, 0x5c, digested(short, 0x36, message))
}

/** Whether two byte strings are equal, in a time that does not say where they differ. Their lengths are no secret. */
export function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!
  return difference === 0
}

function digested(key: Uint8Array, pad: number, message: Uint8Array): Uint8Array {
  const padded = new Uint8Array(BLOCK_BYTES + message.length).fill(pad, 0, BLOCK_BYTES)
  for (const [i, byte] of key.entries()) padded[i] = byte ^ pad
  padded.set(message, BLOCK_BYTES)
  return sha256(padded)
}
