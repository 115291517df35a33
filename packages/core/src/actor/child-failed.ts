import type { AnyRef } from './any-ref.ts'

/** A child has failed, was not restarted, and is gone: what the handler `childFailed` of its parent gets. */
export interface ChildFailed {
  readonly ref: AnyRef
  readonly error: Error
  /** What was decided about it: `escalate` where this actor was made to fail too, and has resumed. */
  readonly directive: 'stop' | 'escalate'
}

/** Name of that handler. Nobody else can send such a message: a name among the reserved ones. */
export const CHILD_FAILED = 'childFailed'
