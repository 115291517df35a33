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

export interface Result {
  /** Of the rows. */
  readonly unit: 'ns' | 'ms'
  readonly rows: readonly Row[]
  /** Figures that are counted, not timed: they are the same on every machine. */
  readonly counted: Readonly<Record<string, number>>
}

export interface RunOptions {
  readonly rounds: number
  /** Few operations per round: to see that it runs, not how fast. */
  readonly quick: boolean
}

/** What `npm run bench -- NAME` runs. */
export interface Bench {
  readonly name: string
  /** One line for the list. */
  readonly about: string
  readonly rounds: number
  run(options: RunOptions): Promise<Result>
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

function median(list: readonly number[]): number {
  const sorted = list.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
