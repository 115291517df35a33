import type { Socket } from 'node:net'
import { type Cancellable, DialError, type Scheduler } from '@troupe/core'
import { WebSocket } from 'ws'
import { contextOf, type TlsOptions } from './tls.ts'

export interface DialOptions {
  /** The largest frame the other side may send. */
  readonly maxFrameBytes: number
  /** How long the other side may take to answer. */
  readonly handshakeTimeoutMs: number
  /** For `wss://`. Null: what comes with Node is trusted, and no certificate shown. */
  readonly tls: TlsOptions | null
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
   * @param opened is called inside the socket's `open` event, before anything is read from it, with what it goes over
   * @returns what `opened` returned
   * @throws {DialError}
   */
  connect<T>(opened: (socket: WebSocket, wire: Socket) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject
      if (this.#signal.aborted) return this.#onAbort()
      const { maxFrameBytes, handshakeTimeoutMs, tls } = this.#options
      const limits = { perMessageDeflate: false, maxPayload: maxFrameBytes, generateMask: unmasked }
      const socket = new WebSocket(this.#address, tls === null ? limits : { ...contextOf(tls), ...limits })
      this.#socket = socket
      this.#timer = this.#scheduler.after(handshakeTimeoutMs, () =>
        this.giveUp(`no answer in ${handshakeTimeoutMs} ms`),
      )
      this.#signal.addEventListener('abort', this.#onAbort)
      // Never removed: a socket that is given up reports an error, and without a listener that ends the process.
      socket.on('error', (error) => this.giveUp(wordsOf(error), error))
      socket.once('upgrade', ({ socket: wire }) => {
        socket.once('open', () => {
          this.#settle()
          resolve(opened(socket, wire))
        })
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
