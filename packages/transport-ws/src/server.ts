import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { Socket } from 'node:net'
import { AddressInUseError } from '@troupe/core'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Counters } from './counters.ts'
import { PendingSockets } from './pending-sockets.ts'
import { contextOf, type TlsOptions } from './tls.ts'

export interface ServerOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** The only path that is a WebSocket. */
  readonly path: string
  /** Browser origins that may dial; a request without an `Origin` header may always. */
  readonly origins: readonly string[]
  readonly maxFrameBytes: number
  /** How long a client may take over its request, and over TLS before that. */
  readonly handshakeTimeoutMs: number
  /** Null: plain. */
  readonly tls: TlsOptions | null
  readonly maxConnections: number
  readonly maxPendingConnections: number
}

export interface Server {
  /** The port it really has. */
  readonly port: number
  /** Stops accepting at once; resolves when every socket it accepted is gone, which is for their owners to see to. */
  close(): Promise<void>
}

/**
 * Listens for WebSockets.
 *
 * @param accept gets each open socket inside its `open` event, with `host:port` of the other side and what it came over
 * @throws {AddressInUseError} naming host and port; other failures of the operating system as they are
 */
export async function startServer(
  options: ServerOptions,
  counters: Counters,
  accept: (socket: WebSocket, peer: string, wire: Socket) => void,
): Promise<Server> {
  const sockets = new WebSocketServer({
    noServer: true,
    path: options.path,
    maxPayload: options.maxFrameBytes,
    // Batches of small numbers do not shrink enough to pay for a zlib context per link, and what shrinks well here may
    // grow to much more there.
    perMessageDeflate: false,
    clientTracking: false,
    verifyClient: ({ origin }: { origin: string | undefined }, decide: (ok: boolean, status: number) => void) => {
      // Any web page may dial a port of its visitor's machine, and only this header gives it away. That it names the host
      // of the request says nothing: whoever serves the page says in DNS which host that is.
      if (origin !== undefined && !options.origins.includes(origin)) {
        counters.originRefused++
        decide(false, 403)
      } else if (counters.open >= options.maxConnections) {
        counters.fullRefused++
        decide(false, 503)
      } else decide(true, 101)
    },
  })
  const server = listener(options, (_request, response) => {
    response.writeHead(426, { connection: 'close', 'content-type': 'text/plain' })
    response.end('This port speaks WebSocket only.\n')
  })
  const pending = new PendingSockets(options.maxPendingConnections, counters)
  server.on('connection', (socket: Socket) => pending.add(socket))
  server.on('upgrade', (request, socket, head) => {
    const wire = request.socket
    const peer = peerOf(wire)
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      pending.through(wire)
      accept(webSocket, peer, wire)
    })
  })

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(isInUse(error) ? inUse(options, error) : error))
    server.listen(options.port, options.host, resolve)
  })
  // A failed accept, say for want of file descriptors, concerns one connection and not the process.
  server.on('error', () => {})

  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        // Those that are still at their handshake; it does not know the WebSockets any more.
        server.closeAllConnections()
      }),
  }
}

/** `host:port`, with the brackets an IPv6 address needs. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function listener(options: ServerOptions, answer: RequestListener): ReturnType<typeof createHttpServer> {
  const { handshakeTimeoutMs, tls } = options
  const limits = { requestTimeout: handshakeTimeoutMs, connectionsCheckingInterval: handshakeTimeoutMs / 2 }
  if (tls === null) return createHttpServer(limits, answer)
  const asks = tls.requestClientCert === true
  const secured = {
    ...contextOf(tls),
    handshakeTimeout: handshakeTimeoutMs,
    requestCert: asks,
    rejectUnauthorized: asks,
  }
  return createHttpsServer({ ...limits, ...secured }, answer)
}

function peerOf(socket: Socket): string {
  return hostAndPort(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0)
}

function isInUse(error: Error): boolean {
  return 'code' in error && error.code === 'EADDRINUSE'
}

function inUse(options: ServerOptions, cause: Error): AddressInUseError {
  return new AddressInUseError(hostAndPort(options.host, options.port), { cause })
}
