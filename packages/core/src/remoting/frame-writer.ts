import { Block } from '../codec/node-bytes.ts'
import { NOT_PLAIN, plainEncodeInto } from '../codec/plain-encode.ts'
import { CONTENT_AT, sealPart } from './seal.ts'
import { Kind } from './wire.ts'

/** Frames are cut from blocks of this size, in bytes; larger ones have a block of their own. */
const BLOCK_BYTES = 256 * 1024
/** The first block. Most peers hear little, and a program may have many nodes. */
const FIRST_BYTES = 16 * 1024
/** What stands before the envelopes at most: a checksum, two heads and a number. */
const HEAD_BYTES: number = CONTENT_AT + 1 + 9 + 5
/** Free for what is told to begin with, in bytes, where blocks are large. */
const ROOM_BYTES = 96 * 1024
/** What stands before a payload at most. */
const MOST_BEFORE_BYTES = 32

/**
 * A frame that is written bit by bit. What stands before its envelopes is written last, to end where they begin, so that
 * nothing has to be known ahead and nothing is moved.
 */
export class FrameWriter {
  block: Block = new Block(0)
  /** What is free begins here. */
  at = 0
  #bodyAt = 0
  #count = 0
  /** Of the head of the payload before: most are like it. */
  #headBytes = 1
  /** Something had no room in the block, which is a small one. */
  #isTight = false

  get isEmpty(): boolean {
    return this.#count === 0
  }

  /** Of its envelopes. */
  get sizeBytes(): number {
    return this.#count === 0 ? 0 : this.at - this.#bodyAt
  }

  /** Makes room for so many bytes of envelopes. @returns false where there is none behind those that it holds */
  reserve(bytes: number): boolean {
    const { length } = this.block.bytes
    if (this.#count > 0) return length - this.at >= bytes
    if (this.#isTight || length - this.at < HEAD_BYTES + bytes) {
      this.#isTight = false
      const usual = Math.min(BLOCK_BYTES, Math.max(FIRST_BYTES, 4 * length))
      this.block = new Block(Math.max(usual, HEAD_BYTES + bytes))
      this.at = 0
    }
    this.#bodyAt = this.at += HEAD_BYTES
    return true
  }

  /** All frames cut from the block are gone: it is written to once more. */
  rewind(): void {
    this.at = 0
  }

  /** Parts of the block are kept: it is written to no more. */
  leaveBlock(): void {
    this.block = new Block(0)
    this.at = 0
  }

  /** So many envelopes have been written, up to there. */
  wrote(envelopes: number, at: number): void {
    this.#count += envelopes
    this.at = at
  }

  /**
   * Writes a message where it will stand, payload and all.
   *
   * @param to an uid of at most 32 bits
   * @param name the number of its name
   * @returns how many bytes its payload has; {@link NOT_PLAIN} where nothing was written, as it is not plain or too large
   */
  tell(to: number, name: number, payload: unknown, mostBytes: number): number {
    const isFirst = this.#count === 0
    if (isFirst) this.reserve(Math.min(ROOM_BYTES, this.block.bytes.length >> 1))
    const { block, at: begin } = this
    const { bytes } = block
    if (bytes.length - begin < MOST_BEFORE_BYTES) {
      this.#isTight = true
      return NOT_PLAIN
    }
    bytes[begin] = 0x84
    bytes[begin + 1] = Kind.tell
    const headAt = putHead(block, 0x00, name, putHead(block, 0x00, to, begin + 2))
    const guess = this.#headBytes
    const start = headAt + guess
    const end = plainEncodeInto(block, start, payload)
    const length = end - start
    const needed = headLength(length)
    // The frame may have been sent by something in the payload.
    if (this.at !== begin) return NOT_PLAIN
    if (end === NOT_PLAIN || length > mostBytes || headAt + needed + length > bytes.length) {
      if (isFirst) this.at = begin - HEAD_BYTES
      this.#isTight = bytes.length < BLOCK_BYTES && begin > bytes.length >> 1
      return NOT_PLAIN
    }
    if (needed !== guess) {
      bytes.copyWithin(headAt + needed, start, end)
      this.#headBytes = needed
    }
    putHead(block, 0x40, length, headAt)
    this.at = headAt + needed + length
    this.#count++
    return length
  }

  /** @param acknowledged the number of the last system message that has come from the other side; 0 for none */
  close(acknowledged: number): Uint8Array {
    const { block, at: end } = this
    const { bytes, view } = block
    const countAt = this.#bodyAt - headLength(this.#count)
    putHead(block, 0x80, this.#count, countAt)
    const numberAt = countAt - numberLength(acknowledged)
    putNumber(block, acknowledged, numberAt)
    bytes[numberAt - 1] = 0x82
    const start = numberAt - 1 - CONTENT_AT
    sealPart(bytes, view, start, end)
    this.#count = 0
    return bytes.subarray(start, end)
  }
}

function numberLength(value: number): number {
  return value >>> 0 === value ? headLength(value) : 9
}

function putNumber(block: Block, value: number, at: number): void {
  if (value >>> 0 === value) putHead(block, 0x00, value, at)
  else {
    block.bytes[at] = 0xfb
    block.view.setFloat64(at + 1, value)
  }
}

function headLength(value: number): number {
  return value < 24 ? 1 : value < 0x100 ? 2 : value < 0x10000 ? 3 : 5
}

/** @returns where it ended */
function putHead({ bytes, view }: Block, major: number, value: number, at: number): number {
  if (value < 24) {
    bytes[at] = major | value
    return at + 1
  }
  if (value < 0x100) {
    bytes[at] = major | 24
    bytes[at + 1] = value
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
