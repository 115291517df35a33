/** The process that is flooded: `SECONDS ROUNDS`. Tells by IPC where it listens, when it is flooded, what it found. */
import { type AddressInfo, createServer } from 'node:net'
import { type Flooded, flood } from './flood.ts'
import { Lateness } from './lateness.ts'

export type Notice = { readonly port: number } | { readonly flooded: boolean } | { readonly findings: Findings }

export interface Findings {
  readonly budgeted: readonly Flooded[]
  readonly unbudgeted: readonly Flooded[]
  /** How late `setTimeout` was beside the budgeted ones, in ms. */
  readonly timeoutMs: readonly number[]
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
const findings = { budgeted: [] as Flooded[], unbudgeted: [] as Flooded[], timeoutMs: [] as number[] }
for (let round = 0; round < rounds; round++) {
  findings.unbudgeted.push(await flood(seconds, false))
  // What has waited all that time must not count: nobody promised anything then.
  await new Promise((resolve) => setTimeout(resolve, 50))
  const lateness = new Lateness()
  let timer = setTimeout(function again() {
    lateness.due()
    timer = setTimeout(again, lateness.set())
  }, lateness.set())
  send({ flooded: true })
  findings.budgeted.push(await flood(seconds, true))
  send({ flooded: false })
  clearTimeout(timer)
  findings.timeoutMs.push(...lateness.end())
}
send({ findings })
server.close()
process.disconnect()

function send(notice: Notice): void {
  process.send!(notice)
}
