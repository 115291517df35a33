/** Why an actor is gone. */
export type TerminationReason =
  /** It stopped in order. */
  | 'stopped'
  /** It failed and was not restarted. */
  | 'failed'
  /** It did not stop within its time, or was stopped without being asked. */
  | 'killed'
  /** It was gone before the watch began. */
  | 'not-found'
  /** Its node is unreachable for longer than `disconnectGraceMs`, or has left. */
  | 'node-down'
  /** Its node started anew at the same address. */
  | 'node-restarted'

/** Somebody to tell when an actor ends: a watching actor here, or a node that watches for one of its own. */
export interface Watcher {
  /** Of the actor that is told, if it is one. */
  readonly uid?: number
  terminated(reason: TerminationReason): void
}
