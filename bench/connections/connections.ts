import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Bench, Report, RunOptions } from '../bench.ts'
import { type Bundle, bundle } from '../bundle.ts'
import type { ServerFigures } from './figures.ts'

const MIB = 2 ** 20
/** What idle connections may add to the memory of their process. */
const IDLE = { count: 2_000, mostBytes: 100 * MIB }
/** What it may cost to take clients in and tell each of them one thing, times what it costs bare sockets. */
const HALL = { count: 10_000, mostTimesBare: 2.5 }
/** Processes of clients, so that none has more sockets than most systems allow. */
const CLIENTS = 4

/** How many connections one process holds, in memory and in CPU of that process. */
export const connections: Bench = {
  name: 'connections',
  about:
    'memory of 2,000 idle connections; CPU of 10,000 clients that come in and are told one thing, beside bare sockets',
  rounds: 1,
  async run({ quick }: RunOptions): Promise<Report> {
    const built = await bundle('connections/server-main.ts')
    const bareServer = await bundle('connections/bare-main.ts')
    const clients = await bundle('connections/clients-main.ts')
    try {
      const server = join(built.dir, 'server-main.js')
      const count = quick ? 100 : HALL.count
      const idle = await measured(server, clients, quick ? 50 : IDLE.count, 'idle')
      const bare = await measured(join(bareServer.dir, 'bare-main.js'), clients, count, 'bare')
      const hall = await measured(server, clients, count, 'hall')
      return report(idle, hall, bare, quick)
    } finally {
      built.remove()
      bareServer.remove()
      clients.remove()
    }
  },
}

interface Measured {
  readonly count: number
  readonly before: ServerFigures
  readonly open: ServerFigures
  readonly told: ServerFigures
}

async function measured(
  server: string,
  clients: Bundle,
  count: number,
  mode: 'idle' | 'hall' | 'bare',
): Promise<Measured> {
  const execArgv = mode === 'idle' ? ['--expose-gc'] : []
  const serving = fork(server, { execArgv })
  const [address] = (await once(serving, 'message')) as [string]
  const children: ChildProcess[] = []
  try {
    const before = await ask(serving, 'figures')
    const share = Math.ceil(count / CLIENTS)
    for (let first = 0; first < count; first += share) {
      const args = [address, first, Math.min(share, count - first), mode].map(String)
      children.push(fork(join(clients.dir, 'clients-main.js'), args, { execArgv: [] }))
    }
    await Promise.all(children.map((child) => said(child, 'open')))
    let open = await ask(serving, 'figures')
    if (mode === 'idle') return { count, before, open, told: open }
    while (open.inHall < count) open = await ask(serving, 'figures')
    const shown = Promise.all(children.map((child) => said(child, 'shown')))
    await ask(serving, 'broadcast')
    await shown
    return { count, before, open, told: await ask(serving, 'figures') }
  } finally {
    for (const child of [...children, serving]) if (child.connected) child.disconnect()
  }
}

async function ask(server: ChildProcess, command: 'figures' | 'broadcast'): Promise<ServerFigures> {
  const answer = once(server, 'message')
  server.send(command)
  return (await answer)[0] as ServerFigures
}

function said(child: ChildProcess, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.on('message', (message) => message === what && resolve())
    child.once('exit', (status) => reject(new Error(`clients ended with ${status}`)))
  })
}

function report(idle: Measured, hall: Measured, bare: Measured, quick: boolean): Report {
  const idleBytes = idle.open.rssBytes - idle.before.rssBytes
  const each = (idleBytes / idle.count / 1024).toFixed(1)
  const [ours, floor] = [costOf(hall), costOf(bare)]
  const timesBare = ours.allMs / floor.allMs
  const text = [
    `${idle.count} idle connections: ${mib(idleBytes)} more resident memory, ${each} KiB each; ${mib(idle.open.rssBytes)} in all`,
    `${hall.count} clients: ${inWords(ours)}`,
    `${bare.count} bare sockets: ${inWords(floor)}; ours takes ${timesBare.toFixed(2)} times as much`,
  ].join('\n')
  const json = { idle: { count: idle.count, bytes: idleBytes }, clients: hall.count, ours, bare: floor, timesBare }
  if (quick) return { json, text }
  const failed = [
    ...(idleBytes > IDLE.mostBytes
      ? [`idle connections take ${mib(idleBytes)}; ${mib(IDLE.mostBytes)} are allowed`]
      : []),
    ...(timesBare > HALL.mostTimesBare ? [`more than ${HALL.mostTimesBare} times bare sockets`] : []),
  ]
  return failed.length === 0 ? { json, text } : { json, text, failed: failed.join('\n') }
}

/** CPU of the process that serves, in ms. */
interface Cost {
  readonly inMs: number
  readonly toldMs: number
  readonly allMs: number
}

function costOf({ before, open, told }: Measured): Cost {
  return { inMs: open.cpuMs - before.cpuMs, toldMs: told.cpuMs - open.cpuMs, allMs: told.cpuMs - before.cpuMs }
}

function inWords({ inMs, toldMs, allMs }: Cost): string {
  return `${ms(inMs)} of CPU to take them in, ${ms(toldMs)} to tell each one thing, ${ms(allMs)} in all`
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`
}
