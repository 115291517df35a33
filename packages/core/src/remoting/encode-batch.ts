import type { Encoded } from '../codec/encoded.ts'
import { FrameWriter } from './frame-writer.ts'
import { SentNames } from './link-names.ts'
import { type Envelope, Kind, type To } from './wire.ts'

/** What an envelope takes at most without its texts and its payload, in bytes. */
const MOST_ENVELOPE_BYTES = 48

const utf8 = new TextEncoder()

/** For frames that are made in one go. */
const whole = new FrameWriter()

/** Where the frame under way is written. */
let block = new Uint8Array(0)
let view = new DataView(block.buffer)
let at = 0
/** Of the connection that it is for. */
let names = new SentNames()

/**
 * One frame with many envelopes.
 *
 * @param over names of the connection that it will be sent over, next
 * @param acknowledged the number of the last system message that has come from the other side; 0 for none
 */
export function encodeBatch(envelopes: readonly Envelope[], over: SentNames, acknowledged = 0): Uint8Array {
  writeBatch(whole, envelopes, over)
  return whole.close(acknowledged)
}

/**
 * Writes more envelopes into a frame, or begins it with them.
 *
 * @returns false where there is no room behind what it holds already: nothing is written then
 */
export function writeBatch(frame: FrameWriter, envelopes: readonly Envelope[], over: SentNames): boolean {
  let most = 0
  for (const envelope of envelopes) most += MOST_ENVELOPE_BYTES + variableBytes(envelope)
  if (!frame.reserve(most)) return false
  block = frame.block.bytes
  view = frame.block.view
  at = frame.at
  names = over
  for (const envelope of envelopes) write(envelope)
  frame.wrote(envelopes.length, at)
  return true
}

/** At most 3 bytes a character. */
function variableBytes(envelope: Envelope): number {
  switch (envelope[0]) {
    case Kind.tell:
    case Kind.offer:
    case Kind.ask:
      return 3 * (envelope[2].length + textLength(envelope[1])) + envelope[3].end - envelope[3].start
    case Kind.reply:
      return envelope[2].end - envelope[2].start
    case Kind.chunk:
      return envelope[4].end - envelope[4].start
    case Kind.failure: {
      const [, , reason, message, causeName, causeCode] = envelope
      return 3 * (reason.length + message.length + causeName.length + textLength(causeCode))
    }
    case Kind.watch:
      return 3 * textLength(envelope[1])
    case Kind.terminated:
      return 3 * envelope[2].length
    default:
      return 0
  }
}

function textLength(value: unknown): number {
  return typeof value === 'string' ? value.length : 0
}

function write(envelope: Envelope): void {
  block[at++] = 0x80 | envelope.length
  block[at++] = envelope[0]
  switch (envelope[0]) {
    case Kind.tell:
    case Kind.offer:
    case Kind.ask:
      writeTo(envelope[1])
      writeName(envelope[2])
      writePayload(envelope[3])
      if (envelope[0] !== Kind.ask) return
      writeNumber(envelope[4])
      return writeNumber(envelope[5])
    case Kind.reply:
      writeNumber(envelope[1])
      return writePayload(envelope[2])
    case Kind.chunk:
      writeNumber(envelope[1])
      writeNumber(envelope[2])
      writeNumber(envelope[3])
      return writePayload(envelope[4])
    case Kind.watch:
      writeTo(envelope[1])
      return writeFields(envelope, 2)
    default:
      return writeFields(envelope, 1)
  }
}

function writeFields(envelope: Envelope, from: number): void {
  for (let i = from; i < envelope.length; i++) writeField(envelope[i] as number | string | null)
}

function writeField(value: number | string | null): void {
  if (typeof value === 'number') writeNumber(value)
  else if (value === null) block[at++] = 0xf6
  else writeText(value)
}

function writeTo(to: To): void {
  if (typeof to === 'number') return writeNumber(to)
  // A bare number would be that of an actor.
  if (names.get(to) !== undefined) block[at++] = 0x81
  writeName(to)
}

function writeName(name: string): void {
  const known = names.get(name)
  if (known !== undefined) return writeHead(0x00, known)
  names.wrote(name, writeText(name))
}

/** The block that the last payload came from, and a view of it: most of a frame lie in one. */
let source: Uint8Array = block
let sourceView: DataView = view

function writePayload({ bytes, start, end }: Encoded): void {
  const length = end - start
  writeHead(0x40, length)
  const to = at
  at = to + length
  // A call costs as much as copying so many bytes by hand.
  if (length > 96) return block.set(bytes.subarray(start, end), to)
  if (bytes !== source) {
    source = bytes
    sourceView = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }
  const target = view
  const words = length & ~3
  for (let i = 0; i < words; i += 4) target.setInt32(to + i, sourceView.getInt32(start + i))
  for (let i = words; i < length; i++) block[to + i] = bytes[start + i]!
}

/** @returns how many bytes the text itself took */
function writeText(text: string): number {
  const { length } = text
  const before = at
  writeHead(0x60, length)
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) {
      at = before
      const bytes = utf8.encode(text)
      writeHead(0x60, bytes.length)
      block.set(bytes, at)
      at += bytes.length
      return bytes.length
    }
    block[at + i] = code
  }
  at += length
  return length
}

function writeNumber(value: number): void {
  if (value >>> 0 === value) return writeHead(0x00, value)
  if (value < 0 && -1 - value === (-1 - value) >>> 0) return writeHead(0x20, -1 - value)
  block[at++] = 0xfb
  view.setFloat64(at, value)
  at += 8
}

function writeHead(major: number, value: number): void {
  if (value < 24) block[at++] = major | value
  else if (value < 0x100) {
    block[at++] = major | 24
    block[at++] = value
  } else if (value < 0x10000) {
    block[at++] = major | 25
    view.setUint16(at, value)
    at += 2
  } else {
    block[at++] = major | 26
    view.setUint32(at, value)
    at += 4
  }
}
