import type { Action } from './history.ts'

/**
 * What an object does when it is used by one caller at a time: a deterministic state machine over values.
 * It must look at nothing of an operation but `f`, `input`, `output` and `outcome`: equal ones are not asked twice.
 */
export interface Model<S> {
  /** For messages: `register`. */
  readonly name: string
  readonly initial: S
  /**
   * The state after the operation, or null when it could not have ended as it did in this state.
   *
   * One of unknown outcome fits wherever it could have been done with any answer at all, and has the same effect.
   * One that was refused (`canRefuse`) leaves the state alone.
   *
   * @throws {HistoryError} when there is no such operation
   */
  step(state: S, action: Action): { readonly state: S } | null
  /** Equal texts for equal states, different ones for different states. */
  identify(state: S): string
  /** Whether an operation always leaves the state alone: such a one without an answer says nothing and is dropped. */
  isRead(f: string): boolean
  /**
   * Whether the object may refuse, as a cas whose compare failed: then a `fail` without an `error`, and an `ok` with
   * the value false, are `refused`. Default: never.
   */
  canRefuse?(f: string): boolean
  /** True when `step` looks at `process` too. Default false. */
  readonly perProcess?: boolean
}
