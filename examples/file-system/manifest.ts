/** What a name stands for. Replaced as a whole: a reader has the old file or the new one, never a mixture. */
export interface Manifest {
  readonly sizeBytes: number
  /** SHA-256 of the whole file in hex. */
  readonly sha256: string
  /** Ids of the blocks in order, packed. */
  readonly blocks: Uint8Array
  readonly modifiedMs: number
  /** Media type, as `text/plain`. */
  readonly type: string
}
