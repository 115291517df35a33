import { MalformedFrameError } from '../errors.ts'

/** Nesting a frame may have: deeper ones would use up the stack of the decoder. */
export const MAX_DEPTH: number = 64
/** Length a big integer may have: the decoder's time for one grows with the square of it, 0.5 s for 64 KiB. */
export const MAX_BIGINT_BYTES: number = 1024

/**
 * Arrays, maps, byte strings and tags in one message. An empty one is a byte on the wire and some 60 to 100 in memory: 16 MiB
 * of those would take 1.6 GiB, and seconds.
 */
export const MAX_OBJECTS: number = 1_048_576

/** In the item that is looked at. */
let objects = 0

/**
 * Tags a frame may hold: dates, big integers, typed arrays, sets, maps, and Troupe's own two. The decoder
 * knows more, among them one that builds any global class by its name: they must never reach it.
 */
const ALLOWED_TAGS: ReadonlySet<number> = new Set([
  1, 2, 3, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 77, 78, 79, 81, 82, 84, 85, 86, 258, 259, 0x5470, 0x5471,
])

/**
 * Checks that `bytes` are exactly one CBOR item which is safe to decode: complete, no length beyond the
 * end, no forbidden tag, not too deep. One pass over the headers, no allocation that the bytes could dictate.
 *
 * @throws {MalformedFrameError}
 * @see RFC 8949, appendix C (well-formedness)
 */
export function checkWellFormed(bytes: Uint8Array): void {
  const end = skipItem(bytes, 0, 0)
  if (end !== bytes.length) throw new MalformedFrameError(`${bytes.length - end} bytes after its end`)
}

/** How many arrays, maps, byte strings and tags are in the item that was checked last. */
export function checkedObjects(): number {
  return objects
}

/**
 * The same check for one item among others, `depth` levels deep.
 *
 * @returns the offset after the item that starts at `at`
 * @throws {MalformedFrameError}
 */
export function skipItem(bytes: Uint8Array, at: number, depth: number): number {
  objects = 0
  return skip(bytes, at, depth)
}

function skip(bytes: Uint8Array, at: number, depth: number): number {
  if (depth > MAX_DEPTH) throw new MalformedFrameError(`nested deeper than ${MAX_DEPTH}`)
  if (at >= bytes.length) throw new MalformedFrameError('cut off')
  const major = bytes[at]! >> 5
  const info = bytes[at]! & 31
  if (info === 31) return indefinite(bytes, at, major, depth)
  const afterHead = at + headLength(info)
  if (afterHead > bytes.length) throw new MalformedFrameError('cut off')
  if (major <= 1 || major === 7) return afterHead
  if (major !== 3) countObject()
  const value = argument(bytes, at, info)
  if (major <= 3) return within(bytes, afterHead, value)
  if (major === 6) {
    if (!ALLOWED_TAGS.has(value)) throw new MalformedFrameError(`tag ${value} is not allowed`)
    const end = skip(bytes, afterHead, depth + 1)
    if ((value === 2 || value === 3) && end - afterHead > MAX_BIGINT_BYTES)
      throw new MalformedFrameError(`a big integer of more than ${MAX_BIGINT_BYTES} bytes`)
    return end
  }
  const items = major === 5 ? value * 2 : value
  // Each item takes a byte at least: a length beyond that is a lie, found before anything is made of it.
  within(bytes, afterHead, items)
  let next = afterHead
  for (let i = 0; i < items; i++) next = skip(bytes, next, depth + 1)
  return next
}

function countObject(): void {
  if (++objects > MAX_OBJECTS) throw new MalformedFrameError(`more than ${MAX_OBJECTS.toLocaleString('en')} objects`)
}

/** Arrays and maps without a length; pieces of strings are not used by any encoder here. */
function indefinite(bytes: Uint8Array, at: number, major: number, depth: number): number {
  if (major !== 4 && major !== 5) throw new MalformedFrameError('a string, a tag or a break without a length')
  let next = at + 1
  countObject()
  while (bytes[next] !== 0xff) next = skip(bytes, next, depth + 1)
  return next + 1
}

function headLength(info: number): number {
  if (info < 24) return 1
  if (info < 28) return 1 + (1 << (info - 24))
  throw new MalformedFrameError('a reserved length')
}

function argument(bytes: Uint8Array, at: number, info: number): number {
  if (info < 24) return info
  let value = 0
  for (let i = 0; i < 1 << (info - 24); i++) value = value * 256 + bytes[at + 1 + i]!
  return value
}

function within(bytes: Uint8Array, at: number, length: number): number {
  if (at + length > bytes.length) throw new MalformedFrameError(`a length of ${length} beyond its end`)
  return at + length
}
