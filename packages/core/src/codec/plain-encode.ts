import type { Encoded } from './encoded.ts'
import { type KnownKey, keyChain, knownKey } from './known-keys.ts'
import { Block, type NodeBytes } from './node-bytes.ts'
import { MAX_DEPTH } from './well-formed.ts'

/** Values are written one behind the other into blocks of this size, in bytes; larger ones get a block of their own. */
const BLOCK_BYTES = 64 * 1024
/** Up to here, in characters, a loop over them is faster than a call of the platform. */
const SHORT = 40
/** Free before each value, in bytes: the most that one which is no long text takes, and a key behind it. */
const SLACK = 128

/** Where values of their own are written. */
let own = new Block(0)
/** What is free there begins here. */
let free = 0
/** Where the value under way is written, and the parts of it. */
let block = own
let bytes = block.bytes
let view = block.view
let node: NodeBytes | null = block.node
/** Beyond this, less than {@link SLACK} is left. */
let limit = -1
/** Where the value under way begins. */
let begun = 0
let busy = false
/** A getter inside the value under way has encoded another one, or tried to. */
let disturbed = false

/** What the functions below return instead of where they ended. */
export const NOT_PLAIN = -1

const utf8 = new TextEncoder()

/** Where the keys of the last object began, per depth. */
const chains: readonly KnownKey[] = Array.from({ length: MAX_DEPTH }, keyChain)

const empty = {}

/**
 * Encodes what most messages are, without what it takes to encode everything: plain objects, arrays, strings, numbers,
 * booleans, null and undefined, at most 64 deep.
 *
 * @returns null for any other value
 */
export function plainEncode(value: unknown): Encoded | null {
  if (isBusy() || everyObjectHasMore()) return null
  if (block !== own) use(own)
  const end = encode(value, free)
  free = end === NOT_PLAIN ? begun : end
  return end === NOT_PLAIN ? null : { bytes, start: begun, end }
}

/**
 * The same into a block of the caller's, from `at` on.
 *
 * @returns where it ended; {@link NOT_PLAIN} for any other value, one that has no room there, and one that had others sent:
 *   what stands behind `at` is of no use then
 */
export function plainEncodeInto(target: Block, at: number, value: unknown): number {
  if (isBusy() || everyObjectHasMore()) return NOT_PLAIN
  if (block !== target) use(target)
  const end = encode(value, at)
  if (block === target) return disturbed ? NOT_PLAIN : end
  // It has outgrown it, and is not wanted where it is now.
  free = 0
  return NOT_PLAIN
}

function isBusy(): boolean {
  if (busy) disturbed = true
  return busy
}

/** @returns where it ended */
function encode(value: unknown, at: number): number {
  busy = true
  disturbed = false
  begun = at
  let end = NOT_PLAIN
  try {
    end = write(value, at, 0)
  } catch {
    // Something of the value's own threw: whoever encodes it after all says so.
  }
  busy = false
  return end
}

function use(next: Block): void {
  block = next
  bytes = next.bytes
  view = next.view
  node = next.node
  limit = bytes.length - SLACK
}

/** Somebody gave a property to all objects there are: it would be taken for one of their own. */
function everyObjectHasMore(): boolean {
  for (const _ in empty) return true
  return false
}

/** Takes another block, where `needed` bytes are free behind what has been written up to `at`. @returns where that is */
function grown(at: number, needed: number): number {
  const done = at - begun
  own = new Block(done + needed + SLACK <= BLOCK_BYTES / 2 ? BLOCK_BYTES : 2 * (done + needed + SLACK))
  own.bytes.set(bytes.subarray(begun, at))
  use(own)
  begun = 0
  return done
}

// Where to write is handed on from call to call, not kept: twice as fast. Each returns where it ended.

function write(value: unknown, from: number, depth: number): number {
  const at = from > limit ? grown(from, 0) : from
  switch (typeof value) {
    case 'string':
      return writeText(value, at)
    case 'number':
      return writeNumber(value, at)
    case 'object':
      if (value !== null) return writeObject(value, at, depth)
      bytes[at] = 0xf6
      return at + 1
    case 'boolean':
      bytes[at] = value ? 0xf5 : 0xf4
      return at + 1
    case 'undefined':
      bytes[at] = 0xf7
      return at + 1
    default:
      return NOT_PLAIN
  }
}

