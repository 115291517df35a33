import type { Random } from '../runtime/random.ts'

/** What happens to an actor whose handler or set-up threw. */
export type Directive =
  /** It goes on with the next message and keeps its state. */
  | 'resume'
  /** Its set-up runs again; ref, name, mailbox and watchers stay. */
  | 'restart'
  /** It stops; watchers are told that it failed. */
  | 'stop'
  /** It stops and its parent fails with the same error. */
  | 'escalate'

export interface Failure {
  readonly error: Error
  /** Monotonic ms. */
  readonly nowMs: number
  readonly random: Random
}

export interface Decision {
  readonly directive: Directive
  /** Wait before a restart, in ms; 0 for anything else. */
  readonly delayMs: number
  /** True when a restart was due but the limit is used up. */
  readonly limitReached: boolean
}

/** How a parent has a child supervised: given at spawn, shared by any number of children. */
export interface Supervision {
  readonly name: string
  /** A supervisor for one child, with its own count of restarts. */
  supervise(): Supervisor
}

/** Decides for one child. A pure state machine: time and chance come in with the failure. */
export interface Supervisor {
  decide(failure: Failure): Decision
}

export const STOP: Decision = { directive: 'stop', delayMs: 0, limitReached: false }

/** Stops a child that fails: what is done unless the parent asks for more. */
export const stopOnFailure: Supervision = {
  name: 'stop',
  supervise: () => ({ decide: () => STOP }),
}
