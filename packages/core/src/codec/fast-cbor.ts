import { Cbor } from './cbor.ts'
import { CborX } from './cbor-x.ts'
import { plainDecode, plainObjects } from './plain-decode.ts'
import { plainEncode } from './plain-encode.ts'

const plain = { encode: plainEncode, decode: plainDecode, objects: plainObjects }

/** A codec for a node: the fast way for what most messages are, and the library for the rest. */
export function fastCbor(): Cbor {
  return new Cbor(new CborX(), plain)
}
