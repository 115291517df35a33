import { InvalidOptionError } from '../errors.ts'
import type { Random } from '../runtime/random.ts'

/** What happens to an actor whose handler or set-up threw. */
export type Directive =
  /** It goes on with the next message and keeps its state. */
  | 'resume'
  /** Its set-up runs again; ref, name, mailbox and watchers stay. */
  | 'restart'
  /** It stops; its parent and its watchers are told that it failed. */
  | 'stop'
  /** It stops and its parent fails with the same error. */
  | 'escalate'

/** When an actor is started again. */
export type RestartPolicy =
  /** Also when it stops by itself; where the limit forbids it, its parent fails too. */
  | 'permanent'
  /** When it has failed. */
  | 'transient'
  /** Never: when it fails it stops, and when its cohort is restarted it stops too. */
  | 'temporary'

/** Whom the end of one child concerns, of those spawned below one parent with the same supervision: the cohort. */
export type Scope =
  /** Itself alone. Each child has a count of restarts of its own. */
  | 'one'
  /** The whole cohort, which has one count of restarts. */
  | 'all'
  /** Itself and those of the cohort that were spawned after it; the cohort has one count of restarts. */
  | 'rest'

/** When the end of significant children stops their parent. */
export type Shutdown = 'never' | 'any-significant' | 'all-significant'

/** What a supervisor is told of a failure. */
export interface Failure {
  /** For a permanent actor that stopped by itself, an {@link UnexpectedStopError}. */
  readonly error: Error
  /** Monotonic ms. */
  readonly nowMs: number
  readonly random: Random
  /** Of the actor it is about: a temporary one is not restarted whatever is decided. */
  readonly restart: RestartPolicy
  /** It did not fail, but stopped by itself although it is permanent: it can be restarted, and not resumed. */
  readonly ended: boolean
}

/** What is to be done about a failure. */
export interface Decision {
  readonly directive: Directive
  /** Wait before a restart, in ms; 0 for anything else. */
  readonly delayMs: number
  /** True when a restart was due but the limit is used up. */
  readonly limitReached: boolean
}

/**
 * How a parent has children supervised: given at spawn, shared by any number of them. Siblings that were given
 * the same object form a cohort.
 */
export interface Supervision {
  /** For events: `one-for-all`. */
  readonly name: string
  /** Default `one`. A directive other than resume concerns all of the scope, temporary children left out. */
  readonly scope?: Scope
  /** Default `never`. */
  readonly shutdown?: Shutdown
  /** A supervisor with its own count of restarts: for one child, or for a cohort below one parent. */
  supervise(): Supervisor
}

/** Decides for one child or one cohort. A pure state machine: time and chance come in with the failure. */
export interface Supervisor {
  /** What to do. One that throws is reported, and its actor stops. */
  decide(failure: Failure): Decision
}

const DIRECTIVES: readonly Directive[] = ['resume', 'restart', 'stop', 'escalate']

/**
 * A supervisor is code of the user's: what it decides on has to be something that can be done.
 *
 * @throws {InvalidOptionError}
 */
export function checkDecision(decision: Decision): Decision {
  const { directive, delayMs, limitReached } = (decision ?? {}) as Partial<Decision>
  if (!DIRECTIVES.includes(directive as Directive))
    throw new InvalidOptionError('decide', 'directive', DIRECTIVES.join(', '), directive)
  if (directive === 'restart' && (typeof delayMs !== 'number' || Number.isNaN(delayMs)))
    throw new InvalidOptionError('decide', 'delayMs', 'a number of ms', delayMs)
  return { directive: directive as Directive, delayMs: delayMs ?? 0, limitReached: limitReached === true }
}

/** No restart, and no limit that was in the way. */
export const STOP: Decision = { directive: 'stop', delayMs: 0, limitReached: false }

/** Stops a child that fails: what is done unless the parent asks for more. */
export const stopOnFailure: Supervision = {
  name: 'stop',
  supervise: () => ({ decide: () => STOP }),
}
