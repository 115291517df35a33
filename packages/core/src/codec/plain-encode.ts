import type { Encoded } from './encoded.ts'
import { MAX_DEPTH } from './well-formed.ts'

/** Values are written one behind the other into blocks of this size, in bytes; larger ones get a block of their own. */
const BLOCK_BYTES = 64 * 1024
/** Up to here, a loop over the characters is faster than a call of the platform. */
const SHORT = 48

let bytes = new Uint8Array(0)
let view = new DataView(bytes.buffer)
let at = 0
/** Where the value under way begins. */
let begun = 0
/** A getter inside a value may encode another one. */
let busy = false

const utf8 = new TextEncoder()

/**
 * Encodes what most messages are, without what it takes to encode everything: plain objects, arrays, strings, numbers,
 * booleans, null and undefined, at most 64 deep.
 *
 * @returns null for any other value
 */
export function plainEncode(value: unknown): Encoded | null {
  if (busy) return null
  busy = true
  if (bytes.length - at < 512) use(new Uint8Array(BLOCK_BYTES), 0)
  begun = at
  let written = false
  try {
    written = write(value, 0)
  } catch {
    // Something of the value's own threw: whoever encodes it after all says so.
  }
  busy = false
  if (written) return { bytes, start: begun, end: at }
  at = begun
  return null
}

function use(block: Uint8Array<ArrayBuffer>, offset: number): void {
  bytes = block
  view = new DataView(block.buffer)
  at = offset
}

/** Makes room for `needed` more bytes. */
function reserve(needed: number): void {
  if (at + needed <= bytes.length) return
  const done = bytes.subarray(begun, at)
  const block = new Uint8Array(Math.max(BLOCK_BYTES, 2 * (done.length + needed)))
  block.set(done)
  use(block, done.length)
  begun = 0
}

function write(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
      writeText(value)
      return true
    case 'number':
      writeNumber(value)
      return true
    case 'object':
      return value === null ? writeSimple(0xf6) : writeObject(value, depth)
    case 'boolean':
      return writeSimple(value ? 0xf5 : 0xf4)
    case 'undefined':
      return writeSimple(0xf7)
    default:
      return false
  }
}

function writeSimple(byte: number): boolean {
  reserve(1)
  bytes[at++] = byte
  return true
}

function writeObject(value: object, depth: number): boolean {
  if (depth >= MAX_DEPTH) return false
  if (Array.isArray(value)) {
    const { length } = value
    writeHead(0x80, length)
    for (let i = 0; i < length; i++) if (!write(value[i], depth + 1)) return false
    return true
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return false
  const keys = Object.keys(value)
  writeHead(0xa0, keys.length)
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!
    writeText(key)
    if (!write((value as Record<string, unknown>)[key], depth + 1)) return false
  }
  return true
}

function writeHead(major: number, value: number): void {
  reserve(5)
  if (value < 24) bytes[at++] = major | value
  else if (value < 0x100) {
    bytes[at++] = major | 24
    bytes[at++] = value
  } else if (value < 0x10000) {
    bytes[at++] = major | 25
    bytes[at++] = value >> 8
    bytes[at++] = value
  } else {
    bytes[at++] = major | 26
    view.setUint32(at, value)
    at += 4
  }
}

function writeNumber(value: number): void {
  if ((value | 0) === value) {
    if (value >= 0) writeHead(0x00, value)
    else writeHead(0x20, -1 - value)
    return
  }
  reserve(9)
  if (value >>> 0 === value) {
    bytes[at++] = 0x1a
    view.setUint32(at, value)
    at += 4
  } else {
    bytes[at++] = 0xfb
    view.setFloat64(at, value)
    at += 8
  }
}

function writeText(text: string): void {
  const { length } = text
  if (length <= SHORT) {
    reserve(2 + SHORT)
    const before = at
    writeHead(0x60, length)
    let i = 0
    for (; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) break
      bytes[at + i] = code
    }
    if (i === length) {
      at += length
      return
    }
    at = before
  }
  writeLongText(text)
}

function headLength(value: number): number {
  return value < 24 ? 1 : value < 0x100 ? 2 : value < 0x10000 ? 3 : 5
}

/** The head is written last: until then nobody knows how many bytes there are. */
function writeLongText(text: string): void {
  // A character is 3 bytes at most.
  reserve(5 + 3 * text.length)
  const guess = headLength(text.length)
  const { written } = utf8.encodeInto(text, bytes.subarray(at + guess))
  const needed = headLength(written)
  if (needed !== guess) bytes.copyWithin(at + needed, at + guess, at + guess + written)
  writeHead(0x60, written)
  at += written
}
