import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type Answer, decode, encode } from 'dns-packet'

/** A name server on loopback that answers as it is told to. */
export interface NameServer {
  /** For `Resolver.setServers`. */
  readonly address: string
  /** Names that exist, in small letters, with their records. Any other is NXDOMAIN. */
  readonly records: Map<string, readonly Answer[]>
  /** While true it answers that it failed (SERVFAIL). */
  fails: boolean
  /** While true it answers nothing at all. */
  silent: boolean
  /** How many questions have come. */
  readonly questions: number
  close(): void
}

/** Starts one at a free port. */
export async function nameServer(): Promise<NameServer> {
  const socket = createSocket('udp4')
  const records = new Map<string, readonly Answer[]>()
  const server = { address: '', records, fails: false, silent: false, questions: 0, close: () => socket.close() }
  socket.on('message', (message, from) => {
    server.questions++
    if (server.silent) return
    const { id = 0, questions = [] } = decode(message)
    const known = records.get(questions[0]?.name.toLowerCase() ?? '')
    const rcode = server.fails ? SERVFAIL : known === undefined ? NXDOMAIN : NOERROR
    const answers = rcode === NOERROR ? known?.filter(({ type }) => type === questions[0]?.type) : []
    const reply = encode({ type: 'response', id, flags: RECURSION | rcode, questions, answers: answers ?? [] })
    socket.send(reply, from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  server.address = `127.0.0.1:${socket.address().port}`
  return server
}

const NOERROR = 0
const SERVFAIL = 2
const NXDOMAIN = 3
/** Desired, and available. */
const RECURSION = 0x0180
