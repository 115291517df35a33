/** What nothing over `ws` goes below: takes sockets in, answers each one message, and sends each another one. */
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { figures, type ServerCommand } from './figures.ts'

const sockets: WebSocket[] = []
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false, clientTracking: false })
server.on('connection', (socket) => {
  socket.on('message', () => {
    sockets.push(socket)
    socket.send('welcome')
  })
})
server.once('listening', () => process.send!(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`))
process.on('disconnect', () => process.exit())
process.on('message', (command: ServerCommand) => {
  if (command === 'broadcast') for (const socket of sockets) socket.send('the show begins')
  process.send!(figures(sockets.length))
})
