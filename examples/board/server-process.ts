// One server as a process of its own: `server-process.ts NAME ORIGIN`. The addresses of others come as messages.
import { createSystem } from '@troupe/core'
import { webSocketTransport } from '@troupe/transport-ws'
import { Board, board } from './board.ts'

const [name = '', origin = '', graceMs = ''] = process.argv.slice(2)

const transport = webSocketTransport({ port: 0, origins: [origin] })
const times = { disconnectGraceMs: Number(graceMs), clientGraceMs: Number(graceMs) }
// Tabs are clients: they find the board, and nothing else.
const system = await createSystem({ name, transport, expose: [Board], ...times })
system.spawn(board, { name: Board.id, args: { server: name } })
// Whoever started this process has ended, for whatever reason.
process.on('disconnect', () => process.exit(0))
process.on('message', (address) => void system.connect(String(address)))
process.send?.(system.address)
