import type { ActorRef, AnyRef } from '../actor/ref.ts'

/** What stands for a ref among other values. */
export interface RefForm {
  piecesOf(ref: ActorRef<never>): readonly unknown[]
  /** @throws {MalformedFrameError} */
  refOf(pieces: unknown): AnyRef
}

/** Turns values of every kind into CBOR and back. What one encodes, the other decodes to the same. */
export interface CborLibrary {
  /** It encodes just now, and cannot begin another value in the midst of that one. */
  readonly busy: boolean
  /** @throws {Error} for what has no CBOR form */
  encode(value: unknown, refs: RefForm): Uint8Array
  /**
   * @param bytes a well-formed item with tags that are allowed; no Buffer
   * @throws {Error} for what means nothing
   */
  decode(bytes: Uint8Array, refs: RefForm): unknown
}

/** Tags from the range that is given out first come, first served (RFC 8949, 9.2). */
export const REF_TAG = 0x5470
export const ERROR_TAG = 0x5471

/** What would arrive as something else, or not at all. */
export const REFUSED: readonly { readonly Class: abstract new (...args: never[]) => object; readonly what: string }[] =
  [
    { Class: RegExp, what: 'a RegExp' },
    { Class: Promise, what: 'a promise (await it first)' },
    { Class: WeakMap, what: 'a WeakMap' },
    { Class: WeakSet, what: 'a WeakSet' },
    { Class: Blob, what: 'a Blob (send its bytes)' },
  ]

/** The date that a number of seconds stands for: whole seconds and the rest apart, because their product is not exact. */
export function dateOf(seconds: unknown): Date {
  const number = Number(seconds)
  const whole = Math.trunc(number)
  return new Date(whole * 1000 + Math.round((number - whole) * 1000))
}

/** The error that a name and a message stand for. */
export function errorOf(pieces: unknown): Error {
  const [name, message] = Array.isArray(pieces) ? pieces : []
  // A stack would be that of the decoder, and cost 5 us each: a frame may hold a million of these.
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  const error = new Error(String(message))
  Error.stackTraceLimit = limit
  if (typeof name === 'string') error.name = name
  return error
}
