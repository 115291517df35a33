import { TroupeError } from '../errors.ts'

/** As many messages as a producer keeps are not confirmed yet. This one was not taken in. */
export class DeliveryBufferFullError extends TroupeError {
  override readonly name = 'DeliveryBufferFullError'
  readonly code = 'DELIVERY_BUFFER_FULL'
  override readonly retryable = true

  constructor(id: string, capacity: number) {
    super(
      `producer "${id}" has ${capacity} messages that are not confirmed; wait for some of its answers, then try again`,
    )
  }
}
