/**
 * Orders the writes of one key. Two writes never have the same: a writer uses a counter once, and no two
 * writers share a name.
 */
export interface Stamp {
  readonly counter: number
  readonly writer: string
}

/** The latest write of a key that somebody knows of. */
export interface RegisterEntry extends Stamp {
  /** A tombstone: kept, because without it an older value on another replica would come back. */
  readonly deleted: boolean
  /** Anything CBOR can carry; null in a tombstone. */
  readonly value: unknown
}

/** The stamp of a key nobody has written. */
export const UNWRITTEN: RegisterEntry = { counter: 0, writer: '', deleted: true, value: null }

/** Negative when `a` is older than `b`, 0 when they are the same write. */
export function compareStamps(a: Stamp, b: Stamp): number {
  if (a.counter !== b.counter) return a.counter - b.counter
  if (a.writer === b.writer) return 0
  return a.writer < b.writer ? -1 : 1
}
