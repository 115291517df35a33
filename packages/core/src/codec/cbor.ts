import { addExtension, Encoder } from 'cbor-x'
import { ActorRef, type AnyRef } from '../actor/ref.ts'
import { MalformedFrameError, NotSerializableError } from '../errors.ts'
import type { Encoded } from './encoded.ts'
import { NOT_PLAIN, plainDecode, plainObjects } from './plain-decode.ts'
import { plainEncode } from './plain-encode.ts'
import { checkedObjects, checkWellFormed, MAX_BIGINT_BYTES, MAX_DEPTH, MAX_OBJECTS } from './well-formed.ts'

/** A ref in pieces, as it stands behind its tag. */
export interface RefParts {
  readonly address: string
  readonly nodeUid: string
  readonly path: string
  readonly uid: number
}

/** Makes a ref that works on this node from its pieces. */
export type ResolveRef = (parts: RefParts) => AnyRef

/** Is told of a ref that leaves, in the pieces that travel. */
export type NoteRef = (parts: RefParts) => void

/** Tags from the range that is given out first come, first served (RFC 8949, 9.2). */
const REF_TAG = 0x5470
const ERROR_TAG = 0x5471

// The library's extensions are those of all its encoders, and are not told for whom it works.
/** Who encodes just now. */
let encoding: Cbor | null = null
/** Who decodes just now; whoever does so from within puts things back. */
let decoding: Cbor | null = null

addExtension<AnyRef, unknown>({
  // The library wants a class it could instantiate; it only ever asks `instanceof`.
  Class: ActorRef as never,
  tag: REF_TAG,
  encode: (ref, encode) => encode(encoding!.piecesOf(ref as ActorRef<never>)),
  decode: (parts: unknown) => decoding!.refOf(parts),
})

addExtension({
  Class: Error,
  tag: ERROR_TAG,
  encode: (error: Error, encode: (value: unknown) => Uint8Array) => encode([error.name, error.message]),
  decode: (parts: unknown) => decodeError(parts),
})

// The library multiplies and cuts off: one date in 160 would arrive a millisecond early.
addExtension({
  // Dates are encoded as ever.
  Class: undefined as never,
  encode: undefined as never,
  tag: 1,
  decode: (seconds: unknown) => new Date(toMs(Number(seconds))),
})

/** What the library would send as something else, an empty object or a tag that no decoder here takes. */
const REFUSED = [
  { Class: RegExp, what: 'a RegExp' },
  { Class: Promise, what: 'a promise (await it first)' },
  { Class: WeakMap, what: 'a WeakMap' },
  { Class: WeakSet, what: 'a WeakSet' },
] as const

for (const { Class, what } of REFUSED) {
  const refuse = (): never => {
    throw new TypeError(what)
  }
  // Only encoded, so without a tag; the library's types know no such extension.
  addExtension({ Class: Class as never, encode: refuse, decode: refuse, tag: undefined as never })
}

/** Encodes and decodes for one node. Nodes of one process share no state of it, so that none can see of another. */
export class Cbor {
  // Plain maps, no records: each message is decoded on its own, in any order. Bytes without a tag.
  readonly #library = new Encoder({ useRecords: false, mapsAsObjects: true, tagUint8Array: false })
  /** Who makes refs for the decode under way. Decoding is synchronous: there is one at a time. */
  #resolveRef: ResolveRef | null = null
  /** Hears of each ref in the encode under way. */
  #noteRef: NoteRef | null = null
  /** In what was decoded last: arrays, maps, byte strings and all that has a tag. */
  objects = 0
  /** Refs of a value that stays on this node, which are not to be opened to others; null when it leaves. */
  #refsAside: AnyRef[] | null = null

  /**
   * Encodes one value. Objects of classes arrive as plain objects; -0 arrives as 0.
   *
   * @param message name of the message, for the error
   * @throws {NotSerializableError} naming the path to what has no CBOR form
   */
  encode(value: unknown, message: string): Uint8Array {
    const { bytes, start, end } = this.encodePart(value, message)
    return bytes.subarray(start, end)
  }

