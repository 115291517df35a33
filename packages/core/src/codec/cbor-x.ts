import { addExtension, Encoder } from 'cbor-x'
import { ActorRef, type AnyRef } from '../actor/ref.ts'
import { type CborLibrary, dateOf, ERROR_TAG, errorOf, REF_TAG, REFUSED, type RefForm } from './cbor-library.ts'

// The library's extensions are those of all its encoders, and are not told for whom it works.
/** Whose refs are encoded just now. */
let encoding: RefForm | null = null
/** Whose refs are decoded just now; whoever does so from within puts things back. */
let decoding: RefForm | null = null

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
  decode: (parts: unknown) => errorOf(parts),
})

// The library multiplies and cuts off: one date in 160 would arrive a millisecond early.
addExtension({
  // Dates are encoded as ever.
  Class: undefined as never,
  encode: undefined as never,
  tag: 1,
  decode: (seconds: unknown) => dateOf(seconds),
})

// The library would send them as an empty object or a tag that no decoder here takes.
for (const { Class, what } of REFUSED) {
  const refuse = (): never => {
    throw new TypeError(what)
  }
  // Only encoded, so without a tag; the library's types know no such extension.
  addExtension({ Class: Class as never, encode: refuse, decode: refuse, tag: undefined as never })
}

/** The library cbor-x, for one node. Nodes of one process share no state of it, so that none can see of another. */
export class CborX implements CborLibrary {
  // Plain maps, no records: each message is decoded on its own, in any order. Bytes without a tag.
  readonly #encoder = new Encoder({ useRecords: false, mapsAsObjects: true, tagUint8Array: false })

  /** All encoders of the library write to one place: the bytes of two would end up among each other. */
  get busy(): boolean {
    return encoding !== null
  }

  encode(value: unknown, refs: RefForm): Uint8Array {
    encoding = refs
    try {
      return this.#encoder.encode(value)
    } finally {
      encoding = null
    }
  }

  decode(bytes: Uint8Array, refs: RefForm): unknown {
    const outer = decoding
    decoding = refs
    try {
      return this.#encoder.decode(bytes)
    } finally {
      decoding = outer
    }
  }
}
