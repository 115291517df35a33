import type { Encoded } from './encoded.ts'
import { MAX_DEPTH } from './well-formed.ts'

/** Values are written one behind the other into blocks of this size, in bytes; larger ones get a block of their own. */
const BLOCK_BYTES = 64 * 1024
/** Up to here, a loop over the characters is faster than a call of the platform. */
const SHORT = 48

const utf8 = new TextEncoder()

/**
 * Encodes what most messages are, without what it takes to encode everything: plain objects, arrays, strings, numbers,
 * booleans, null and undefined, at most 64 deep. Each node has its own: what one keeps is none of another's.
 */
export class PlainEncoder {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0)
  #view: DataView = new DataView(this.#bytes.buffer)
  #at = 0
  /** Where the value under way begins. */
  #begun = 0
  /** A getter inside a value may encode another one. */
  #busy = false

  /** @returns null for any other value */
  encode(value: unknown): Encoded | null {
    if (this.#busy) return null
    this.#busy = true
    if (this.#bytes.length - this.#at < 512) this.#use(new Uint8Array(BLOCK_BYTES), 0)
    this.#begun = this.#at
    let written = false
    try {
      written = this.#write(value, 0)
    } catch {
      // Something of the value's own threw: whoever encodes it after all says so.
    }
    this.#busy = false
    if (written) return { bytes: this.#bytes, start: this.#begun, end: this.#at }
    this.#at = this.#begun
    return null
  }

  #use(block: Uint8Array<ArrayBuffer>, offset: number): void {
    this.#bytes = block
    this.#view = new DataView(block.buffer)
    this.#at = offset
  }

  /** Makes room for `needed` more bytes. */
  #reserve(needed: number): void {
    if (this.#at + needed <= this.#bytes.length) return
    const done = this.#bytes.subarray(this.#begun, this.#at)
    const block = new Uint8Array(Math.max(BLOCK_BYTES, 2 * (done.length + needed)))
    block.set(done)
    this.#use(block, done.length)
    this.#begun = 0
  }

  #write(value: unknown, depth: number): boolean {
    switch (typeof value) {
      case 'string':
        this.#writeText(value)
        return true
      case 'number':
        this.#writeNumber(value)
        return true
      case 'object':
        return value === null ? this.#writeSimple(0xf6) : this.#writeObject(value, depth)
      case 'boolean':
        return this.#writeSimple(value ? 0xf5 : 0xf4)
      case 'undefined':
        return this.#writeSimple(0xf7)
      default:
        return false
    }
  }

  #writeSimple(byte: number): boolean {
    this.#reserve(1)
    this.#bytes[this.#at++] = byte
    return true
  }

  #writeObject(value: object, depth: number): boolean {
    if (depth >= MAX_DEPTH) return false
    if (Array.isArray(value)) {
      const { length } = value
      this.#writeHead(0x80, length)
      for (let i = 0; i < length; i++) if (!this.#write(value[i], depth + 1)) return false
      return true
    }
    if (Object.getPrototypeOf(value) !== Object.prototype) return false
    const keys = Object.keys(value)
    this.#writeHead(0xa0, keys.length)
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!
      this.#writeText(key)
      if (!this.#write((value as Record<string, unknown>)[key], depth + 1)) return false
    }
    return true
  }

  #writeHead(major: number, value: number): void {
    this.#reserve(5)
    if (value < 24) this.#bytes[this.#at++] = major | value
    else if (value < 0x100) {
      this.#bytes[this.#at++] = major | 24
      this.#bytes[this.#at++] = value
    } else if (value < 0x10000) {
      this.#bytes[this.#at++] = major | 25
      this.#bytes[this.#at++] = value >> 8
      this.#bytes[this.#at++] = value
    } else {
      this.#bytes[this.#at++] = major | 26
      this.#view.setUint32(this.#at, value)
      this.#at += 4
    }
  }

  #writeNumber(value: number): void {
    if ((value | 0) === value) {
      if (value >= 0) this.#writeHead(0x00, value)
      else this.#writeHead(0x20, -1 - value)
      return
    }
    this.#reserve(9)
    if (value >>> 0 === value) {
      this.#bytes[this.#at++] = 0x1a
      this.#view.setUint32(this.#at, value)
      this.#at += 4
    } else {
      this.#bytes[this.#at++] = 0xfb
      this.#view.setFloat64(this.#at, value)
      this.#at += 8
    }
  }

  #writeText(text: string): void {
    const { length } = text
    if (length <= SHORT) {
      this.#reserve(2 + SHORT)
      const before = this.#at
      this.#writeHead(0x60, length)
      let i = 0
      for (; i < length; i++) {
        const code = text.charCodeAt(i)
        if (code > 0x7f) break
        this.#bytes[this.#at + i] = code
      }
      if (i === length) {
        this.#at += length
        return
      }
      this.#at = before
    }
    this.#writeLongText(text)
  }

  /** The head is written last: until then nobody knows how many bytes there are. */
  #writeLongText(text: string): void {
    // A character is 3 bytes at most.
    this.#reserve(5 + 3 * text.length)
    const guess = headLength(text.length)
    const { written } = utf8.encodeInto(text, this.#bytes.subarray(this.#at + guess))
    const needed = headLength(written)
    if (needed !== guess) this.#bytes.copyWithin(this.#at + needed, this.#at + guess, this.#at + guess + written)
    this.#writeHead(0x60, written)
    this.#at += written
  }
}

function headLength(value: number): number {
  return value < 24 ? 1 : value < 0x100 ? 2 : value < 0x10000 ? 3 : 5
}
