import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Bench, Report, RunOptions } from '../bench.ts'
import { bundle } from '../bundle.ts'
import type { Detection } from './detection.ts'
import type { FalseDeaths } from './false-deaths.ts'
import { plots } from './plot.ts'
import type { Scale } from './scale.ts'

/** What members cost and how quickly they learn, by how many there are; detection; and whether anybody dies falsely. */
export const membership: Bench = {
  name: 'membership',
  about:
    'bare members by number; [--members=10,100,1000] [--draw=FILE.svg] [--crashes=1000] [--hours=10] without deaths',
  rounds: 1,
  extra: { members: /^\d+(,\d+)*$/, draw: /./, crashes: /^\d+$/, hours: /^\d+$/ },
  async run({ quick, extra }: RunOptions): Promise<Report> {
    const built = await bundle('membership/membership-main.ts')
    const ask = async <T>(...args: readonly (string | number)[]): Promise<T> => {
      const file = join(built.dir, 'membership-main.js')
      const { stdout } = await promisify(execFile)(process.execPath, [file, ...args.map(String)])
      return JSON.parse(stdout) as T
    }
    try {
      const sizes = (extra.members ?? (quick ? '5,10' : '10,30,100,300,1000')).split(',').map(Number)
      const scales: Scale[] = []
      for (const size of sizes) scales.push(await ask<Scale>(size))
      const detection = await ask<Detection>('detection', extra.crashes ?? (quick ? 5 : 1_000))
      const deaths = await ask<FalseDeaths>('false-deaths', extra.hours ?? (quick ? 1 : 10), 1)
      if (extra.draw !== undefined) writeFileSync(extra.draw, drawing(scales))
      const text = [table(scales), '', ...lines(detection, deaths)].join('\n')
      const json = { scales, detection, deaths }
      if (deaths.down === 0) return { json, text }
      return { json, text, failed: `${deaths.down} members were taken for down that were well` }
    } finally {
      built.remove()
    }
  },
}

const HEADS = ['members', 'msgs/s', 'bytes/s', 'join s', 'found s', 'known s', 'down s', 'cpu s']

function table(scales: readonly Scale[]): string {
  const rows = scales.map((scale) => [
    String(scale.members),
    scale.messagesPerSecond.toFixed(2),
    scale.bytesPerSecond.toFixed(0),
    ...[scale.joinMs, scale.detectedMs, scale.knownMs, scale.downMs].map((ms) => (ms / 1_000).toFixed(1)),
    scale.cpuSeconds.toFixed(1),
  ])
  return [HEADS, ...rows].map((row) => row.map((cell) => cell.padStart(9)).join('')).join('\n')
}

function lines(detection: Detection, { hours, suspected, unreachable, down }: FalseDeaths): string[] {
  const { crashes, p50Ms, p99Ms, mostMs } = detection
  return [
    `${crashes} crashes in a cluster of 5: found after ${p50Ms} ms (p50), ${p99Ms} ms (p99), ${mostMs} ms (most)`,
    `${hours} hours of 5 members that are well, 5 % loss, stalls of 200 ms: ${suspected} suspicions, ${unreachable} unreachable, ${down} down`,
  ]
}

function drawing(scales: readonly Scale[]): string {
  const seconds = (name: string, pick: (scale: Scale) => number): { name: string; values: number[] } => {
    return { name, values: scales.map((scale) => pick(scale) / 1_000) }
  }
  const bytes = { name: 'bytes/s, per node', values: scales.map(({ bytesPerSecond }) => bytesPerSecond) }
  return plots(
    scales.map(({ members }) => members),
    [
      {
        title: 'A crash, in s',
        curves: [seconds('found', (s) => s.detectedMs), seconds('known to all', (s) => s.knownMs)],
      },
      { title: 'All join at once, in s', curves: [seconds('all up', (s) => s.joinMs)] },
      { title: 'While nothing happens', curves: [bytes] },
    ],
  )
}
