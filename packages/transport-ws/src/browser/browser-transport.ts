import {
  checkOptions,
  DialError,
  InvalidOptionError,
  is,
  type Link,
  NotListeningError,
  type OptionCheck,
  type Runtime,
  type Transport,
} from '@troupe/core'
import { isWebSocketUrl } from '../is-web-socket-url.ts'
import { PlatformDial } from './platform-dial.ts'
import { PlatformLink } from './platform-link.ts'
import type { PlatformSocketClass } from './platform-socket.ts'

export interface BrowserTransportOptions {
  /**
   * What sockets are made of, for hosts that have no global `WebSocket`: on Node 20 the class of that name of the
   * package `ws`. Default: the global one.
   */
  readonly webSocket?: PlatformSocketClass
  /** A peer that sends a larger frame loses its link. Default: 17 MiB, a message of 16 MiB and its envelope. */
  readonly maxFrameBytes?: number
  /** Bytes buffered on one link above which `send` answers false. Default: 1 MiB. */
  readonly highWaterBytes?: number
  /** How long the other side may take to make a connection. Default: 10 s. */
  readonly handshakeTimeoutMs?: number
  /** How long the peer may take to answer a close, buffered frames included. Default: 2 s. */
  readonly closeTimeoutMs?: number
}

/**
 * Links over the WebSocket of the platform, for browsers: it dials `ws://` and `wss://` addresses, and nobody can dial
 * it. The server has to name the page's origin in its option `origins`.
 *
 * @throws {UnknownOptionError | InvalidOptionError} also where there is no WebSocket
 */
export function browserTransport(options: BrowserTransportOptions = {}): Transport {
  checkOptions('browserTransport', options, checks)
  const webSocket = options.webSocket ?? (globalThis as { WebSocket?: PlatformSocketClass }).WebSocket
  if (webSocket === undefined) {
    throw new InvalidOptionError('browserTransport', 'webSocket', 'given where there is no global one', undefined)
  }
  return new BrowserTransport({
    webSocket,
    maxFrameBytes: options.maxFrameBytes ?? 17 * MIB,
    highWaterBytes: options.highWaterBytes ?? MIB,
    handshakeTimeoutMs: options.handshakeTimeoutMs ?? 10_000,
    closeTimeoutMs: options.closeTimeoutMs ?? 2000,
  })
}

const checks: Readonly<Record<keyof BrowserTransportOptions, OptionCheck>> = {
  webSocket: is.function,
  maxFrameBytes: is.integer(1),
  highWaterBytes: is.integer(1),
  handshakeTimeoutMs: is.integer(1),
  closeTimeoutMs: is.integer(1),
}

const MIB = 1024 * 1024

class BrowserTransport implements Transport {
  readonly name = 'ws'
  readonly #settings: Required<BrowserTransportOptions>
  readonly #links = new Set<PlatformLink>()
  /** Those under way. */
  readonly #dials = new Set<PlatformDial>()
  #runtime: Runtime | null = null
  #closed = false

  constructor(settings: Required<BrowserTransportOptions>) {
    this.#settings = settings
  }

  async listen(_accept: (link: Link) => void, runtime: Runtime): Promise<null> {
    this.#runtime = runtime
    return null
  }

  async dial(address: string, signal: AbortSignal): Promise<Link> {
    if (this.#runtime === null) throw new NotListeningError('browserTransport')
    if (this.#closed) throw new DialError(address, 'this transport is closed')
    if (!isWebSocketUrl(address)) throw new DialError(address, 'that is no URL that starts with ws:// or wss://')
    const { scheduler } = this.#runtime
    const { webSocket, handshakeTimeoutMs } = this.#settings
    const dial = new PlatformDial(address, signal, scheduler)
    this.#dials.add(dial)
    try {
      return await dial.connect(webSocket, handshakeTimeoutMs, (socket) => {
        const link = new PlatformLink(socket, address, this.#settings, scheduler)
        this.#links.add(link)
        void link.ended.then(() => this.#links.delete(link))
        return link
      })
    } finally {
      this.#dials.delete(dial)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const dial of this.#dials) dial.giveUp('this transport was closed')
    for (const link of this.#links) link.close('normal', 'the other side closed its transport')
    await Promise.all(Array.from(this.#links, (link) => link.ended))
  }
}
