import { TroupeError } from '../errors.ts'

/** Nobody hosts the singleton at present, and as many messages wait for it on this node as may. It was not sent. */
export class SingletonBufferFullError extends TroupeError {
  override readonly name = 'SingletonBufferFullError'
  readonly code = 'SINGLETON_BUFFER_FULL'
  override readonly retryable = true

  constructor(singleton: string) {
    super(`nobody hosts singleton "${singleton}", and no more may wait for it here; ask again later`)
  }
}
