/** What Node's own kind of bytes can do with text: several times as fast as what every host has. */
export interface NodeBytes {
  /** Half a pair becomes a replacement character. @returns how many bytes it took */
  utf8Write(text: string, offset: number, length: number): number
  utf8Slice(start: number, end: number): string
}

interface NodeBytesClass {
  /** What it returns holds whatever was in that memory before. */
  allocUnsafeSlow(sizeBytes: number): Uint8Array<ArrayBuffer>
}

const { Buffer: Bytes } = globalThis as { readonly Buffer?: NodeBytesClass }

/** A piece of memory to write into, and the ways to do so. What was not written to must not be read. */
export class Block {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly view: DataView<ArrayBuffer>
  /** Null where the host is not Node. */
  readonly node: NodeBytes | null

  /** @param sizeBytes nothing is cleared where the host can do without, which takes as long as writing a message does */
  constructor(sizeBytes: number) {
    const bytes = Bytes === undefined ? new Uint8Array(sizeBytes) : Bytes.allocUnsafeSlow(sizeBytes)
    this.node = isNodeBytes(bytes) ? bytes : null
    // Plain bytes: views of Node's own would be of its own kind too, which is not equal to others of the same content.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, sizeBytes)
    this.view = new DataView(bytes.buffer, bytes.byteOffset, sizeBytes)
  }
}

export function isNodeBytes(bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> & NodeBytes {
  return 'utf8Write' in bytes
}
