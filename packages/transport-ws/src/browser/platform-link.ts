import type { Cancellable, CloseCode, Link, LinkHandlers, Scheduler } from '@troupe/core'
import { closeCode, cut, PAGE_CODES, wordsFor } from '../close-codes.ts'
import { OPEN, type PlatformClose, type PlatformMessage, type PlatformSocket } from './platform-socket.ts'

export interface PlatformLinkLimits {
  /** Bytes buffered above which `send` answers false. */
  readonly highWaterBytes: number
  /** The largest frame taken, and the most that is held for a link nobody has opened. */
  readonly maxFrameBytes: number
  /** How long a peer may take to answer a close before the link is over all the same. */
  readonly closeTimeoutMs: number
}

/**
 * A connected WebSocket of the platform as a link. One binary message is one frame.
 *
 * The platform cannot be told to stop reading, so what arrives before `open` is held here. Nor does it say when its
 * buffer has emptied: while a sender waits for that, the buffer is looked at every few ms.
 */
export class PlatformLink implements Link {
  readonly peer: string
  /** Resolves when the link is over. */
  readonly ended: Promise<void>
  readonly #socket: PlatformSocket
  readonly #limits: PlatformLinkLimits
  readonly #scheduler: Scheduler
  #handlers: LinkHandlers | null = null
  /** What came before `open`; null once that was delivered. */
  #early: Uint8Array[] | null = []
  #earlyBytes = 0
  /** Looks at the buffer; there is one while `send` has answered false and `drain` has not been called since. */
  #polling: Cancellable | null = null
  /** No frame is delivered any more, though some may come. */
  #isDeaf = false
  /** What `close` was called with: it goes before what the socket says. */
  #cause: Ending | null = null
  /** Set when the link is over. */
  #ending: Ending | null = null
  #terminator: Cancellable | null = null
  #resolveEnded: () => void = () => {}

  /** @param socket open, and nothing received from it: to be made inside its `open` event */
  constructor(socket: PlatformSocket, peer: string, limits: PlatformLinkLimits, scheduler: Scheduler) {
    this.#socket = socket
    this.peer = peer
    this.#limits = limits
    this.#scheduler = scheduler
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve
    })
    socket.binaryType = 'arraybuffer'
    socket.addEventListener('message', (event) => this.#received((event as PlatformMessage).data))
    socket.addEventListener('close', (event) => {
      const { code, reason } = event as PlatformClose
      this.#finish({ code: closeCode(code), reason: reason || wordsFor(code) })
    })
  }

  get bufferedBytes(): number {
    return this.#ending === null ? this.#socket.bufferedAmount : 0
  }

  open(handlers: LinkHandlers): void {
    this.#handlers = handlers
    this.#scheduler.defer(() => this.#deliverEarly())
  }

  send(frame: Uint8Array): boolean {
    const socket = this.#socket
    if (this.#ending !== null || socket.readyState !== OPEN) return false
    socket.send(frame)
    if (this.#polling === null && socket.bufferedAmount > this.#limits.highWaterBytes) this.#poll()
    return this.#polling === null
  }

  close(code: CloseCode, reason: string): void {
    if (this.#ending !== null) return
    this.#isDeaf = true
    if (this.#socket.readyState === OPEN) {
      this.#cause = { code, reason }
      this.#socket.close(PAGE_CODES[code], cut(reason))
    }
    // Also when the peer closes: it may not come to the end of it either.
    this.#terminator ??= this.#scheduler.after(this.#limits.closeTimeoutMs, () =>
      this.#finish({ code: 'lost', reason: `no answer to a close in ${this.#limits.closeTimeoutMs} ms` }),
    )
  }

  #received(data: unknown): void {
    if (this.#isDeaf || this.#ending !== null) return
    if (!(data instanceof ArrayBuffer)) return this.close('protocol', 'text frames are not allowed')
    const { maxFrameBytes } = this.#limits
    if (data.byteLength > maxFrameBytes) return this.close('protocol', `a frame above ${maxFrameBytes} bytes`)
    const frame = new Uint8Array(data)
    if (this.#early === null) return this.#deliver(frame)
    this.#early.push(frame)
    this.#earlyBytes += frame.length
    if (this.#earlyBytes > maxFrameBytes)
      this.close('protocol', `above ${maxFrameBytes} bytes for a link nobody has opened`)
  }

  #deliverEarly(): void {
    const early = this.#early ?? []
    this.#early = null
    for (const frame of early) if (!this.#isDeaf) this.#deliver(frame)
    this.#tellEnding()
  }

  #deliver(frame: Uint8Array): void {
    try {
      this.#handlers?.frame(frame)
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  #poll(): void {
    this.#polling = this.#scheduler.after(POLL_MS, () => {
      // Half of it, not just below: a sender woken for one frame would be stopped by the next.
      if (this.#socket.bufferedAmount > this.#limits.highWaterBytes / 2) return this.#poll()
      this.#polling = null
      if (this.#isDeaf) return
      try {
        this.#handlers?.drain()
      } catch (thrown) {
        this.#fail(thrown)
      }
    })
  }

  #fail(thrown: unknown): void {
    this.close('lost', `a handler threw: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
  }

  #finish(heard: Ending): void {
    if (this.#ending !== null) return
    this.#terminator?.cancel()
    this.#polling?.cancel()
    this.#ending = this.#cause ?? heard
    if (this.#early === null) this.#tellEnding()
    this.#resolveEnded()
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

/** How often a full buffer is looked at. A tab that nobody looks at does it once a second. */
const POLL_MS = 10
