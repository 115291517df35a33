/** One thing that a simulated disk did, for traces. */
export interface DiskEvent {
  /** A call, named as in `Disk` and `DiskFile` (`sync-names` is that of the disk), or what befell the disk. */
  readonly kind:
    | 'open'
    | 'list'
    | 'rename'
    | 'remove'
    | 'sync-names'
    | 'append'
    | 'read'
    | 'truncate'
    | 'sync'
    | 'close'
    | 'crash'
    | 'wipe'
  /** Which file, by the name it has after it; null for what concerns none. */
  readonly file: string | null
  /** Bytes that were moved; of a cut, a sync and a crash how long the file is after it. */
  readonly sizeBytes: number
  /** What was appended. */
  readonly bytes?: Uint8Array
  /** What goes wrong with it; null for nothing. */
  readonly fault: DiskFault | null
}

/** `full` has no room, `failed` rejects, `lied` resolves without effect; the others are as in `DiskModel`. */
export type DiskFault = 'full' | 'failed' | 'lied' | 'delayed' | 'corrupted' | 'misdirected'
