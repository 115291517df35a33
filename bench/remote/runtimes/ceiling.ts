import { Encoder } from 'cbor-x'
import type { WebSocket } from 'ws'
import { type Client, Had, type Runtime } from '../runtime.ts'
import { CONFIRM_EVERY } from '../workloads.ts'
import { openSocket, serveSockets } from './sockets.ts'

/** Targets and names are numbers that both sides know: what interning comes to. */
const TELL = 0
const ASK = 1
const REPLY = 2
const TARGET = 7
const NOTE = 0
const NEXT = 1
const HAD = 2

type Message = readonly [kind: number, to: number, name: number, payload: unknown]

/** About 64 KiB of the small ones. */
const MOST = 1_024

/** Messages of one turn as one array, encoded in one go, with structures that are defined once per connection. */
class Batches {
  readonly #socket: WebSocket
  readonly #encoder = new Encoder({ sequential: true } as object)
  #batch: Message[] = []
  #scheduled = false
  readonly #flush = (): void => {
    this.#scheduled = false
    this.#send()
  }

  constructor(socket: WebSocket, receive: (message: Message) => void) {
    this.#socket = socket
    const decoder = new Encoder({ sequential: true } as object)
    socket.on('message', (data: Buffer) => {
      const batch = decoder.decode(data) as readonly Message[]
      for (const message of batch) receive(message)
    })
  }

  push(kind: number, to: number, name: number, payload: unknown): void {
    this.#batch.push([kind, to, name, payload])
    if (this.#batch.length >= MOST) this.#send()
    else if (!this.#scheduled) {
      this.#scheduled = true
      setImmediate(this.#flush)
    }
  }

  #send(): void {
    if (this.#batch.length === 0) return
    this.#socket.send(this.#encoder.encode(this.#batch))
    this.#batch = []
  }
}

function serve(socket: WebSocket): void {
  const had = new Had(CONFIRM_EVERY)
  const batches = new Batches(socket, ([kind, to, name, payload]) => {
    if (kind === ASK) batches.push(REPLY, to, name, (payload as number) + 1)
    else if (had.add((payload as { value: number }).value)) batches.push(TELL, TARGET, HAD, had.report)
  })
}

/** The best we know to do with a WebSocket for these workloads and no others: nothing is checked, nobody is looked up. */
export const runtime: Runtime = {
  serve: () => serveSockets(serve),
  async connect(address): Promise<Client> {
    const socket = await openSocket(address)
    const waiting = new Map<number, (value: number) => void>()
    let last = 0
    let listener: (count: number, sum: number) => void = () => {}
    const batches = new Batches(socket, ([kind, to, , payload]) => {
      if (kind === TELL) {
        const [count, sum] = payload as [number, number]
        return listener(count, sum)
      }
      waiting.get(to)!(payload as number)
      waiting.delete(to)
    })
    return {
      ask: (value) =>
        new Promise((resolve) => {
          waiting.set(++last, resolve)
          batches.push(ASK, last, NEXT, value)
        }),
      tell: (note) => batches.push(TELL, TARGET, NOTE, note),
      onHad: (next) => {
        listener = next
      },
    }
  },
}
