/** Kinds of faults that a run may have. */
export type FaultKind = 'crash' | 'wipe' | 'pause' | 'partition' | 'clog' | 'reset' | 'clock' | 'slow' | 'upgrade'

/** Which faults a seed may choose. */
export interface FaultOptions {
  /** Default: all but `wipe`, and `upgrade` where there are no `versions`. */
  readonly kinds?: readonly FaultKind[]
  /** Most nodes that are down at one time. Default: a minority, so that a majority keeps what it has in memory. */
  readonly maxDown?: number
  /** Mean time between two faults, in ms. Default: drawn for each run, 200 to 5,000. */
  readonly meanGapMs?: number
  /** What an upgrade may make of a node. */
  readonly versions?: readonly string[]
}

export const FAULT_KINDS: readonly FaultKind[] = [
  'crash',
  'wipe',
  'pause',
  'partition',
  'clog',
  'reset',
  'clock',
  'slow',
  'upgrade',
]
