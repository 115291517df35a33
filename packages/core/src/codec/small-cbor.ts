import { ActorRef } from '../actor/ref.ts'
import { type CborLibrary, dateOf, ERROR_TAG, errorOf, REF_TAG, REFUSED, type RefForm } from './cbor-library.ts'
import { MAX_DEPTH } from './well-formed.ts'

const utf8 = new TextEncoder()
// Where it is the start of a text, a byte order mark belongs to it.
const text = new TextDecoder('utf-8', { ignoreBOM: true })

const DATE_TAG = 1
const BIG_TAG = 2
const NEGATIVE_BIG_TAG = 3
const SET_TAG = 258
const MAP_TAG = 259

/** Arrays of numbers by the tag of their bytes, the lowest byte first (RFC 8746, 2.1). */
const TYPED_ARRAYS = [
  [64, Uint8Array],
  [68, Uint8ClampedArray],
  [69, Uint16Array],
  [70, Uint32Array],
  [71, BigUint64Array],
  [72, Int8Array],
  [77, Int16Array],
  [78, Int32Array],
  [79, BigInt64Array],
  [85, Float32Array],
  [86, Float64Array],
] as const

/**
 * The CBOR of a page, where bytes to load count for more than time: a tenth of the size of the library that nodes use,
 * and without any state. Decodes what that encodes, and the other way about.
 *
 * @see RFC 8949
 */
export class SmallCbor implements CborLibrary {
  readonly busy = false

  encode(value: unknown, refs: RefForm): Uint8Array {
    const writer = new Writer(refs)
    writer.write(value, 0)
    return writer.written
  }

  decode(bytes: Uint8Array, refs: RefForm): unknown {
    return new Reader(bytes, refs).read(false)
  }
}

class Writer {
  readonly #refs: RefForm
  #bytes = new Uint8Array(256)
  #view = new DataView(this.#bytes.buffer)
  #at = 0

  constructor(refs: RefForm) {
    this.#refs = refs
  }

  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at)
  }

  write(value: unknown, depth: number): void {
    if (typeof value === 'number') this.#number(value)
    else if (typeof value === 'string') this.#run(0x60, utf8.encode(value))
    else if (typeof value === 'bigint') this.#bigint(value)
    else if (typeof value === 'object' && value !== null) this.#object(value, depth)
    else if (typeof value === 'function' || typeof value === 'symbol') throw new TypeError(`a ${typeof value}`)
    else this.#byte(value === null ? 0xf6 : value === undefined ? 0xf7 : value ? 0xf5 : 0xf4)
  }

  #object(value: object, depth: number): void {
    if (depth > MAX_DEPTH) throw new RangeError(`nested deeper than ${MAX_DEPTH}`)
    const refused = REFUSED.find(({ Class }) => value instanceof Class)
    if (refused !== undefined) throw new TypeError(refused.what)
    if (value instanceof ActorRef) this.#tagged(REF_TAG, this.#refs.piecesOf(value as ActorRef<never>), depth)
    else if (value instanceof Error) this.#tagged(ERROR_TAG, [value.name, value.message], depth)
    else if (value instanceof Date) this.#tagged(DATE_TAG, value.getTime() / 1000, depth)
    else if (value instanceof Set) this.#tagged(SET_TAG, [...value], depth)
    else if (value instanceof Map) {
      this.#head(0xc0, MAP_TAG)
      this.#entries([...value], depth)
    } else if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) this.#binary(value)
    else if (Object.getPrototypeOf(value) !== Object.prototype && Symbol.iterator in value) {
      const items = [...(value as Iterable<unknown>)]
      this.#head(0x80, items.length)
      for (const item of items) this.write(item, depth + 1)
    } else if (Symbol.asyncIterator in value) throw new TypeError('a stream')
    else this.#entries(Object.entries(value), depth)
  }

  #entries(entries: readonly (readonly unknown[])[], depth: number): void {
    this.#head(0xa0, entries.length)
    for (const [key, value] of entries) {
      this.write(key, depth + 1)
      this.write(value, depth + 1)
    }
  }

  #tagged(tag: number, value: unknown, depth: number): void {
    this.#head(0xc0, tag)
    this.write(value, depth + 1)
  }

  #binary(value: ArrayBufferView | ArrayBuffer): void {
    const bytes =
      value instanceof ArrayBuffer
        ? new Uint8Array(value)
        : new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    const [tag = 64] = TYPED_ARRAYS.find(([, Class]) => value instanceof Class) ?? []
    // Plain bytes are those of CBOR itself.
    if (tag !== 64) this.#head(0xc0, tag)
    this.#run(0x40, bytes)
  }

  #number(value: number): void {
    if (Number.isInteger(value) && value >= -(2 ** 32) && value < 2 ** 32) {
      if (value >= 0) this.#head(0, value)
      else this.#head(0x20, -1 - value)
      return
    }
    this.#byte(0xfb)
    const at = this.#room(8)
    this.#view.setFloat64(at, value)
  }

  #bigint(value: bigint): void {
    const magnitude = value < 0n ? -1n - value : value
    if (magnitude < 1n << 64n) {
      this.#byte(value < 0n ? 0x3b : 0x1b)
      const at = this.#room(8)
      this.#view.setBigUint64(at, magnitude)
      return
    }
    const digits = magnitude.toString(16)
    const bytes = digits.padStart(digits.length + (digits.length % 2), '0').match(/../g)!
    this.#head(0xc0, value < 0n ? NEGATIVE_BIG_TAG : BIG_TAG)
    this.#run(
      0x40,
      Uint8Array.from(bytes, (byte) => Number.parseInt(byte, 16)),
    )
  }

  /** A head with a length, and what is so long. */
  #run(major: number, bytes: Uint8Array): void {
    this.#head(major, bytes.length)
    const at = this.#room(bytes.length)
    this.#bytes.set(bytes, at)
  }

  #head(major: number, value: number): void {
    if (value < 24) return this.#byte(major | value)
    const size = value < 0x100 ? 1 : value < 0x10000 ? 2 : 4
    this.#byte(major | (size === 1 ? 24 : size === 2 ? 25 : 26))
    const at = this.#room(size)
    if (size === 1) this.#bytes[at] = value
    else if (size === 2) this.#view.setUint16(at, value)
    else this.#view.setUint32(at, value)
  }

  #byte(value: number): void {
    const at = this.#room(1)
    this.#bytes[at] = value
  }

  /** @returns where so many bytes are free from now on; view and bytes are others afterwards */
  #room(length: number): number {
    const at = this.#at
    this.#at += length
    if (this.#at > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#at)
      larger.set(this.#bytes)
      this.#bytes = larger
      this.#view = new DataView(larger.buffer)
    }
    return at
  }
}

