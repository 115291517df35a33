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

/** Words of four bytes, little-endian, in turn into four sums as long as there are four; then single bytes. */
function checksum(content: Uint8Array): number {
  const view = new DataView(content.buffer, content.byteOffset, content.length)
  const mix = (sum: number, word: number): number => {
    const product = Math.imul(sum ^ word, 0x85ebca6b)
    return product ^ (product >>> 15)
  }
  const sums = [0, 1, 2, 3].map(() => content.length + 6)
  const whole = content.length - (content.length % 16)
  for (let at = 0; at < whole; at += 4) {
    const lane = (at / 4) % 4
    sums[lane] = mix(sums[lane]!, view.getInt32(at, true))
  }
  let sum = sums.reduce(mix)
  for (let at = whole; at < content.length; at++) sum = mix(sum, view.getUint8(at))
  return sum >>> 0
}
