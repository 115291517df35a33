import type { Encoded } from '../codec/encoded.ts'
import { cachedText, MOST_CACHED } from '../codec/text-cache.ts'
import { skipItem } from '../codec/well-formed.ts'
import { MalformedFrameError } from '../errors.ts'
import { ReceivedNames } from './link-names.ts'
import { CONTENT_AT, checkSeal } from './seal.ts'
import { type Envelope, Kind, type To } from './wire.ts'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

let frame: Uint8Array = new Uint8Array(0)
let at = 0
/** Of the connection that the frame under way came over. */
let names = new ReceivedNames()

/**
 * Reads the envelopes of a frame; what is in their payloads is not looked at.
 *
 * @param over names of the connection that it has come over; after a frame that is none they are of no more use
 * @param onAcknowledged gets the number of the last system message that the other side has got, once all is read
 * @throws {MalformedFrameError} for anything that `encodeBatch` would not have made
 */
export function decodeBatch(
  bytes: Uint8Array,
  over: ReceivedNames,
  onAcknowledged: (number: number) => void = () => {},
): readonly Envelope[] {
  checkSeal(bytes)
  frame = bytes
  at = CONTENT_AT
  names = over
  if (readHead(4, 'no batch') !== 2) throw new MalformedFrameError('no batch')
  const acknowledged = readNumber()
  const count = readHead(4, 'no batch')
  const envelopes: Envelope[] = []
  // Each takes a byte at least, so that a wrong count is found before much is made of it.
  for (let i = 0; i < count; i++) envelopes.push(readEnvelope())
  if (at !== frame.length) throw new MalformedFrameError(`${frame.length - at} bytes after its end`)
  onAcknowledged(acknowledged)
  return envelopes
}

/** More fields than expected are fine: a later version may have added them. */
function readEnvelope(): Envelope {
  const length = readHead(4, 'no envelope')
  const kind = length === 0 ? -1 : readHead(0, 'an unknown kind of envelope')
  const fields = FIELDS[kind]
  if (fields === undefined) throw new MalformedFrameError('an unknown kind of envelope')
  if (length <= fields) throw new MalformedFrameError(`an envelope of kind ${kind} with ${length - 1} fields`)
  const isNumbered = length > fields + 1 && NUMBERED.has(kind)
  const envelope = readFields(kind, isNumbered)
  for (let i = fields + (isNumbered ? 2 : 1); i < length; i++) skip()
  return envelope
}

/** How many fields follow the kind, per kind. */
const FIELDS: readonly number[] = [3, 5, 2, 5, 3, 1, 2, 0, 0, 0, 3, 4, 1, 3]
/** Kinds whose fields a number may follow. */
const NUMBERED: ReadonlySet<number> = new Set([Kind.watch, Kind.unwatch, Kind.terminated])

function readFields(kind: number, isNumbered: boolean): Envelope {
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
      return isNumbered
        ? [kind, readTo(), readNumber(), readNumber(), readNumber()]
        : [kind, readTo(), readNumber(), readNumber()]
    case Kind.unwatch:
      return isNumbered ? [kind, readNumber(), readNumber()] : [kind, readNumber()]
    case Kind.terminated:
      return isNumbered ? [kind, readNumber(), readText(), readNumber()] : [kind, readNumber(), readText()]
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

function majorHere(): number {
  return at < frame.length ? frame[at]! >> 5 : -1
}

function readTo(): To {
  const major = majorHere()
  if (major === 3) return readName()
  if (major !== 4) return readNumber()
  // The number of a path: a bare one is that of an actor.
  if (readHead(4, '') !== 1 || majorHere() !== 0) throw new MalformedFrameError('a field that is nobody')
  return readName()
}

/** A text, or the number of one that has come over this connection before. */
function readName(): string {
  if (majorHere() === 0) return names.get(readHead(0, 'a name'))
  const length = readHead(3, 'a field that is no text')
  const name = textOf(length)
  names.read(name, length)
  return name
}

function readBytes(): Encoded {
  const length = readHead(2, 'a field that is no bytes')
  const start = at
  advance(length)
  return { bytes: frame, start, end: at }
}

function readText(): string {
  return textOf(readHead(3, 'a field that is no text'))
}

function textOf(length: number): string {
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