/** Of items that are known to be well-formed: it looks at no length. */
class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #refs: RefForm
  #at = 0

  constructor(bytes: Uint8Array, refs: RefForm) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#refs = refs
  }

  /** @param asMap what a map is to become, if this is one: a Map, or an object */
  read(asMap: boolean): unknown {
    const first = this.#bytes[this.#at++]!
    const major = first >> 5
    if (major === 7) return this.#simple(first)
    const argument = this.#argument(first & 31)
    if (major === 0) return argument
    if (major === 1) return typeof argument === 'bigint' ? -1n - argument : -1 - argument
    const length = Number(argument)
    switch (major) {
      case 2:
        return this.#run(length)
      case 3:
        return text.decode(this.#run(length))
      case 4: {
        const items: unknown[] = []
        while (this.#more(length, items.length)) items.push(this.read(false))
        return items
      }
      case 5:
        return this.#map(length, asMap)
      default:
        return this.#tagged(length)
    }
  }

  #map(length: number, asMap: boolean): unknown {
    const map = new Map<unknown, unknown>()
    const object: Record<string, unknown> = {}
    for (let count = 0; this.#more(length, count); count++) {
      const key = this.read(false)
      if (!asMap && typeof key === 'object' && key !== null) throw new TypeError('a key that is no text')
      const value = this.read(false)
      if (asMap) map.set(key, value)
      // As a name it would be the prototype.
      else object[key === '__proto__' ? '__proto_' : String(key)] = value
    }
    return asMap ? map : object
  }

  /** Whether another one follows; one without a length ends with a mark. */
  #more(length: number, count: number): boolean {
    if (length !== ENDLESS) return count < length
    if (this.#bytes[this.#at] !== 0xff) return true
    this.#at++
    return false
  }

  #tagged(tag: number): unknown {
    const value = this.read(tag === MAP_TAG)
    if (tag === REF_TAG) return this.#refs.refOf(value)
    if (tag === ERROR_TAG) return errorOf(value)
    if (tag === DATE_TAG) return dateOf(value)
    if (tag === MAP_TAG) return value
    if (tag === SET_TAG) return new Set(value as Iterable<unknown>)
    if (!(value instanceof Uint8Array)) throw new TypeError(`tag ${tag} before something else than bytes`)
    if (tag > NEGATIVE_BIG_TAG) return typedArray(tag, value)
    const digits = Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('')
    const magnitude = BigInt(`0x0${digits}`)
    return tag === BIG_TAG ? magnitude : -1n - magnitude
  }

  #simple(first: number): unknown {
    const at = this.#at
    switch (first & 31) {
      case 20:
        return false
      case 21:
        return true
      case 22:
        return null
      case 23:
        return undefined
      case 25:
        this.#at += 2
        return half(this.#view.getUint16(at))
      case 26:
        this.#at += 4
        return this.#view.getFloat32(at)
      case 27:
        this.#at += 8
        return this.#view.getFloat64(at)
      default:
        throw new TypeError('an unknown simple value')
    }
  }

  #argument(info: number): number | bigint {
    if (info < 24) return info
    const at = this.#at
    if (info === 31) return ENDLESS
    this.#at += 1 << (info - 24)
    if (info === 24) return this.#bytes[at]!
    if (info === 25) return this.#view.getUint16(at)
    return info === 26 ? this.#view.getUint32(at) : this.#view.getBigUint64(at)
  }

  #run(length: number): Uint8Array {
    return this.#bytes.subarray(this.#at, (this.#at += length))
  }
}

/** The length of what ends with a mark. */
const ENDLESS = -1

function typedArray(tag: number, bytes: Uint8Array): unknown {
  for (const [known, Class] of TYPED_ARRAYS) {
    const size = Class.BYTES_PER_ELEMENT
    // Four less, and the highest byte of each comes first.
    const isTurned = size > 1 && tag === known - 4
    if (tag !== known && !isTurned) continue
    const copy = Uint8Array.from(bytes)
    if (isTurned) for (let i = 0; i < copy.length; i += size) copy.subarray(i, i + size).reverse()
    return new Class(copy.buffer)
  }
  throw new TypeError(`tag ${tag}`)
}

/** A number of 16 bits: a sign, 5 bits of exponent, 10 of fraction. */
function half(bits: number): number {
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  const size =
    exponent === 31
      ? fraction === 0
        ? Number.POSITIVE_INFINITY
        : Number.NaN
      : exponent === 0
        ? fraction * 2 ** -24
        : (1024 + fraction) * 2 ** (exponent - 25)
  return bits & 0x8000 ? -size : size
}
