import type { Encoded } from '../codec/encoded.ts'
import { cachedText, MOST_CACHED } from '../codec/text-cache.ts'
import { skipItem } from '../codec/well-formed.ts'
import { MalformedFrameError } from '../errors.ts'
import { CONTENT_AT, checkSeal } from './seal.ts'
import { type Envelope, Kind, type To } from './wire.ts'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

let frame: Uint8Array = new Uint8Array(0)
let at = 0
/** Names of the frame under way, in the order in which they stood there. */
let names: string[] = []

/**
 * Reads the envelopes of a frame; what is in their payloads is not looked at.
 *
 * @throws {MalformedFrameError} for anything that `encodeBatch` would not have made
 */
export function decodeBatch(bytes: Uint8Array): readonly Envelope[] {
  checkSeal(bytes)
  frame = bytes
  at = CONTENT_AT
  names = []
  if (readHead(4, 'no batch') !== 2) throw new MalformedFrameError('no batch')
  skip()
  const count = readHead(4, 'no batch')
  const envelopes: Envelope[] = []
  // Each takes a byte at least, so that a wrong count is found before much is made of it.
  for (let i = 0; i < count; i++) envelopes.push(readEnvelope())
  if (at !== frame.length) throw new MalformedFrameError(`${frame.length - at} bytes after its end`)
  return envelopes
}

/** More fields than expected are fine: a later version may have added them. */
function readEnvelope(): Envelope {
  const length = readHead(4, 'no envelope')
  const kind = length === 0 ? -1 : readHead(0, 'an unknown kind of envelope')
  const fields = FIELDS[kind]
  if (fields === undefined) throw new MalformedFrameError('an unknown kind of envelope')
  if (length <= fields) throw new MalformedFrameError(`an envelope of kind ${kind} with ${length - 1} fields`)
  const envelope = readFields(kind)
  if (kind === Kind.watch && length > fields + 1) return readWatcher(envelope, length - fields - 2)
  for (let i = fields + 1; i < length; i++) skip()
  return envelope
}

/** How many fields follow the kind, per kind. */
const FIELDS: readonly number[] = [3, 5, 2, 5, 2, 1, 2, 0, 0, 0, 3, 4, 1, 3]

function readFields(kind: number): Envelope {
  switch (kind) {
    case Kind.tell:
      return [Kind.tell, readTo(), readName(), readBytes()]
    case Kind.ask:
      return [Kind.ask, readTo(), readName(), readBytes(), readNumber(), readNumber()]
    case Kind.reply:
      return [Kind.reply, readNumber(), readBytes()]
    case Kind.failure:
      return [Kind.failure, readNumber(), readText(), readText(), readText(), readTextOrNull()]
    case Kind.watch:
      return [Kind.watch, readTo(), readNumber(), 0]
    case Kind.unwatch:
      return [Kind.unwatch, readNumber()]
    case Kind.terminated:
      return [Kind.terminated, readNumber(), readText()]
    case Kind.ping:
      return [Kind.ping]
    case Kind.pong:
      return [Kind.pong]
    case Kind.bye:
      return [Kind.bye]
    case Kind.offer:
      return [Kind.offer, readTo(), readName(), readBytes()]
    case Kind.chunk:
      return [Kind.chunk, readNumber(), readNumber(), readNumber(), readBytes()]
    case Kind.join:
      return [Kind.join, readNumber()]
    default:
      return [Kind.credit, readNumber(), readNumber(), readNumber()]
  }
}

/** The field of a watch that those who wrote it first do not have. */
function readWatcher(envelope: Envelope, more: number): Envelope {
  const [, to, watch] = envelope as Extract<Envelope, readonly [typeof Kind.watch, ...unknown[]]>
  const by = readNumber()
  for (let i = 0; i < more; i++) skip()
  return [Kind.watch, to, watch, by]
}

function majorHere(): number {
  return at < frame.length ? frame[at]! >> 5 : -1
}

function readTo(): To {
  return majorHere() === 3 ? readText() : readNumber()
}

/** A text, or the number of one that stood as a name in this frame before. */
function readName(): string {
  if (majorHere() === 0) {
    const number = readHead(0, 'a name')
    const known = names[number]
    if (known === undefined) throw new MalformedFrameError(`name ${number} of ${names.length}`)
    return known
  }
  const name = readText()
  names.push(name)
  return name
}

function readBytes(): Encoded {
  const length = readHead(2, 'a field that is no bytes')
  const start = at
  advance(length)
  return { bytes: frame, start, end: at }
}

function readText(): string {
  const length = readHead(3, 'a field that is no text')
  const start = at
  advance(length)
  const known = length <= MOST_CACHED ? cachedText(frame, start, length) : null
  return known ?? utf8.decode(frame.subarray(start, at))
}

function readTextOrNull(): string | null {
  if (frame[at] !== 0xf6) return readText()
  at++
  return null
}

function readNumber(): number {
  const major = majorHere()
  if (major === 1) return -1 - readHead(1, '')
  if (major !== 7) return readHead(0, 'a field that is no number')
  if (frame[at] !== 0xfb || at + 9 > frame.length) throw new MalformedFrameError('a field that is no number')
  const value = new DataView(frame.buffer, frame.byteOffset + at + 1, 8).getFloat64(0)
  at += 9
  if (Number.isNaN(value)) throw new MalformedFrameError('a field that is not a number')
  return value
}

/** The head of an item that must be of one major type. @returns its argument */
function readHead(major: number, otherwise: string): number {
  if (majorHere() !== major) throw new MalformedFrameError(otherwise)
  const info = frame[at++]! & 31
  if (info < 24) return info
  const length = 1 << (info - 24)
  if (info > 27 || at + length > frame.length) throw new MalformedFrameError('a length that is none')
  let value = 0
  for (let i = 0; i < length; i++) value = value * 256 + frame[at + i]!
  at += length
  return value
}

function advance(length: number): void {
  if (at + length > frame.length) throw new MalformedFrameError(`a length of ${length} beyond its end`)
  at += length
}

function skip(): void {
  // Two arrays are around it.
  at = skipItem(frame, at, 2)
}
