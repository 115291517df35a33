/** One way of doing the same work. */
export interface Contender {
  readonly name: string
  /** Does about `operations` operations. @returns how many it did; it checks its own count */
  run(operations: number): number | Promise<number>
  close?(): void | Promise<void>
}

export interface Result {
  readonly name: string
  /** Median over the rounds. */
  readonly nsPerOperation: number
  /** Largest minus smallest, over the median: below 0.2, differences of 20 % mean something. */
  readonly spread: number
  /** `nsPerOperation` of the first contender over this one's: 1 is as fast, 0.5 half as fast. */
  readonly ratio: number
}

/**
 * Runs all contenders in turn, round after round, so that a busy neighbour slows them all alike. The first
 * round warms up and does not count.
 */
export async function compare(contenders: readonly Contender[], operations: number, rounds: number): Promise<Result[]> {
  const samples = contenders.map(() => [] as number[])
  for (let round = 0; round <= rounds; round++) {
    for (const [i, contender] of contenders.entries()) {
      const start = performance.now()
      const done = await contender.run(operations)
      const ns = ((performance.now() - start) * 1e6) / done
      if (round > 0) samples[i]!.push(ns)
    }
  }
  for (const contender of contenders) await contender.close?.()
  const first = median(samples[0]!)
  return contenders.map(({ name }, i) => {
    const nsPerOperation = median(samples[i]!)
    const spread = (Math.max(...samples[i]!) - Math.min(...samples[i]!)) / nsPerOperation
    return { name, nsPerOperation, spread, ratio: first / nsPerOperation }
  })
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export function table(title: string, results: readonly Result[]): string {
  const width = Math.max(...results.map(({ name }) => name.length))
  const rows = results.map(({ name, nsPerOperation, spread, ratio }) => {
    const ns = nsPerOperation.toFixed(1).padStart(10)
    return `${name.padEnd(width)} ${ns} ${ratio.toFixed(3).padStart(7)} ${spread.toFixed(2).padStart(7)}`
  })
  return [title, `${''.padEnd(width)}      ns/op   ratio  spread`, ...rows].join('\n')
}
