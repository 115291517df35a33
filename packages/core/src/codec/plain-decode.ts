import { type KnownKey, keyChain, knownKey } from './known-keys.ts'
import { isNodeBytes } from './node-bytes.ts'
import { NOT_PLAIN } from './plain-cbor.ts'
import { LONGEST, SHORTEST, shortText } from './short-text.ts'
import { cachedText, MOST_CACHED } from './text-cache.ts'
import { MAX_DEPTH, MAX_OBJECTS } from './well-formed.ts'

let bytes: Uint8Array = new Uint8Array(0)
let at = 0
let end = 0
let plain = true
/** Arrays and maps that were made. */
let objects = 0

// Where it is the start of a text, a byte order mark belongs to it.
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const numbers = new DataView(new ArrayBuffer(8))

/**
 * Decodes what most messages are, in one pass that checks as it goes: maps with keys of text, arrays, texts, numbers,
 * booleans, null and undefined, at most 64 deep.
 *
 * @returns {@link NOT_PLAIN} for anything else, well-formed or not
 */
export function plainDecode(from: Uint8Array, start: number, stop: number): unknown {
  bytes = from
  at = start
  end = stop
  plain = true
  objects = 0
  const value = read(0)
  return plain && at === end ? value : NOT_PLAIN
}

/** How many arrays and maps the last value has that was decoded. */
export function plainObjects(): number {
  return objects
}

function leave(): undefined {
  plain = false
}

function read(depth: number): unknown {
  if (at >= end) return leave()
  const first = bytes[at++]!
  const major = first >> 5
  if (major === 7) return readSimple(first)
  const info = first & 31
  const value = info < 24 ? info : readArgument(info)
  switch (major) {
    case 0:
      return value
    case 1:
      return -1 - value
    case 3:
      return plain ? readText(value) : undefined
    case 4:
      // The depth of what is inside.
      return plain && depth < MAX_DEPTH ? readArray(value, depth) : leave()
    case 5:
      return plain && depth < MAX_DEPTH ? readMap(value, depth) : leave()
    default:
      // Byte strings and tags.
      return leave()
  }
}

function readArgument(info: number): number {
  if (info < 24) return info
  const length = 1 << (info - 24)
  // 64 bits may be more than a number holds; the rest is reserved, or has no length.
  if (info > 26 || at + length > end) {
    plain = false
    return 0
  }
  let value = 0
  for (let i = 0; i < length; i++) value = value * 256 + bytes[at++]!
  return value
}

function readSimple(first: number): unknown {
  switch (first) {
    case 0xf4:
      return false
    case 0xf5:
      return true
    case 0xf6:
      return null
    case 0xf7:
      return undefined
    case 0xfb:
      if (at + 8 > end) return leave()
      for (let i = 0; i < 8; i++) numbers.setUint8(i, bytes[at++]!)
      return numbers.getFloat64(0)
    default:
      return leave()
  }
}

function readArray(length: number, depth: number): unknown {
  // Each item takes a byte at least: a length beyond that is a lie, found before anything is made of it.
  if (length > end - at || ++objects > MAX_OBJECTS) return leave()
  // Not what a long one claims: the items inside may claim as much, each at the cost of a head.
  const array = length <= 64 ? new Array<unknown>(length) : []
  for (let i = 0; i < length; i++) {
    array[i] = read(depth + 1)
    if (!plain) return undefined
  }
  return array
}

/** Where the keys of the last map began, by how many they were and how deep it stood. */
const chains: readonly KnownKey[] = Array.from({ length: 64 }, keyChain)

function readMap(length: number, depth: number): unknown {
  if (2 * length > end - at || ++objects > MAX_OBJECTS) return leave()
  const object: Record<string, unknown> = {}
  let previous = chains[((depth & 7) << 3) | (length & 7)]!
  for (let i = 0; i < length; i++) {
    const known = previous.next
    let key: string
    if (known !== null && isHere(known.bytes)) {
      at += known.bytes.length
      key = known.text
      previous = known
    } else {
      const text = readKey()
      if (text === undefined || text === '__proto__') return leave()
      key = text
      const found = knownKey(text)
      if (found !== null) {
        previous.next = found
        previous = found
      }
    }
    object[key] = read(depth + 1)
    if (!plain) return undefined
  }
  return object
}

function isHere(expected: Uint8Array): boolean {
  const from = bytes
  const start = at
  const { length } = expected
  if (start + length > end) return false
  for (let i = 0; i < length; i++) if (from[start + i] !== expected[i]) return false
  return true
}

function readKey(): string | undefined {
  const first = at < end ? bytes[at++]! : 0
  if (first >> 5 !== 3) return leave()
  const length = readArgument(first & 31)
  if (!plain || at + length > end) return leave()
  if (length <= MOST_CACHED) {
    const text = cachedText(bytes, at, length)
    if (text !== null) {
      at += length
      return text
    }
  }
  return readText(length)
}

function readText(length: number): string | undefined {
  if (at + length > end) return leave()
  const start = at
  at += length
  // Words that say which of a few something is are short, and come again.
  if (length <= 8) {
    const text = cachedText(bytes, start, length)
    if (text !== null) return text
  }
  if (length >= SHORTEST && length <= LONGEST) {
    const text = shortText(bytes, start, length)
    if (text !== null) return text
  }
  return textOf(bytes, start, start + length)
}

function textOf(from: Uint8Array, start: number, stop: number): string {
  return isNodeBytes(from) ? from.utf8Slice(start, stop) : utf8.decode(from.subarray(start, stop))
}