function writeObject(value: object, from: number, depth: number): number {
  if (depth >= MAX_DEPTH) return NOT_PLAIN
  if (Array.isArray(value)) {
    const { length } = value
    let at = writeHead(0x80, length, from)
    for (let i = 0; i < length && at !== NOT_PLAIN; i++) at = write(value[i], at, depth + 1)
    return at
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return NOT_PLAIN
  // From where the value begins: it may move.
  const place = from - begun
  let at = from + 1
  let count = 0
  let previous = chains[depth]!
  // A third of the time of a list of the keys.
  for (const key in value) {
    let known = previous.next
    if (known === null || known.text !== key) {
      known = knownKey(key)
      if (known !== null) previous.next = known
    }
    if (known === null) at = writeText(key, at > limit ? grown(at, 0) : at)
    else {
      at = writeKey(known, at)
      previous = known
    }
    at = write((value as Record<string, unknown>)[key], at, depth + 1)
    if (at === NOT_PLAIN) return NOT_PLAIN
    count++
  }
  return writeCount(place, count, at)
}

function writeKey({ words, bytes: { length } }: KnownKey, at: number): number {
  const target = view
  for (let i = 0; i < words.length; i++) target.setInt32(at + 4 * i, words[i]!)
  return at + length
}

/** The head of a map, one byte at `place`, once its keys have been counted. */
function writeCount(place: number, count: number, from: number): number {
  if (count < 24) {
    bytes[begun + place] = 0xa0 | count
    return from
  }
  const end = from > limit ? grown(from, 0) : from
  const head = begun + place
  const more = headLength(count) - 1
  bytes.copyWithin(head + 1 + more, head + 1, end)
  writeHead(0xa0, count, head)
  return end + more
}

function writeHead(major: number, value: number, at: number): number {
  if (value < 24) {
    bytes[at] = major | value
    return at + 1
  }
  if (value < 0x100) {
    view.setUint16(at, ((major | 24) << 8) | value)
    return at + 2
  }
  if (value < 0x10000) {
    bytes[at] = major | 25
    view.setUint16(at + 1, value)
    return at + 3
  }
  bytes[at] = major | 26
  view.setUint32(at + 1, value)
  return at + 5
}

function writeNumber(value: number, at: number): number {
  if ((value | 0) === value) return value >= 0 ? writeHead(0x00, value, at) : writeHead(0x20, -1 - value, at)
  if (value >>> 0 === value) return writeHead(0x00, value, at)
  bytes[at] = 0xfb
  view.setFloat64(at + 1, value)
  return at + 9
}

function writeText(text: string, at: number): number {
  const { length } = text
  if (length > SHORT) return writeLongText(text, at)
  const end = writeAscii(text, writeHead(0x60, length, at))
  return end === NOT_PLAIN ? writeLongText(text, at) : end
}

/** @returns {@link NOT_PLAIN} for something else */
function writeAscii(text: string, at: number): number {
  const { length } = text
  const target = view
  let i = 0
  for (; i + 4 <= length; i += 4) {
    const a = text.charCodeAt(i)
    const b = text.charCodeAt(i + 1)
    const c = text.charCodeAt(i + 2)
    const d = text.charCodeAt(i + 3)
    if ((a | b | c | d) > 0x7f) return NOT_PLAIN
    target.setInt32(at + i, (a << 24) | (b << 16) | (c << 8) | d)
  }
  for (; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return NOT_PLAIN
    bytes[at + i] = code
  }
  return at + length
}

function headLength(value: number): number {
  return value < 24 ? 1 : value < 0x100 ? 2 : value < 0x10000 ? 3 : 5
}

/** The head is written last: until then nobody knows how many bytes there are. */
function writeLongText(text: string, from: number): number {
  const { length } = text
  // A character is 3 bytes at most.
  const most = 5 + 3 * length
  const at = from + most > limit ? grown(from, most) : from
  const guess = headLength(length)
  const start = at + guess
  const written =
    node === null ? utf8.encodeInto(text, bytes.subarray(start)).written : node.utf8Write(text, start, 3 * length)
  const needed = headLength(written)
  if (needed !== guess) bytes.copyWithin(at + needed, start, start + written)
  return writeHead(0x60, written, at) + written
}
