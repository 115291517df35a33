import { TroupeError } from '@troupe/core'

/** A backup was given a write. It was not handled. */
export class NotPrimaryError extends TroupeError {
  override readonly name = 'NotPrimaryError'
  readonly code = 'NOT_PRIMARY'
  override readonly retryable = true

  constructor(path: string, epoch: number) {
    super(`${path} is not the primary in epoch ${epoch}; ask the one that was appointed, or appoint one`)
  }
}

/** Too few backups have a write. */
export class NotReplicatedError extends TroupeError {
  override readonly name = 'NotReplicatedError'
  readonly code = 'NOT_REPLICATED'
  override readonly retryable: boolean
  /** `not-sent`: nothing was done. `unknown`: the primary goes on sending it, so it may show later. */
  readonly outcome: 'not-sent' | 'unknown'

  constructor(strategy: string, needed: number, backups: number, outcome: 'not-sent' | 'unknown', why: string) {
    const effect = outcome === 'unknown' ? 'it may show later nevertheless' : 'nothing was done'
    super(`${needed} of ${backups} backups must have a write (${strategy}), and ${why}; ${effect}`)
    this.outcome = outcome
    this.retryable = outcome === 'not-sent'
  }
}

/** Too few replicas could be asked for one of them to be made primary. None was. */
export class NotAppointedError extends TroupeError {
  override readonly name = 'NotAppointedError'
  readonly code = 'NOT_APPOINTED'
  override readonly retryable = true

  constructor(epoch: number, answered: number, minimum: number, why: string) {
    super(
      `no primary for epoch ${epoch}: ${answered} replicas answered, ${minimum} must${why === '' ? '' : ` (${why})`}`,
    )
  }
}
