import { TroupeError } from '@troupe/core'

/** A list of events that is no history, or one that a checker cannot read; the message says where and why. */
export class HistoryError extends TroupeError {
  override readonly name = 'HistoryError'
  readonly code = 'HISTORY_INVALID'
}
