import type { Deadline } from '../runtime/timer-queue.ts'
import type { TerminationReason } from './watcher.ts'

// How far the end of an incarnation has come.

/** The actor handles nothing any more, but others are to end first: younger ones of its cohort, or of its parent. */
export const HELD = 0
/** The handler under way ends, then the children stop one by one. */
export const WINDING = 1
/** Children are gone, and the clean-ups run. */
export const CLEANING = 2
/** The incarnation has ended; what is left to wait for are children that are killed, and entries of the ring. */
export const OVER = 3
/** Nothing is left, and the actor waits to be started again. */
export const PARKED = 4

/** What an actor failed of, and what was decided. */
export interface FinalFailure {
  readonly error: Error
  readonly directive: 'stop' | 'escalate'
}

/** The end of one incarnation, as far as it has come. */
export class Ending {
  /** Set-up has not run yet: what comes is the first start. */
  readonly unstarted: boolean
  phase: number = WINDING
  reason: TerminationReason = 'stopped'
  /** The actor failed for good; null otherwise. */
  failure: FinalFailure | null = null
  /** It stopped itself or failed for good: nobody has stopped it. */
  byItself = false
  restartDelayMs = 0
  /** Children handle what they have before they stop. */
  draining = false
  /** Of what it waits for: the time to end in order, then the wait before the next start. */
  limit: Deadline | null = null

  constructor(unstarted: boolean) {
    this.unstarted = unstarted
  }

  /** From here on it goes another way, and has all its time again. */
  redirect(reason: TerminationReason, more: EndingDetails): void {
    this.reason = reason
    this.failure = more.failure ?? null
    this.byItself = more.byItself ?? false
    this.restartDelayMs = more.restartDelayMs ?? 0
    this.endWait()
  }

  endWait(): void {
    this.limit?.cancel()
    this.limit = null
  }
}

/** What is not the same for every end. */
export interface EndingDetails {
  readonly failure?: FinalFailure | null
  readonly byItself?: boolean
  readonly restartDelayMs?: number
  /** The end does not begin before it is released, or stopped. */
  readonly held?: boolean
}
