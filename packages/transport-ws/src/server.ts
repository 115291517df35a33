import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { AddressInUseError } from '@troupe/core'
import { type WebSocket, WebSocketServer } from 'ws'

export interface ServerOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** The only path that is a WebSocket. */
  readonly path: string
  /** Browser origins that may dial; a request without an `Origin` header may always. */
  readonly origins: readonly string[]
  readonly maxFrameBytes: number
  /** How long a client may take over its request. */
  readonly handshakeTimeoutMs: number
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
 * @param accept gets each open socket inside its `open` event, with `host:port` of the other side
 * @throws {AddressInUseError} naming host and port; other failures of the operating system as they are
 */
export async function startServer(
  options: ServerOptions,
  accept: (socket: WebSocket, peer: string) => void,
): Promise<Server> {
  const sockets = new WebSocketServer({
    noServer: true,
    path: options.path,
    maxPayload: options.maxFrameBytes,
    // Batches of small numbers do not shrink enough to pay for a zlib context per link.
    perMessageDeflate: false,
    clientTracking: false,
    // Any web page may dial a port of its visitor's machine, and only this header gives it away.
    verifyClient: ({ origin }: { origin: string | undefined }, decide: (ok: boolean, status: number) => void) =>
      decide(origin === undefined || options.origins.includes(origin), 403),
  })
  const server = createServer(
    {
      requestTimeout: options.handshakeTimeoutMs,
      connectionsCheckingInterval: options.handshakeTimeoutMs / 2,
    },
    (_request, response) => {
      response.writeHead(426, { connection: 'close', 'content-type': 'text/plain' })
      response.end('This port speaks WebSocket only.\n')
    },
  )
  server.on('upgrade', (request, socket, head) => {
    const peer = peerOf(request.socket)
    sockets.handleUpgrade(request, socket, head, (webSocket) => accept(webSocket, peer))
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

function peerOf(socket: Socket): string {
  return hostAndPort(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0)
}

function isInUse(error: Error): boolean {
  return 'code' in error && error.code === 'EADDRINUSE'
}

function inUse(options: ServerOptions, cause: Error): AddressInUseError {
  return new AddressInUseError(hostAndPort(options.host, options.port), { cause })
}
