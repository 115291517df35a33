import { type Cancellable, DialError, type Scheduler } from '@troupe/core'
import type { PlatformSocket, PlatformSocketClass } from './platform-socket.ts'

/** One attempt to connect, which ends once: with a socket, a failure, a timeout or because it was called off. */
export class PlatformDial {
  readonly #address: string
  readonly #signal: AbortSignal
  readonly #scheduler: Scheduler
  #socket: PlatformSocket | null = null
  #timer: Cancellable | null = null
  #reject: (error: DialError) => void = () => {}
  readonly #onAbort = (): void => this.giveUp('the dial was called off', this.#signal.reason)

  constructor(address: string, signal: AbortSignal, scheduler: Scheduler) {
    this.#address = address
    this.#signal = signal
    this.#scheduler = scheduler
  }

  /**
   * @param timeoutMs how long the other side may take to answer
   * @param opened is called inside the socket's `open` event, before anything was received from it
   * @returns what `opened` returned
   * @throws {DialError}
   */
  connect<T>(Socket: PlatformSocketClass, timeoutMs: number, opened: (socket: PlatformSocket) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject
      if (this.#signal.aborted) return this.#onAbort()
      let socket: PlatformSocket
      try {
        socket = new Socket(this.#address)
      } catch (thrown) {
        // A page loaded by https may not dial ws://, for one.
        return this.giveUp(wordsOf(thrown), thrown)
      }
      this.#socket = socket
      this.#timer = this.#scheduler.after(timeoutMs, () => this.giveUp(`no answer in ${timeoutMs} ms`))
      this.#signal.addEventListener('abort', this.#onAbort)
      socket.addEventListener('error', (event) => this.giveUp(wordsOf(event)))
      socket.addEventListener('close', () => this.giveUp(NO_WORDS))
      socket.addEventListener('open', () => {
        if (this.#socket === null) return
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
    socket?.close()
  }

  #settle(): void {
    this.#socket = null
    this.#timer?.cancel()
    this.#signal.removeEventListener('abort', this.#onAbort)
  }
}

/** Browsers do not tell a page why: it could look around in its visitor's network by that. */
const NO_WORDS = 'nobody answered there, or not as a WebSocket'

function wordsOf(failure: unknown): string {
  const message: unknown = typeof failure === 'object' && failure !== null && 'message' in failure && failure.message
  return typeof message === 'string' && message !== '' ? message : NO_WORDS
}
