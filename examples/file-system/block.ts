import { createHash } from 'node:crypto'

/** Files are cut into pieces of this size, in bytes; the last one is what is left. */
export const BLOCK_BYTES: number = 256 * 1024

/** Nodes that hold a copy of each block. A write is acknowledged when this many have it on disk. */
export const COPIES = 3

/** The SHA-256 of a block in hex: names its content, so a block never changes and can be checked anywhere. */
export type BlockId = string

export function blockIdOf(bytes: Uint8Array): BlockId {
  return createHash('sha256').update(bytes).digest('hex')
}

export function isBlockId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text)
}

/** Cuts a stream into blocks. Holds one block in memory; whoever reads slowly slows the stream down. */
export async function* cut(
  stream: AsyncIterable<Uint8Array>,
  sizeBytes: number = BLOCK_BYTES,
): AsyncGenerator<Uint8Array> {
  let block = new Uint8Array(sizeBytes)
  let filled = 0
  for await (const chunk of stream) {
    for (let at = 0; at < chunk.length; ) {
      const taken = Math.min(sizeBytes - filled, chunk.length - at)
      block.set(chunk.subarray(at, at + taken), filled)
      filled += taken
      at += taken
      if (filled < sizeBytes) continue
      yield block
      // A new one: the last is still on its way to the nodes.
      block = new Uint8Array(sizeBytes)
      filled = 0
    }
  }
  if (filled > 0) yield block.slice(0, filled)
}
