import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Bench, Report, RunOptions } from '../bench.ts'
import { bundle } from '../bundle.ts'
import type { Look } from './soak-main.ts'

/** How much more live heap than at the start is no leak: the runtime's own tables and compiled code move by that. */
const TOLERANCE_BYTES = 2 * 2 ** 20

/** All that starts and stops, at full speed, for minutes: does anything stay behind? */
export const soak: Bench = {
  name: 'soak',
  about: 'starts, stops, crashes, asks, timers and watches at full speed; fails if the heap grows; [--minutes=5]',
  rounds: 1,
  extra: { minutes: /^\d+(\.\d+)?$/ },
  async run({ quick, extra }: RunOptions): Promise<Report> {
    const seconds = quick ? 1.5 : Number(extra.minutes ?? 5) * 60
    const built = await bundle('soak/soak-main.ts')
    try {
      return report(await looks(join(built.dir, 'soak-main.js'), seconds, !quick))
    } finally {
      built.remove()
    }
  },
}

/** @param show each look at the heap as it comes: minutes are long */
async function looks(file: string, seconds: number, show: boolean): Promise<Look[]> {
  const child = spawn(process.execPath, ['--expose-gc', file, String(seconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const found: Look[] = []
  for await (const line of createInterface(child.stdout)) {
    const look = JSON.parse(line) as Look
    found.push(look)
    if (!show) continue
    console.error(
      `${look.seconds.toFixed(0).padStart(5)} s  ${mib(look.heapBytes)} live  ${look.operations} operations`,
    )
  }
  const status = await ended
  if (status !== 0) throw new Error(`the soaked process ended with ${status}`)
  return found
}

function report(found: readonly Look[]): Report {
  const [first, last] = [found[0]!, found.at(-1)!]
  const grownBytes = last.heapBytes - first.heapBytes
  const operations = last.operations - first.operations
  const text = `${operations} operations; live heap ${mib(first.heapBytes)} at the start, ${mib(last.heapBytes)} at the end`
  const json = { looks: found, operations, grownBytes, toleranceBytes: TOLERANCE_BYTES }
  if (grownBytes <= TOLERANCE_BYTES) return { json, text }
  const failed = `the live heap has grown by ${mib(grownBytes)}; ${mib(TOLERANCE_BYTES)} are allowed`
  return { json, text, failed }
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(2)} MiB`
}