  /**
   * The same without a view of what was encoded, which lies among other bytes: these must not be changed.
   *
   * @throws {NotSerializableError}
   */
  encodePart(value: unknown, message: string): Encoded {
    const plain = plainEncode(value)
    if (plain !== null) {
      if (plain.end - plain.start > MAX_OBJECTS) checkObjects(plain, message)
      return plain
    }
    const bytes = this.encodeAny(value, message)
    return { bytes, start: 0, end: bytes.length }
  }

  /** Any value by the library, plain or not. @throws {NotSerializableError} */
  encodeAny(value: unknown, message: string): Uint8Array {
    // All encoders of the library write to one place: the bytes of the two would end up among each other.
    if (encoding !== null) throw new NotSerializableError('payload', 'sent by a getter of another payload', message)
    encoding = this
    try {
      const bytes = this.#library.encode(value)
      // Whoever receives it checks it too, and closes the link: better no than that. Fewer bytes cannot break a limit.
      if (bytes.length > MAX_DEPTH) checkWellFormed(bytes)
      return bytes
    } catch (error) {
      const culprit = findCulprit(value, 'payload', new Set())
      if (culprit === null) throw new NotSerializableError('payload', toText(error), message)
      throw new NotSerializableError(culprit.path, culprit.what, message)
    } finally {
      encoding = null
    }
  }

  /** The same, telling of each ref in it. @throws {NotSerializableError} */
  encodePartNoting(value: unknown, message: string, note: NoteRef): Encoded {
    const outer = this.#noteRef
    this.#noteRef = note
    try {
      return this.encodePart(value, message)
    } finally {
      this.#noteRef = outer
    }
  }

  /**
   * Decodes one value of which nothing is known yet. Byte strings are views of `bytes`.
   *
   * @throws {MalformedFrameError} for anything that is not one well-formed, harmless item
   */
  decode(bytes: Uint8Array, resolve: ResolveRef): unknown {
    return this.decodePart({ bytes, start: 0, end: bytes.length }, resolve)
  }

  /**
   * The same for a part of `bytes`.
   *
   * @throws {MalformedFrameError}
   */
  decodePart({ bytes, start, end }: Encoded, resolve: ResolveRef): unknown {
    const plain = plainDecode(bytes, start, end)
    if (plain === NOT_PLAIN) return this.decodeAny(bytes.subarray(start, end), resolve)
    this.objects = plainObjects()
    return plain
  }

  /** Any value by the library, plain or not. @throws {MalformedFrameError} */
  decodeAny(bytes: Uint8Array, resolve: ResolveRef): unknown {
    checkWellFormed(bytes)
    this.objects = checkedObjects()
    const outer = decoding
    const outerResolve = this.#resolveRef
    decoding = this
    this.#resolveRef = resolve
    try {
      // Views of a Buffer would be Buffers, which are not equal to the arrays that were sent.
      const plain =
        bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
      return this.#library.decode(plain)
    } catch (error) {
      if (error instanceof MalformedFrameError) throw error
      throw new MalformedFrameError(toText(error))
    } finally {
      this.#resolveRef = outerResolve
      decoding = outer
    }
  }

  /**
   * What would arrive at another node in place of `value`, with the same refs. Encoding opens no actor to messages
   * from abroad.
   *
   * @param encoded encodes it with this codec, with all the limits that there are
   * @throws what `encoded` throws
   */
  passedThrough(encoded: () => Encoded): unknown {
    const outer = this.#refsAside
    this.#refsAside = []
    try {
      return this.decodePart(encoded(), refuseRef)
    } finally {
      this.#refsAside = outer
    }
  }

