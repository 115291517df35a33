import { toError } from '../errors.ts'
import type { Origin } from './origin.ts'
import type { Deferred } from './reply.ts'

/** An answer taken over by `ctx.reply()`. */
export class OwedReply implements Deferred<unknown> {
  #origin: Origin | null
  readonly #onEnd: () => void

  constructor(origin: Origin | null, onEnd: () => void) {
    this.#origin = origin
    this.#onEnd = onEnd
  }

  resolve(value: unknown): void {
    this.#take()?.settle(value)
  }

  reject(error: unknown): void {
    this.#take()?.fail(toError(error), 'refused')
  }

  abandon(): void {
    this.#take()?.abandoned('stopped')
  }

  #take(): Origin | null {
    const origin = this.#origin
    this.#origin = null
    this.#onEnd()
    return origin
  }
}
