import type { AnyRef } from './ref.ts'
import type { TerminationReason } from './watcher.ts'

/** The end of a watched actor. After it, nothing of that actor arrives any more. */
export interface Terminated {
  readonly ref: AnyRef
  readonly reason: TerminationReason
}
