import { ActorRef, type AnyRef } from '../actor/ref.ts'
import { MalformedFrameError, NotSerializableError } from '../errors.ts'
import { type CborLibrary, REFUSED, type RefForm } from './cbor-library.ts'
import type { Encoded } from './encoded.ts'
import { NOT_PLAIN, type PlainCbor } from './plain-cbor.ts'
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

/** Encodes and decodes for one node. Nodes of one process share no state of it, so that none can see of another. */
export class Cbor implements RefForm {
  readonly #library: CborLibrary
  readonly #plain: PlainCbor | null
  /** Who makes refs for the decode under way. Decoding is synchronous: there is one at a time. */
  #resolveRef: ResolveRef | null = null
  /** Hears of each ref in the encode under way. */
  #noteRef: NoteRef | null = null
  /** In what was decoded last: arrays, maps, byte strings and all that has a tag. */
  objects = 0
  /** Refs of a value that stays on this node, which are not to be opened to others; null when it leaves. */
  #refsAside: AnyRef[] | null = null

  /**
   * @param library one that nobody else has
   * @param plain a faster way for what most messages are; null to do without
   */
  constructor(library: CborLibrary, plain: PlainCbor | null) {
    this.#library = library
    this.#plain = plain
  }

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
    const plain = this.#plain
    const encoded = plain === null ? null : plain.encode(value)
    if (encoded !== null) {
      if (encoded.end - encoded.start > MAX_OBJECTS) checkObjects(encoded, message)
      return encoded
    }
    const bytes = this.encodeAny(value, message)
    return { bytes, start: 0, end: bytes.length }
  }

  /** Any value by the library, plain or not. @throws {NotSerializableError} */
  encodeAny(value: unknown, message: string): Uint8Array {
    if (this.#library.busy) throw new NotSerializableError('payload', 'sent by a getter of another payload', message)
    try {
      const bytes = this.#library.encode(value, this)
      // Whoever receives it checks it too, and closes the link: better no than that. Fewer bytes cannot break a limit.
      if (bytes.length > MAX_DEPTH) checkWellFormed(bytes)
      return bytes
    } catch (error) {
      const culprit = findCulprit(value, 'payload', new Set())
      if (culprit === null) throw new NotSerializableError('payload', toText(error), message)
      throw new NotSerializableError(culprit.path, culprit.what, message)
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
    const plain = this.#plain
    const value = plain === null ? NOT_PLAIN : plain.decode(bytes, start, end)
    if (plain === null || value === NOT_PLAIN) return this.decodeAny(bytes.subarray(start, end), resolve)
    this.objects = plain.objects()
    return value
  }

  /** Any value by the library, plain or not. @throws {MalformedFrameError} */
  decodeAny(bytes: Uint8Array, resolve: ResolveRef): unknown {
    checkWellFormed(bytes)
    this.objects = checkedObjects()
    const outer = this.#resolveRef
    this.#resolveRef = resolve
    try {
      // Views of a Buffer would be Buffers, which are not equal to the arrays that were sent.
      const plain =
        bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
      return this.#library.decode(plain, this)
    } catch (error) {
      if (error instanceof MalformedFrameError) throw error
      throw new MalformedFrameError(toText(error))
    } finally {
      this.#resolveRef = outer
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
