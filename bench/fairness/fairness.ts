import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { type Bench, median, type Report, type RunOptions } from '../bench.ts'
import { bundle } from '../bundle.ts'
import type { Flooded } from './flood.ts'
import type { Findings, Notice, Phase } from './flood-main.ts'

/** Between two bytes to be echoed, in ms. */
const ECHO_EVERY_MS = 5

/** Of the first column. */
const WIDTH = 22

/** What an actor that floods itself leaves to the rest of its process, and what that costs it. */
export const fairness: Bench = {
  name: 'fairness',
  about: 'how late timers and sockets are beside an actor that floods itself, and what leaving them room costs',
  rounds: 5,
  async run({ rounds, quick }: RunOptions): Promise<Report> {
    const built = await bundle('fairness/flood-main.ts')
    try {
      const child = fork(join(built.dir, 'flood-main.js'), [quick ? '0.2' : '2', String(rounds)], { execArgv: [] })
      const { findings, echoMs } = await attend(child)
      return report(findings, echoMs)
    } finally {
      built.remove()
    }
  },
}

/** How long echoes took, by what was beside them. */
type EchoMs = Record<Phase, number[]>

/** Sends bytes to be echoed whenever the child measures: from a process of its own, as any client is. */
async function attend(child: ChildProcess): Promise<{ findings: Findings; echoMs: EchoMs }> {
  const echoMs: EchoMs = { nothing: [], flood: [] }
  let phase: Phase | null = null
  let echo: Echo | null = null
  let findings: Findings | null = null
  child.on('message', (notice: Notice) => {
    if ('port' in notice) echo = new Echo(connect({ port: notice.port, host: '127.0.0.1', noDelay: true }))
    else if ('findings' in notice) {
      findings = notice.findings
      echo?.close()
    } else {
      if (phase !== null && echo !== null) echoMs[phase].push(...echo.stop())
      phase = notice.phase
      if (phase !== null) echo?.start()
    }
  })
  const [status] = await once(child, 'close')
  if (findings === null) throw new Error(`the flooded process ended with ${status}`)
  return { findings, echoMs }
}

/** Round trips of single bytes. */
class Echo {
  readonly #socket: Socket
  #timer: NodeJS.Timeout | undefined
  #tookMs: number[] = []
  #sentMs: number | null = null

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('error', () => {})
    socket.on('data', () => {
      if (this.#sentMs !== null) this.#tookMs.push(performance.now() - this.#sentMs)
      this.#sentMs = null
    })
  }

  start(): void {
    this.#tookMs = []
    this.#timer = setInterval(() => {
      if (this.#sentMs !== null) return
      this.#sentMs = performance.now()
      this.#socket.write('x')
    }, ECHO_EVERY_MS)
  }

  /** All round trips, with the one still under way as long as it has taken by now. */
  stop(): number[] {
    clearInterval(this.#timer)
    if (this.#sentMs !== null) this.#tookMs.push(performance.now() - this.#sentMs)
    this.#sentMs = null
    return this.#tookMs
  }

  close(): void {
    this.#socket.destroy()
  }
}

function report({ budgeted, unbudgeted, timeoutMs }: Findings, echoMs: EchoMs): Report {
  const lateMs = {
    setTimeout: percentiles(timeoutMs.flood),
    'context.after': percentiles(budgeted.flatMap(({ afterMs }) => afterMs)),
    'socket echo': percentiles(echoMs.flood),
    // What the machine itself is late by: on a busy one, all of it may be that.
    'setTimeout, no flood': percentiles(timeoutMs.nothing),
    'socket echo, no flood': percentiles(echoMs.nothing),
  }
  const messagesPerCpuSecond = rate(budgeted)
  const unbudgetedPerCpuSecond = rate(unbudgeted)
  const throughput = messagesPerCpuSecond / unbudgetedPerCpuSecond
  const lines = [
    `${''.padEnd(WIDTH)}${['p50', 'p99', 'max'].map((head) => `${head} ms`.padStart(10)).join('')}   samples`,
  ]
  for (const [name, { p50, p99, max, samples }] of Object.entries(lateMs)) {
    const figures = [p50, p99, max].map((ms) => ms.toFixed(2).padStart(10)).join('')
    lines.push(`${name.padEnd(WIDTH)}${figures}${String(samples).padStart(10)}`)
  }
  const [with_, without] = [messagesPerCpuSecond, unbudgetedPerCpuSecond].map((each) => `${(each / 1e6).toFixed(2)}M`)
  lines.push('', `messages per CPU second: ${with_}, ${throughput.toFixed(3)} of the ${without} that never yields`)
  return { json: { lateMs, messagesPerCpuSecond, unbudgetedPerCpuSecond, throughput }, text: lines.join('\n') }
}

function rate(floods: readonly Flooded[]): number {
  return median(floods.map(({ messages, cpuSeconds }) => messages / cpuSeconds))
}

function percentiles(ms: readonly number[]): { p50: number; p99: number; max: number; samples: number } {
  const sorted = ms.toSorted((a, b) => a - b)
  const at = (part: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? Number.NaN, samples: sorted.length }
}
