import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'

/** What both columns of bare sockets are made with: the options that Troupe's transport has, too. */
const OPTIONS = { perMessageDeflate: false, generateMask: (mask: Buffer): void => void mask.fill(0) }

/** @returns the address of a server that gives each connection to `accept` */
export async function serveSockets(accept: (socket: WebSocket) => void): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', clientTracking: false, perMessageDeflate: false })
  server.on('connection', accept)
  await new Promise((resolve) => server.once('listening', resolve))
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export async function openSocket(address: string): Promise<WebSocket> {
  const socket = new WebSocket(address, OPTIONS)
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  return socket
}
