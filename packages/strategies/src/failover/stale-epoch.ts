import { TroupeError } from '@troupe/core'

/** Somebody acts in an epoch that is over: another one has taken its place meanwhile. */
export class StaleEpochError extends TroupeError {
  override readonly name = 'StaleEpochError'
  readonly code = 'STALE_EPOCH'
  readonly epoch: number
  readonly current: number

  constructor(what: string, epoch: number, current: number) {
    super(`${what}: epoch ${epoch} is over, the present one is ${current}; stop acting in the old one`)
    this.epoch = epoch
    this.current = current
  }
}
