import type { Socket } from 'node:net'
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
import type { WebSocket } from 'ws'
import { Counters, type WebSocketCounters } from './counters.ts'
import { Dial } from './dial.ts'
import { isWebSocketUrl } from './is-web-socket-url.ts'
import { hostAndPort, type Server, startServer } from './server.ts'
import { checkTls, type TlsOptions } from './tls.ts'
import { WebSocketLink } from './web-socket-link.ts'

export interface WebSocketTransportOptions {
  /** Where to listen; 0 is any free port. Default: none, this side only dials. */
  readonly port?: number
  /**
   * The interface to listen on. Default: 127.0.0.1, which nobody outside this machine reaches. On any other, `createSystem`
   * wants a `secret`, or client certificates by `tls`, or `insecure: true`.
   */
  readonly host?: string
  /** Whether strangers may be let in: for networks on which there are none. Default false. */
  readonly insecure?: boolean
  /** Certificates: with them it listens on `wss://`, and shows and checks them when it dials one. Default: none. */
  readonly tls?: TlsOptions
  /** The path of the address. Default: `/`. Behind a proxy, a path of its own lets it share a port. */
  readonly path?: string
  /**
   * The address others dial, when it is not the one listened on: `ws://10.0.0.5:7000`, `wss://example.org/troupe`.
   * Needed when `host` is 0.0.0.0 or ::, which are no addresses to dial.
   */
  readonly advertise?: string
  /** Web origins whose pages may dial, as `https://example.org`. Default: none, not even that of its own host. */
  readonly origins?: readonly string[]
  /** A peer that sends a larger frame loses its link. Default: 17 MiB, a message of 16 MiB and its envelope. */
  readonly maxFrameBytes?: number
  /** Bytes buffered on one link above which `send` answers false. Default: 1 MiB. */
  readonly highWaterBytes?: number
  /** WebSockets that may be open; further dials are answered with 503. Default: 10,000. */
  readonly maxConnections?: number
  /** Sockets that may have been accepted and be no WebSocket yet; one more, and the oldest is cut. Default: 256. */
  readonly maxPendingConnections?: number
  /** How long either side may take to make a connection. Default: 10 s. */
  readonly handshakeTimeoutMs?: number
  /** How long the peer may take to answer a close, buffered frames included. Default: 2 s. */
  readonly closeTimeoutMs?: number
}

/** A transport that counts. */
export interface WebSocketTransport extends Transport {
  readonly counters: WebSocketCounters
}

