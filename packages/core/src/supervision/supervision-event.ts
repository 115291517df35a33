import type { Directive } from './directive.ts'

/** What supervision did, as system events. */
export type SupervisionEvent =
  /** A handler or set-up threw, a child escalated, or a permanent actor stopped by itself. */
  | {
      readonly type: 'actor-failed'
      readonly path: string
      readonly error: Error
      readonly directive: Directive
      /** Name of the supervision that decided. */
      readonly supervision: string
      /** How often the actor has been restarted so far. */
      readonly restarts: number
      /** Wait before the restart, once all that must end has ended, in ms; 0 for another directive. */
      readonly delayMs: number
      /** How many levels below the failure began: 0 for one of its own, more where children escalated. */
      readonly escalations: number
    }
  | { readonly type: 'actor-restarted'; readonly path: string; readonly restarts: number }
  /** A restart was due, but as many as allowed lie within the window. */
  | {
      readonly type: 'restart-limit'
      readonly path: string
      readonly error: Error
      readonly supervision: string
      readonly restarts: number
    }
  /** A failure at `path` takes `members` of its cohort down, itself included. */
  | {
      readonly type: 'cohort-restarting' | 'cohort-stopping'
      readonly path: string
      readonly supervision: string
      readonly members: number
    }
  /** The actor stops because `child`, a significant one, has ended by itself. */
  | { readonly type: 'auto-shutdown'; readonly path: string; readonly child: string }
