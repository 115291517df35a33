import type { Socket } from 'node:net'
import type { Cancellable, CloseCode, Link, LinkHandlers, Scheduler } from '@troupe/core'
import { type RawData, WebSocket } from 'ws'
import { closeCode, cut, SOCKET_CODES, wordsFor } from './close-codes.ts'
import { ReceivedBound } from './received-bound.ts'

export interface LinkLimits {
  /** Bytes buffered above which `send` answers false. */
  readonly highWaterBytes: number
  /** How long a peer may take to answer a close before the socket is destroyed. */
  readonly closeTimeoutMs: number
}

/**
 * A connected WebSocket as a link. One binary message is one frame; nothing is copied in either direction.
 *
 * What arrives before `open` stays in the kernel, because the socket is paused until then: a peer that sends
 * to a side which does not listen is slowed down by TCP and fills no memory here.
 */
export class WebSocketLink implements Link {
  readonly peer: string
  /** The socket copies or sends what it is given before it counts it as gone. */
  readonly releasesFrames = true
  /** Resolves when the socket is gone. */
  readonly ended: Promise<void>
  readonly #socket: WebSocket
  readonly #limits: LinkLimits
  readonly #scheduler: Scheduler
  #handlers: LinkHandlers | null = null
  /** `send` has answered false and `drain` has not been called since. */
  #isBlocked = false
  /** No frame is delivered any more, though some may come. */
  #isDeaf = false
  /** What `close` was called with, or what broke the link: it goes before what the socket says. */
  #cause: Ending | null = null
  /** Set when the socket is gone. */
  #ending: Ending | null = null
  #terminator: Cancellable | null = null
  readonly #bound: ReceivedBound
  /** Made once: given to each send that may fill the buffer. */
  readonly #onFlushed = (): void => this.#flushed()

  /**
   * @param socket open, and nothing read from it: to be made inside its `open` event
   * @param wire what it goes over
   * @param onTooLarge hears of a frame that broke a limit
   */
  constructor(
    socket: WebSocket,
    wire: Socket,
    peer: string,
    limits: LinkLimits,
    scheduler: Scheduler,
    onTooLarge: () => void,
  ) {
    this.#socket = socket
    this.#bound = new ReceivedBound(wire, () => {
      this.#cause ??= { code: 'protocol', reason: 'more than a stranger may send' }
      onTooLarge()
      // Not closed in order: what it goes on sending until it answers would be kept.
      socket.terminate()
    })
    this.peer = peer
    this.#limits = limits
    this.#scheduler = scheduler
    socket.pause()
    socket.on('message', (data, isBinary) => this.#received(data, isBinary))
    socket.on('error', (error) => {
      if ('code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') onTooLarge()
      this.#cause ??= { code: isBreachOfProtocol(error) ? 'protocol' : 'lost', reason: error.message }
    })
    this.ended = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.#finish(code, reason.toString())
        resolve()
      })
    })
  }

  get bufferedBytes(): number {
    return this.#ending === null ? this.#socket.bufferedAmount : 0
  }

  open(handlers: LinkHandlers): void {
    this.#handlers = handlers
    if (this.#ending === null) this.#socket.resume()
    else this.#scheduler.defer(() => this.#tellEnding())
  }

  send(frame: Uint8Array): boolean {
    const socket = this.#socket
    if (socket.readyState !== WebSocket.OPEN) return false
    const { highWaterBytes } = this.#limits
    // A callback costs an entry in the socket's queue: only where there may be something to wait for.
    if (this.#isBlocked || socket.bufferedAmount + frame.length > highWaterBytes) {
      socket.send(frame, BINARY, this.#onFlushed)
      if (socket.bufferedAmount > highWaterBytes) this.#isBlocked = true
    } else {
      socket.send(frame, BINARY)
    }
    return !this.#isBlocked
  }

  limit(bytes: number | null): void {
    this.#bound.set(bytes)
  }

  close(code: CloseCode, reason: string): void {
    if (this.#ending !== null) return
    this.#isDeaf = true
    if (this.#socket.readyState === WebSocket.OPEN) {
      this.#cause = { code, reason }
      this.#socket.close(SOCKET_CODES[code], cut(reason))
      // The answer of the peer has to be read, also when nobody ever opened the link.
      this.#socket.resume()
    }
    // Also when the peer closes: it may not come to the end of it either.
    this.#terminator ??= this.#scheduler.after(this.#limits.closeTimeoutMs, () => this.#socket.terminate())
  }

  #received(data: RawData, isBinary: boolean): void {
    if (this.#isDeaf || this.#handlers === null) return
    if (!isBinary || !(data instanceof Uint8Array)) {
      this.close('protocol', 'text frames are not allowed')
      return
    }
    try {
      this.#handlers.frame(data)
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  /** A frame that was sent while the buffer was near or above the mark has left this process, or cannot. */
  #flushed(): void {
    if (!this.#isBlocked || this.#isDeaf || this.#ending !== null) return
    // Half of it, not just below: a sender woken for one frame would be stopped by the next.
    if (this.#socket.readyState !== WebSocket.OPEN || this.#socket.bufferedAmount > this.#limits.highWaterBytes / 2)
      return
    this.#isBlocked = false
    try {
      this.#handlers?.drain()
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  #fail(thrown: unknown): void {
    this.close('lost', `a handler threw: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
  }

  #finish(socketCode: number, reason: string): void {
    this.#terminator?.cancel()
    this.#ending = this.#cause ?? { code: closeCode(socketCode), reason: reason || wordsFor(socketCode) }
    this.#tellEnding()
  }

  #tellEnding(): void {
    const handlers = this.#handlers
    if (handlers === null || this.#ending === null) return
    this.#handlers = null
    try {
      handlers.close(this.#ending.code, this.#ending.reason)
    } catch {
      // The link is over already, and there is nobody to tell.
    }
  }
}

interface Ending {
  readonly code: CloseCode
  readonly reason: string
}

const BINARY = { binary: true }

/** What ws found wrong with the bytes of the peer, as opposed to what happened to the socket. */
function isBreachOfProtocol(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && error.code.startsWith('WS_ERR_')
}