/**
 * Links over WebSockets, for Node. Its addresses are URLs: `ws://127.0.0.1:7000`, or `wss://` with `tls`; both can be
 * dialled.
 *
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function webSocketTransport(options: WebSocketTransportOptions = {}): WebSocketTransport {
  checkOptions('webSocketTransport', options, checks)
  const settings = withDefaults(options)
  if (settings.tls !== null) checkTls(settings.tls, settings.port !== undefined)
  if (settings.port !== undefined && settings.advertise === undefined && WILDCARDS.has(settings.host)) {
    const expected = `given when host is ${settings.host}, which others cannot dial`
    throw new InvalidOptionError('webSocketTransport', 'advertise', expected, undefined)
  }
  return new NodeTransport(settings)
}

const WILDCARDS = new Set(['0.0.0.0', '::', '[::]'])

const checks: Readonly<Record<keyof WebSocketTransportOptions, OptionCheck>> = {
  port: is.integer(0, 65_535),
  host: is.string,
  insecure: is.boolean,
  tls: is.object,
  path: (value) => (typeof value === 'string' && /^\/[^?#\s]*$/.test(value) ? null : 'a path that starts with /'),
  advertise: (value) => (isWebSocketUrl(value) ? null : 'a URL that starts with ws:// or wss://'),
  origins: is.array,
  maxFrameBytes: is.integer(1),
  maxConnections: is.integer(1),
  maxPendingConnections: is.integer(1),
  highWaterBytes: is.integer(1),
  handshakeTimeoutMs: is.integer(1),
  closeTimeoutMs: is.integer(1),
}

interface Settings extends Required<Omit<WebSocketTransportOptions, 'port' | 'advertise' | 'tls'>> {
  readonly port: number | undefined
  readonly advertise: string | undefined
  readonly tls: TlsOptions | null
}

function withDefaults(options: WebSocketTransportOptions): Settings {
  return {
    port: options.port,
    host: options.host ?? '127.0.0.1',
    insecure: options.insecure ?? false,
    tls: options.tls ?? null,
    path: options.path ?? '/',
    advertise: options.advertise,
    origins: options.origins ?? [],
    maxConnections: options.maxConnections ?? 10_000,
    maxPendingConnections: options.maxPendingConnections ?? 256,
    maxFrameBytes: options.maxFrameBytes ?? 17 * MIB,
    // About what a socket takes at once on most systems: less would stall it, more only ages in memory.
    highWaterBytes: options.highWaterBytes ?? MIB,
    handshakeTimeoutMs: options.handshakeTimeoutMs ?? 10_000,
    closeTimeoutMs: options.closeTimeoutMs ?? 2000,
  }
}

const MIB = 1024 * 1024

class NodeTransport implements WebSocketTransport {
  readonly name = 'ws'
  readonly needsSecret: boolean
  readonly #counters = new Counters()
  readonly #settings: Settings
  readonly #links = new Set<WebSocketLink>()
  /** Those under way. */
  readonly #dials = new Set<Dial>()
  #runtime: Runtime | null = null
  #starting: Promise<Server> | null = null
  #closing: Promise<void> | null = null

  constructor(settings: Settings) {
    this.#settings = settings
    const { port, host, insecure, tls } = settings
    // TLS alone says who listens, not who dials.
    const asks = tls?.requestClientCert === true
    this.needsSecret = port !== undefined && !isLoopback(host) && !asks && !insecure
  }

  get counters(): WebSocketCounters {
    return this.#counters.snapshot()
  }

  async listen(accept: (link: Link) => void, runtime: Runtime): Promise<string | null> {
    this.#runtime = runtime
    const { port, host, path, advertise } = this.#settings
    if (port === undefined) return null
    this.#starting = startServer({ ...this.#settings, port }, this.#counters, (socket, peer, wire) => {
      this.#counters.accepted++
      accept(this.#adopt(socket, wire, peer, runtime))
    })
    const server = await this.#starting
    return (
      advertise ??
      `${this.#settings.tls === null ? 'ws' : 'wss'}://${hostAndPort(host, server.port)}${path === '/' ? '' : path}`
    )
  }

  async dial(address: string, signal: AbortSignal): Promise<Link> {
    const runtime = this.#runtime
    if (runtime === null) throw new NotListeningError('webSocketTransport')
    if (this.#closing !== null) throw new DialError(address, 'this transport is closed')
    if (!isWebSocketUrl(address)) throw new DialError(address, 'that is no URL that starts with ws:// or wss://')
    const dial = new Dial(address, signal, this.#settings, runtime.scheduler)
    this.#dials.add(dial)
    try {
      return await dial.connect((socket, wire) => this.#adopt(socket, wire, address, runtime))
    } finally {
      this.#dials.delete(dial)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    for (const dial of this.#dials) dial.giveUp('this transport was closed')
    // A server that did not start has told whoever called listen.
    const server = await this.#starting?.catch(() => null)
    const stopped = server?.close()
    for (const link of this.#links) link.close('normal', 'the other side closed its transport')
    await Promise.all([stopped, ...Array.from(this.#links, (link) => link.ended)])
  }

  #adopt(socket: WebSocket, wire: Socket, peer: string, runtime: Runtime): WebSocketLink {
    const link = new WebSocketLink(socket, wire, peer, this.#settings, runtime.scheduler, () => {
      this.#counters.framesTooLarge++
    })
    this.#links.add(link)
    this.#counters.open = this.#links.size
    void link.ended.then(() => {
      this.#links.delete(link)
      this.#counters.open = this.#links.size
    })
    return link
  }
}

/** Whether only this machine reaches an interface. A name may stand for anything, but for the one. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}
