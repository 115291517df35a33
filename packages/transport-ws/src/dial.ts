import { type Cancellable, DialError, type Scheduler } from '@troupe/core'
import { WebSocket } from 'ws'

export interface DialOptions {
  /** The largest frame the other side may send. */
  readonly maxFrameBytes: number
  /** How long the other side may take to answer. */
  readonly handshakeTimeoutMs: number
}

/** One attempt to connect, which ends once: with a socket, a failure, a timeout or because it was called off. */
export class Dial {
  readonly #address: string
  readonly #signal: AbortSignal
  readonly #options: DialOptions
  readonly #scheduler: Scheduler
  #socket: WebSocket | null = null
  #timer: Cancellable | null = null
  #reject: (error: DialError) => void = () => {}
  readonly #onAbort = (): void => this.giveUp('the dial was called off', this.#signal.reason)

  constructor(address: string, signal: AbortSignal, options: DialOptions, scheduler: Scheduler) {
    this.#address = address
    this.#signal = signal
    this.#options = options
    this.#scheduler = scheduler
  }

  /**
   * @param opened is called inside the socket's `open` event, before anything is read from it
   * @returns what `opened` returned
   * @throws {DialError}
   */
  connect<T>(opened: (socket: WebSocket) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject
      if (this.#signal.aborted) return this.#onAbort()
      const { maxFrameBytes, handshakeTimeoutMs } = this.#options
      const socket = new WebSocket(this.#address, {
        perMessageDeflate: false,
        maxPayload: maxFrameBytes,
        generateMask: unmasked,
      })
      this.#socket = socket
      this.#timer = this.#scheduler.after(handshakeTimeoutMs, () =>
        this.giveUp(`no answer in ${handshakeTimeoutMs} ms`),
      )
      this.#signal.addEventListener('abort', this.#onAbort)
      // Never removed: a socket that is given up reports an error, and without a listener that ends the process.
      socket.on('error', (error) => this.giveUp(wordsOf(error), error))
      socket.once('open', () => {
        this.#settle()
        resolve(opened(socket))
      })
    })
  }

  /** Does nothing once the attempt has ended. */
  giveUp(why: string, cause?: unknown): void {
    const socket = this.#socket
    this.#settle()
    this.#reject(new DialError(this.#address, why, { cause }))
    socket?.terminate()
  }

  #settle(): void {
    this.#socket = null
    this.#timer?.cancel()
    this.#signal.removeEventListener('abort', this.#onAbort)
  }
}

/**
 * Masks keep pages of a browser from writing bytes of their choice through a proxy that takes them for HTTP (RFC 6455,
 * 10.3). Nodes choose whom they dial. A mask of zeros spares a copy here, and a pass over all bytes on both sides.
 */
function unmasked(mask: Buffer): void {
  mask.fill(0)
}

/** Where a name has several addresses, Node's error for all of them has a code and no message. */
function wordsOf(error: Error): string {
  return error.message || ('code' in error ? String(error.code) : error.name)
}
