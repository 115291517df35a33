/** Many clients in one process, each a system with a socket of its own, or a bare socket: `ADDRESS FIRST COUNT idle|hall|bare`. */
import { once } from 'node:events'
import { actor, createSystem } from '@troupe/core'
import { webSocketTransport } from '@troupe/transport-ws'
import { WebSocket } from 'ws'
import { Hall, Screen } from './protocol.ts'

const [address = '', first = '0', count = '0', mode] = process.argv.slice(2)
/** So many connect at a time. */
const AT_ONCE = 64

let shown = 0
const screen = actor(Screen, () => ({
  show: () => {
    if (++shown === Number(count)) process.send!('shown')
  },
}))

/** Says something, has an answer, and waits for another one. */
async function openBare(): Promise<void> {
  const socket = new WebSocket(address, { perMessageDeflate: false })
  await once(socket, 'open')
  socket.send('enter')
  await once(socket, 'message')
  socket.once('message', () => {
    if (++shown === Number(count)) process.send!('shown')
  })
}

async function open(number: number): Promise<void> {
  if (mode === 'bare') return openBare()
  const terms = { role: 'client', heartbeatMs: 60_000, log: false, diagnostics: false } as const
  const system = await createSystem({ name: `client-${number}`, transport: webSocketTransport(), ...terms })
  await system.connect(address, { timeoutMs: 60_000 })
  if (mode === 'hall') (await system.find(Hall, { timeoutMs: 60_000 })).tell('enter', system.spawn(screen))
}

process.on('disconnect', () => process.exit())
let next = Number(first)
const end = next + Number(count)
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (next < end) await open(next++)
  }),
)
process.send!('open')
