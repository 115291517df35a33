import type { Cbor, ResolveRef } from '../codec/cbor.ts'
import { MalformedFrameError } from '../errors.ts'

/** CBOR's head of an array of two, and of a number of 32 bits: how each frame begins. */
const ARRAY_OF_TWO = 0x82
const UINT_32 = 0x1a
/** What the checksum is over begins here. */
export const CONTENT_AT = 6
/** The largest, because smaller numbers may take fewer bytes. */
const PLACEHOLDER = 0xffffffff

/**
 * A frame: CBOR of `[checksum, content]`. The checksums of TCP miss one damaged segment in 65,536, and what lies between
 * two nodes may damage more than segments; a number with one bit turned would be delivered as another number.
 *
 * @param what for the error
 * @throws {NotSerializableError}
 */
export function seal(cbor: Cbor, content: unknown, what: string): Uint8Array {
  const frame = cbor.encode([PLACEHOLDER, content], what)
  sealPart(frame, new DataView(frame.buffer, frame.byteOffset, frame.length), 0, frame.length)
  return frame
}

/** Writes what stands before the content, which is in its place already: the frame is a part of `bytes`. */
export function sealPart(bytes: Uint8Array, view: DataView, start: number, end: number): void {
  bytes[start] = ARRAY_OF_TWO
  bytes[start + 1] = UINT_32
  view.setUint32(start + 2, checksumOf(bytes, view, start, end))
}

/**
 * The content of a frame that has arrived as it was sent.
 *
 * @throws {MalformedFrameError}
 */
export function unseal(cbor: Cbor, frame: Uint8Array, resolve: ResolveRef): unknown {
  checkSeal(frame)
  return (cbor.decode(frame, resolve) as readonly unknown[])[1]
}

/** @throws {MalformedFrameError} unless a frame has arrived as it was sent */
export function checkSeal(frame: Uint8Array): void {
  if (frame.length <= CONTENT_AT || frame[0] !== ARRAY_OF_TWO || frame[1] !== UINT_32) {
    throw new MalformedFrameError('no frame of this protocol')
  }
  const claimed = ((frame[2]! << 24) | (frame[3]! << 16) | (frame[4]! << 8) | frame[5]!) >>> 0
  if (claimed !== checksum(frame)) throw new MalformedFrameError('the checksum does not fit: it was damaged on its way')
}

/**
 * 32 bits over the content of a frame: each fourth word of four bytes goes into a sum of its own, because a processor
 * works on four at a time, and those and what is left go into one. Each step is reversible, so that no change within a
 * word goes unnoticed; of larger ones, one in 2^32 does. About 0.2 ns a byte. Against accidents only: anyone can make
 * a frame that fits.
 */
export function checksum(frame: Uint8Array): number {
  const { buffer, byteOffset, length } = frame
  return checksumOf(frame, length < WORTH_A_VIEW ? null : new DataView(buffer, byteOffset, length), 0, length)
}

/** In bytes: making a view takes as long as reading so many without. */
const WORTH_A_VIEW = 256

function checksumOf(bytes: Uint8Array, view: DataView | null, start: number, end: number): number {
  const length = end - start
  let i = start + CONTENT_AT
  let a = length
  let b = length
  let c = length
  let d = length
  if (view === null) {
    for (; i + 16 <= end; i += 16) {
      a = mixed(a, wordAt(bytes, i))
      b = mixed(b, wordAt(bytes, i + 4))
      c = mixed(c, wordAt(bytes, i + 8))
      d = mixed(d, wordAt(bytes, i + 12))
    }
  } else {
    for (; i + 16 <= end; i += 16) {
      a = mixed(a, view.getInt32(i, true))
      b = mixed(b, view.getInt32(i + 4, true))
      c = mixed(c, view.getInt32(i + 8, true))
      d = mixed(d, view.getInt32(i + 12, true))
    }
  }
  let sum = mixed(mixed(mixed(a, b), c), d)
  for (; i < end; i++) sum = mixed(sum, bytes[i]!)
  return sum >>> 0
}

function wordAt(bytes: Uint8Array, i: number): number {
  return bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24)
}

function mixed(sum: number, word: number): number {
  const product = Math.imul(sum ^ word, 0x85ebca6b)
  return product ^ (product >>> 15)
}
