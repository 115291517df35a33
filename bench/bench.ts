/** One thing to be compared with others of the same bench. */
export interface Variant {
  readonly name: string
  /** How many operations one round has. */
  readonly count: number
  /** Does `count` operations. */
  run(count: number): void | Promise<void>
}

/** What came out for one variant, per operation. */
export interface Row {
  readonly name: string
  readonly median: number
  readonly min: number
  readonly max: number
  /** Of the medians, to the first row. */
  readonly ratio: number
}

/** What a bench found: an object for programs, and the same for people. */
export interface Report {
  readonly json: object
  readonly text: string
  /** What was promised and not kept; the exit status tells, too. */
  readonly failed?: string
}

export interface RunOptions {
  readonly rounds: number
  /** Few operations per round: to see that it runs, not how fast. */
  readonly quick: boolean
  /** What else was asked for, `--NAME=VALUE`; of the names that the bench lists. */
  readonly extra: Readonly<Record<string, string>>
}

/** What `npm run bench -- NAME` runs. */
export interface Bench {
  readonly name: string
  /** One line for the list. */
  readonly about: string
  readonly rounds: number
  /** Names of options of its own, each with the form of its value. */
  readonly extra?: Readonly<Record<string, RegExp>>
  run(options: RunOptions): Promise<Report>
}

/** Times each variant once per round, in turn, so that a slow minute of the machine hits all of them alike. */
export async function interleave(variants: readonly Variant[], rounds: number): Promise<number[][]> {
  const timesMs: number[][] = variants.map(() => [])
  // The first round warms up and does not count.
  for (let round = -1; round < rounds; round++) {
    for (const [i, { run, count }] of variants.entries()) {
      const startMs = performance.now()
      await run(count)
      if (round >= 0) timesMs[i]!.push((performance.now() - startMs) / count)
    }
  }
  return timesMs
}

/** @param times one list per name; the first is what the others are compared to */
export function rowsOf(names: readonly string[], times: readonly (readonly number[])[]): Row[] {
  const first = median(times[0] ?? [])
  return names.map((name, i) => {
    const list = times[i]!
    return { name, median: median(list), min: Math.min(...list), max: Math.max(...list), ratio: median(list) / first }
  })
}

/** @param counted figures that are counted, not timed: they are the same on every machine */
export function rowsReport(
  unit: 'ns' | 'ms',
  rows: readonly Row[],
  counted: Readonly<Record<string, number>> = {},
): Report {
  const width = Math.max(...rows.map(({ name }) => name.length))
  const lines = [
    `${''.padEnd(width)} ${['median', 'least', 'most', 'ratio'].map((head) => head.padStart(10)).join('')}`,
  ]
  for (const { name, median, min, max, ratio } of rows) {
    const figures = [median, min, max].map((figure) => `${figure.toFixed(1)} ${unit}`.padStart(10))
    lines.push(`${name.padEnd(width)} ${figures.join('')}${ratio.toFixed(1).padStart(10)}`)
  }
  if (Object.keys(counted).length > 0) lines.push('')
  for (const [figure, value] of Object.entries(counted)) lines.push(`${figure} ${Number(value.toFixed(4))}`)
  return { json: { unit, rows, counted }, text: lines.join('\n') }
}

export function median(list: readonly number[]): number {
  const sorted = list.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
