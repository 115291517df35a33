/** Why a frame did not arrive. */
export type DropReason =
  /** Lost on its way, by chance; of an ordered link, the frame at which it broke by chance. */
  | 'loss'
  /** Lost on its way, because a list of faults says so. */
  | 'fault'
  /** Sent as a datagram where the way is cut. */
  | 'cut'
  /** On its way when its connection broke, or sent before the sender knew. */
  | 'reset'
  /** The receiver has crashed, or the sender has before the frame was through. */
  | 'crash'
  /** The receiver has closed the link. */
  | 'closed'

/**
 * Something that happened on a simulated network. `from` and `to` are names of nodes.
 *
 * - `sent`, `received`, `dropped`, `duplicated`, `corrupted`: of a frame, from its sender to its receiver. What was
 *   sent or duplicated is received or dropped, or on its way.
 * - `dialled`: a dial of `from` is over; `link` is 0 and `reason` says why when it failed.
 * - `linked`: `from` has an end of a link to `to`. Both sides have one each.
 * - `unlinked`: `from` knows that it ended, and why. Both sides, at different times.
 */
export interface NetworkEvent {
  readonly kind: 'sent' | 'received' | 'dropped' | 'duplicated' | 'corrupted' | 'dialled' | 'linked' | 'unlinked'
  readonly from: string
  readonly to: string
  /** Number of the link, from 1 in the order in which links are made; 0 for none. */
  readonly link: number
  /** Which frame from `from` to `to` of the whole run it is, from 1; 0 for what is no frame. */
  readonly n: number
  readonly sizeBytes: number
  /** The frame; null for what is none. Neither keep it nor change it: it belongs to the receiver. */
  readonly bytes: Uint8Array | null
  /** A `DropReason` for `dropped`, words for `dialled` and `unlinked`, else empty. */
  readonly reason: string
}

/** A fault of one frame, by its number: data, so that a run can be told again without the frames around it. */
export interface MessageFault {
  /** `a>b`: from the node a to the node b. */
  readonly link: string
  /** Which frame of the whole run in that direction, from 1. */
  readonly n: number
  /**
   * On an ordered link `drop` breaks the connection at that frame, for nothing else loses one there, `duplicate` does
   * nothing, and what comes after a delayed frame waits for it.
   */
  readonly fault: 'drop' | 'duplicate' | 'corrupt' | 'delay'
  /** How much longer a delayed frame takes. Default: 1,000. */
  readonly delayMs?: number
}
