/** The process that is flooded: `SECONDS ROUNDS`. Tells by IPC where it listens, when it is flooded, what it found. */
import { type AddressInfo, createServer } from 'node:net'
import { type Flooded, flood } from './flood.ts'
import { Lateness } from './lateness.ts'

/** What the timers and sockets that are measured have beside them. */
export type Phase = 'nothing' | 'flood'

export type Notice = { readonly port: number } | { readonly phase: Phase | null } | { readonly findings: Findings }

export interface Findings {
  readonly budgeted: readonly Flooded[]
  readonly unbudgeted: readonly Flooded[]
  /** How late `setTimeout` was, in ms: beside the budgeted ones, and when there was nothing else to do. */
  readonly timeoutMs: Readonly<Record<Phase, readonly number[]>>
}

const [seconds = 1, rounds = 1] = process.argv.slice(2).map(Number)

const server = createServer((socket) => {
  socket.setNoDelay(true)
  socket.on('data', (chunk) => socket.write(chunk))
  socket.on('error', () => {})
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
send({ port: (server.address() as AddressInfo).port })

// Both once, to be compiled.
await flood(seconds / 5, false)
await flood(seconds / 5, true)
const budgeted: Flooded[] = []
const unbudgeted: Flooded[] = []
const timeoutMs: Record<Phase, number[]> = { nothing: [], flood: [] }
for (let round = 0; round < rounds; round++) {
  unbudgeted.push(await flood(seconds, false))
  // What has waited all that time must not count: nobody promised anything then.
  await pause(50)
  await measure('nothing', () => pause(seconds * 500))
  await measure('flood', async () => void budgeted.push(await flood(seconds, true)))
}
send({ findings: { budgeted, unbudgeted, timeoutMs } })
server.close()
process.disconnect()

async function measure(phase: Phase, work: () => Promise<void>): Promise<void> {
  const lateness = new Lateness()
  let timer = setTimeout(function again() {
    lateness.due()
    timer = setTimeout(again, lateness.set())
  }, lateness.set())
  send({ phase })
  await work()
  send({ phase: null })
  clearTimeout(timer)
  timeoutMs[phase].push(...lateness.end())
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function send(notice: Notice): void {
  process.send!(notice)
}
