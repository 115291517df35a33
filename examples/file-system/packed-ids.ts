import type { BlockId } from './block.ts'

const ID_BYTES = 32

/** Many block ids as one byte string: half the size of hex, and one item to encode. */
export function packIds(ids: Iterable<BlockId>): Uint8Array {
  return new Uint8Array(Buffer.from([...ids].join(''), 'hex'))
}

export function unpackIds(packed: Uint8Array): BlockId[] {
  const hex = Buffer.from(packed.buffer, packed.byteOffset, packed.length).toString('hex')
  const ids: BlockId[] = []
  for (let at = 0; at < hex.length; at += 2 * ID_BYTES) ids.push(hex.slice(at, at + 2 * ID_BYTES))
  return ids
}
