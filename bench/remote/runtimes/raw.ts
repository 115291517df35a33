import { Encoder } from 'cbor-x'
import type { WebSocket } from 'ws'
import { type Client, Had, type Runtime } from '../runtime.ts'
import { CONFIRM_EVERY, type Note } from '../workloads.ts'
import { openSocket, serveSockets } from './sockets.ts'

const codec = new Encoder({ useRecords: false })
const ASK = 0
const ANSWER = 1
const NOTE = 2
const HAD = 3

function serve(socket: WebSocket): void {
  const had = new Had(CONFIRM_EVERY)
  socket.on('message', (data: Buffer) => {
    const message = codec.decode(data)
    // An ask is an echo.
    if (message[0] === ASK) socket.send(codec.encode([ANSWER, message[1], message[2] + 1]))
    else if (had.add(message[1].value)) socket.send(codec.encode([HAD, ...had.report]))
  })
}

/** A frame for each message, which says no more than it must: what somebody without a library would begin with. */
export const runtime: Runtime = {
  serve: () => serveSockets(serve),
  async connect(address): Promise<Client> {
    const socket = await openSocket(address)
    const waiting = new Map<number, (value: number) => void>()
    let last = 0
    let listener: (count: number, sum: number) => void = () => {}
    socket.on('message', (data: Buffer) => {
      const [kind, first, second] = codec.decode(data)
      if (kind === HAD) return listener(first, second)
      waiting.get(first)!(second)
      waiting.delete(first)
    })
    return {
      ask: (value) =>
        new Promise((resolve) => {
          waiting.set(++last, resolve)
          socket.send(codec.encode([ASK, last, value]))
        }),
      tell: (note: Note) => socket.send(codec.encode([NOTE, note])),
      onHad: (next) => {
        listener = next
      },
    }
  },
  async idle(address) {
    await openSocket(address)
  },
}
