import type { DiskModel } from '../simulation/disk/disk-model.ts'

/**
 * One thing that happens to a cluster from without: data, so that a run that failed can be kept as a file and made
 * smaller by leaving some out. One that makes no sense at its time, a crash of what is down say, does nothing.
 */
export type NemesisOperation = {
  /** When, in virtual ms from the start of the run. */
  readonly atMs: number
} & NemesisAction

/** What a nemesis can do. Names are those of nodes and clients. */
export type NemesisAction =
  | {
      /**
       * `crash`: memory is lost, the disk keeps what is durable. `wipe`: a crash, and a new disk. `start`: what is down
       * comes up again. `pause`: no time for any task until `resume`; then whatever was due comes late, in its order.
       */
      readonly op: 'crash' | 'wipe' | 'start' | 'pause' | 'resume'
      readonly node: string
    }
  /** Crashes the node and starts it as another version. */
  | { readonly op: 'upgrade'; readonly node: string; readonly version: string }
  /**
   * Nodes of different groups do not reach each other; who is in none reaches everybody, and so holds a bridge. What
   * was cut before stays cut. With `oneWay`, what a later group sends to an earlier one still arrives.
   */
  | { readonly op: 'partition'; readonly groups: readonly (readonly string[])[]; readonly oneWay?: boolean }
  /** Opens every way again: ends partitions and cuts, and lets go what was clogged or held. */
  | { readonly op: 'heal' }
  /** Nothing gets from one to the other, or again something does; the way back is another matter. */
  | { readonly op: 'cut' | 'restore'; readonly from: string; readonly to: string }
  /** What is sent waits on the way, until `unclog`; with `hold` it waits, and goes all at once at `release`. */
  | { readonly op: 'clog' | 'unclog' | 'hold' | 'release'; readonly from: string; readonly to: string }
  /** Connections between the two break now. */
  | { readonly op: 'reset'; readonly from: string; readonly to: string }
  /** Sets the wall clock on by `stepMs`; has both clocks run faster by `driftPpm` from now on. */
  | { readonly op: 'clock'; readonly node: string; readonly stepMs?: number; readonly driftPpm?: number }
  /** Each turn of the node takes `turnMs` from now on; 0 ends it. */
  | { readonly op: 'slow'; readonly node: string; readonly turnMs: number }
  /** Changes how the disk of the node behaves; what is not named stays as it is. */
  | { readonly op: 'disk'; readonly node: string; readonly changes: Partial<DiskModel> }
