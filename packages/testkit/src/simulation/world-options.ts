import { checkOptions, is } from '@troupe/core'
import type { LinkModel, MessageFault, NetworkEvent } from '@troupe/transport-memory/simulated'
import type { DiskAtlas } from './disk/disk-atlas.ts'
import type { DiskModel } from './disk/disk-model.ts'

/** How a world is made. */
export interface WorldOptions {
  /** Decides all there is to decide: equal seeds, equal runs. A text is hashed, unless it is a number. Default 1. */
  readonly seed?: number | string
  /**
   * `explore`: what is due at one instant happens in any order, actors have their turns in any order, and clocks begin
   * anywhere. `fifo`: all in the order in which it became due. Default `explore`.
   */
  readonly mode?: 'fifo' | 'explore'
  /** How links behave. */
  readonly network?: LinkModel
  /** The fault of the n-th frame from one machine to another. */
  readonly messageFaults?: (from: string, to: string, n: number) => MessageFault | null
  /** Sees what happens on the network. It must not throw, nor call the network. */
  readonly observe?: (event: NetworkEvent) => void
  /** How disks behave. Default: sound ones. */
  readonly disk?: Partial<DiskModel>
  /** What limits damage of disks that nobody is told of. Default: nothing does. */
  readonly atlas?: DiskAtlas
  /** How long after a process has ended by itself it is started again, in ms. Default: never. */
  readonly restartMs?: number
  /** Whether to keep what happens, for diagrams: about 100 bytes an event. Default false: only its hash. */
  readonly record?: boolean
  /** Whether a call of what no seed decides, `Date.now()` say, fails. Default true. */
  readonly trap?: boolean
  /**
   * A turn that takes longer than this, in ms of real time, is taken to go on for ever, and cut off: a violation `livelock`.
   * Default 10,000.
   */
  readonly turnLimitMs?: number
}

/** @throws {UnknownOptionError | InvalidOptionError} */
export function checkWorldOptions(options: WorldOptions): void {
  checkOptions('World', options, {
    seed: (value) => (typeof value === 'number' ? is.integer(0)(value) : is.string(value)),
    mode: is.oneOf('fifo', 'explore'),
    network: is.object,
    messageFaults: is.function,
    observe: is.function,
    disk: is.object,
    atlas: is.object,
    restartMs: is.integer(0),
    record: is.boolean,
    trap: is.boolean,
    turnLimitMs: is.number(1),
  })
}