  /** What stands for a ref, behind its tag. */
  piecesOf(ref: ActorRef<never>): readonly unknown[] {
    if (this.#refsAside !== null) return [this.#refsAside.push(ref) - 1]
    const wire = ref.toWire()
    if (this.#noteRef !== null) {
      const [address, nodeUid, path, uid] = wire
      this.#noteRef({ address, nodeUid, path, uid })
    }
    return wire
  }

  /** The ref that such pieces stand for. @throws {MalformedFrameError} */
  refOf(pieces: unknown): AnyRef {
    const aside =
      this.#refsAside !== null && Array.isArray(pieces) && pieces.length === 1
        ? this.#refsAside[Number(pieces[0])]
        : undefined
    if (aside !== undefined) return aside
    if (this.#resolveRef === null || !Array.isArray(pieces) || pieces.length !== 4)
      throw new MalformedFrameError('a ref out of place')
    const [address, nodeUid, path, uid] = pieces
    if (
      typeof address !== 'string' ||
      typeof nodeUid !== 'string' ||
      typeof path !== 'string' ||
      typeof uid !== 'number'
    ) {
      throw new MalformedFrameError('a ref of wrong pieces')
    }
    return this.#resolveRef({ address, nodeUid, path, uid })
  }
}

/** Only a payload of as many bytes can have too many objects. */
function checkObjects({ bytes, start, end }: Encoded, message: string): void {
  try {
    checkWellFormed(bytes.subarray(start, end))
  } catch {
    throw new NotSerializableError('payload', `made of more than ${MAX_OBJECTS.toLocaleString('en')} objects`, message)
  }
}

function refuseRef(): never {
  throw new MalformedFrameError('a ref out of place')
}

/** Exact for every date there is: whole seconds and the rest apart, because their product is not. */
function toMs(seconds: number): number {
  const whole = Math.trunc(seconds)
  return whole * 1000 + Math.round((seconds - whole) * 1000)
}

function decodeError(parts: unknown): Error {
  const [name, message] = Array.isArray(parts) ? parts : []
  // A stack would be that of the decoder, and cost 5 us each: a frame may hold a million of these.
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  const error = new Error(String(message))
  Error.stackTraceLimit = limit
  if (typeof name === 'string') error.name = name
  return error
}

/** The first value without a CBOR form, with the way to it. */
function findCulprit(value: unknown, path: string, above: Set<object>): { path: string; what: string } | null {
  if (typeof value === 'function') return { path, what: 'a function' }
  if (typeof value === 'symbol') return { path, what: 'a symbol' }
  if (typeof value === 'bigint') return isTooLarge(value) ? { path, what: `over ${MAX_BIGINT_BYTES} bytes long` } : null
  if (typeof value !== 'object' || value === null || value instanceof ActorRef) return null
  const refused = REFUSED.find(({ Class }) => value instanceof Class)
  if (refused !== undefined) return { path, what: refused.what }
  if (above.has(value)) return { path, what: 'part of itself (a cycle)' }
  if (above.size > MAX_DEPTH) return { path, what: `nested deeper than ${MAX_DEPTH}` }
  above.add(value)
  for (const [key, inner] of entriesOf(value)) {
    const culprit = findCulprit(inner, `${path}${key}`, above)
    if (culprit !== null) return culprit
  }
  above.delete(value)
  return null
}

function isTooLarge(value: bigint): boolean {
  return BigInt.asIntN(8 * MAX_BIGINT_BYTES, value) !== value
}

function* entriesOf(value: object): Generator<[string, unknown]> {
  if (value instanceof Map) for (const [key, inner] of value) yield [`.get(${String(key)})`, inner]
  else if (value instanceof Set) for (const inner of value) yield ['.values()', inner]
  else if (Array.isArray(value)) for (const [i, inner] of value.entries()) yield [`[${i}]`, inner]
  else for (const [key, inner] of Object.entries(value)) yield [`.${key}`, inner]
}

function toText(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
