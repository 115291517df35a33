import type { TerminationReason } from '../actor/watcher.ts'
import { TroupeError } from '../errors.ts'

/** An observed actor ended, and not in order: it failed, was killed, or its node is gone. */
export class ActorEndedError extends TroupeError {
  override readonly name = 'ActorEndedError'
  readonly code = 'ACTOR_ENDED'
  readonly reason: Exclude<TerminationReason, 'stopped'>
  readonly target: string

  constructor(target: string, reason: Exclude<TerminationReason, 'stopped'>) {
    super(`${target} ended while it was observed (${reason}); find its successor and observe that one`)
    this.reason = reason
    this.target = target
  }
}
