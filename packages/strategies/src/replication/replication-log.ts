/** One operation in the order that the primary gave it. */
export interface LogEntry {
  /** 1 and up, without gaps. */
  readonly sequence: number
  /** Epoch of the primary that gave it its place. */
  readonly epoch: number
  readonly operation: unknown
}

/** How far a replica is: its last entry. Equal positions mean equal logs up to there. */
export interface Position {
  readonly sequence: number
  readonly epoch: number
}

export const START: Position = { sequence: 0, epoch: 0 }

/**
 * The latest operations of a replica, `limit` to twice as many, and all that are not applied yet; what is older is in
 * its state machine only.
 */
export class ReplicationLog {
  readonly #limit: number
  #entries: LogEntry[] = []
  /** Position before the first entry kept. */
  #base: Position = START

  constructor(limit: number) {
    this.#limit = limit
  }

  get last(): Position {
    return this.#entries.at(-1) ?? this.#base
  }

  /** @param applied sequence of the last entry that the state machine has: those behind it are here only, and stay */
  append(entry: LogEntry, applied: number): void {
    this.#entries.push(entry)
    // Twice the limit, then cut to it: moving the rest at every append would cost as much as the limit.
    const dispensable = Math.min(this.#entries.length - this.#limit, applied - this.#base.sequence)
    if (dispensable > this.#limit) this.#cut(dispensable)
  }

  at(sequence: number): LogEntry | undefined {
    return this.#entries[sequence - this.#base.sequence - 1]
  }

  /**
   * The entries after `position`, at most `most`.
   *
   * @returns null when they are gone, or the position is one of another history: then only a snapshot helps
   */
  after(position: Position, most: number): readonly LogEntry[] | null {
    const index = position.sequence - this.#base.sequence
    const known = index === 0 ? this.#base : this.#entries[index - 1]
    return known?.epoch === position.epoch ? this.#entries.slice(index, index + most) : null
  }

  /** The position of an entry that is kept, or of the last one before those. */
  positionAt(sequence: number): Position {
    const { epoch } = this.at(sequence) ?? this.#base
    return { sequence, epoch }
  }

  /** Drops every entry after `sequence`. */
  truncate(sequence: number): void {
    this.#entries.length = Math.max(0, sequence - this.#base.sequence)
  }

  /** Starts anew after `position`: everything before is in a snapshot. */
  reset(position: Position): void {
    this.#entries = []
    this.#base = { sequence: position.sequence, epoch: position.epoch }
  }

  #cut(count: number): void {
    const { sequence, epoch } = this.#entries[count - 1]!
    this.#base = { sequence, epoch }
    this.#entries = this.#entries.slice(count)
  }
}

export function comparePositions(a: Position, b: Position): number {
  return a.epoch - b.epoch || a.sequence - b.sequence
}
