import type { Encoded } from './encoded.ts'

/** What {@link PlainCbor} returns for what it leaves to others. */
export const NOT_PLAIN: unique symbol = Symbol('not plain')

/** Encodes and decodes what most messages are, without what it takes to do so with everything. */
export interface PlainCbor {
  /** @returns null for any other value */
  encode(value: unknown): Encoded | null
  /** @returns {@link NOT_PLAIN} for anything else, well-formed or not */
  decode(bytes: Uint8Array, start: number, end: number): unknown
  /** Of how many objects the last value is made that was decoded. */
  objects(): number
}
