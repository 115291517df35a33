import { cbor, uncbor } from './cbor.ts'

/** A frame with its checksum, by hand: the number after the array's head, over all that follows it. */
export function sealed(content: unknown): Uint8Array {
  return sealedBytes(cbor(content))
}

/** The same for content that is CBOR already, or nothing at all. */
export function sealedBytes(content: Uint8Array): Uint8Array {
  const frame = new Uint8Array(6 + content.length)
  frame.set([0x82, 0x1a])
  new DataView(frame.buffer).setUint32(2, checksum(content))
  frame.set(content, 6)
  return frame
}

/** The content of a frame. @throws {Error} when its checksum does not fit */
export function unsealed(frame: Uint8Array): unknown {
  const claimed = new DataView(frame.buffer, frame.byteOffset).getUint32(2)
  if (claimed !== checksum(frame.subarray(6))) throw new Error('a frame with a wrong checksum')
  return (uncbor(frame) as unknown[])[1]
}

/** Words of four bytes, little-endian, then single bytes. */
function checksum(content: Uint8Array): number {
  const view = new DataView(content.buffer, content.byteOffset, content.length)
  const words = content.length >> 2
  let sum = content.length + 6
  const take = (word: number): void => {
    sum = Math.imul(sum ^ word, 0x85ebca6b)
    sum ^= sum >>> 15
  }
  for (let i = 0; i < words; i++) take(view.getInt32(4 * i, true))
  for (let i = 4 * words; i < content.length; i++) take(view.getUint8(i))
  return sum >>> 0
}
