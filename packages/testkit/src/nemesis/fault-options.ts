/**
 * Kinds of faults that a run may have.
 *
 * - `crash`: a node loses its memory, keeps what is durable on its disk, and comes up again
 * - `wipe`: it loses its disk too
 * - `pause`: it has no time, as in a long collection of garbage or a suspended machine, and then does all late
 * - `partition`: some reach others no more, both ways or one way; clients too
 * - `clog`: what is sent between two takes long, or waits
 * - `reset`: connections break
 * - `clock`: wall clocks jump, and clocks run too fast or too slowly
 * - `slow`: each turn of a node takes its time
 * - `slow-disk`, `disk-errors`: calls of a disk take long, or reject
 * - `disk-lies`: a disk says that something is durable and it is not, damages what it holds, writes to the wrong place
 * - `upgrade`: a node crashes and comes up as another version
 */
export type FaultKind = (typeof FAULT_KINDS)[number]

/** All kinds, in the order in which a seed chooses among them. */
export const FAULT_KINDS = [
  'crash',
  'wipe',
  'pause',
  'partition',
  'clog',
  'reset',
  'clock',
  'slow',
  'slow-disk',
  'disk-errors',
  'disk-lies',
  'upgrade',
] as const

/** Which faults a seed may choose. */
export interface FaultOptions {
  /** Default: all but `wipe` and `disk-lies`; never `upgrade` where there are no `versions`. */
  readonly kinds?: readonly FaultKind[]
  /** Most nodes that are down at one time. Default: a minority, of one or two nodes none, so that a majority keeps its memory. */
  readonly maxDown?: number
  /** Mean time between two faults, in ms. Default: drawn for each run, 100 to 5,000. */
  readonly meanGapMs?: number
  /** What an upgrade may make of a node. */
  readonly versions?: readonly string[]
}
