import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Bench, Report, RunOptions } from '../bench.ts'
import { bundle } from '../bundle.ts'
import type { Found } from './processes.ts'

/** What may wait for one peer, what a link takes before it is full, and what the collector and the code move by. */
const MOST_BYTES = (8 + 1 + 8) * 2 ** 20
/** What an actor has to handle of one node at most, with the markers between them. */
const MOST_WAITING = 4_096 + 8

/** A sender ten times as fast as the actor it sends to, in two processes: is memory bounded, and does nobody else notice? */
export const slowReceiver: Bench = {
  name: 'slow-receiver',
  about: 'two processes, one ten times too slow: fails unless memory is bounded and the counts add up; [--seconds=30]',
  rounds: 1,
  extra: { seconds: /^\d+$/ },
  async run({ quick, extra }: RunOptions): Promise<Report> {
    const built = await bundle('slow-receiver/processes.ts')
    try {
      return report(await found(join(built.dir, 'processes.js'), quick ? 2 : Number(extra.seconds ?? 30)))
    } finally {
      built.remove()
    }
  },
}

async function found(file: string, seconds: number): Promise<Found> {
  const child = spawn(process.execPath, ['--expose-gc', file, 'send', String(seconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  const printed = await text(child.stdout)
  const [status] = await ended
  if (status !== 0) throw new Error(`the process that sends ended with ${status}`)
  return JSON.parse(printed) as Found
}

function report(found: Found): Report {
  const { told, offered, handled, deadLetters, lost, startBytes, mostBytes, mostQueuedBytes, mostWaiting } = found
  const dropped = Object.values(deadLetters).reduce((sum, count) => sum + count, 0)
  const grownBytes = mostBytes - startBytes
  const reasons = Object.entries(deadLetters).map(([reason, count]) => `${count} ${reason}`)
  const lines = [
    `${told} told and ${offered} offered in ${found.seconds} s = ${handled} handled + ${reasons.join(' + ') || 'none dropped'}`,
    `sender: ${mib(grownBytes)} above the start at most, ${mib(mostQueuedBytes)} of payloads waiting at most`,
    `receiver: ${mostWaiting} messages waiting at most`,
    `asks to another actor there: p50 ${found.pingP50Ms.toFixed(1)} ms, p99 ${found.pingP99Ms.toFixed(1)} ms; ${lost} connections lost`,
  ]
  const failures = [
    told + offered === handled + dropped ? '' : `${told + offered} sent, and ${handled + dropped} accounted for`,
    grownBytes <= MOST_BYTES ? '' : `the sender has grown by ${mib(grownBytes)}; ${mib(MOST_BYTES)} are allowed`,
    mostWaiting <= MOST_WAITING ? '' : `${mostWaiting} messages waited; ${MOST_WAITING} are allowed`,
    lost === 0 ? '' : `${lost} connections were lost`,
  ].filter((failure) => failure !== '')
  const json = { ...found, grownBytes }
  return failures.length === 0
    ? { json, text: lines.join('\n') }
    : { json, text: lines.join('\n'), failed: failures.join('; ') }
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(2)} MiB`
}
