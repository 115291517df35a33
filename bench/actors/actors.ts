import type { Bench, Report, RunOptions } from '../bench.ts'
import { Samples } from './build.ts'
import { Results } from './results.ts'
import { runSample } from './run-sample.ts'
import { PEERS } from './summary.ts'
import { WORKLOADS } from './workloads.ts'

const COLUMNS: readonly string[] = ['troupe', 'bare', ...PEERS, 'writable', 'erlang']
const ROWS = [...WORKLOADS, 'idle'] as const

/** The same workloads in Troupe, in a bare loop, and in what else there is, by CPU time. */
export const actors: Bench = {
  name: 'actors',
  about: 'Savina workloads beside a bare loop and other runtimes; [--only=WORKLOAD,...] [--runtimes=NAME,...]',
  rounds: 5,
  extra: { only: listOf(ROWS), runtimes: listOf(COLUMNS) },
  async run({ rounds, quick, extra }: RunOptions): Promise<Report> {
    const rows = chosen(ROWS, extra.only)
    const wanted = chosen(COLUMNS, extra.runtimes)
    const results = new Results()
    const samples = await Samples.build(wanted.includes('erlang'))
    const columns = wanted.filter((column) => column !== 'erlang' || samples.hasErlang)
    if (columns.length < wanted.length) results.note('erlang is skipped: there is no erl and erlc on the path')
    try {
      // Processes cost more than quick samples do: one for all rows then.
      const groups = quick ? [rows] : rows.map((row) => [row])
      for (let round = 0; round < rounds; round++) {
        for (const group of groups) {
          // Bytes are the same each time.
          if (round > 0 && group[0] === 'idle') continue
          for (const column of rotated(columns, round)) {
            if (group.every((row) => results.lacks(column, row))) continue
            await take(column, () => runSample(samples.command(column, group, quick)), results)
          }
        }
      }
    } finally {
      samples.remove()
    }
    return results.report(chosen(WORKLOADS, extra.only), columns)
  },
}

async function take(column: string, run: () => ReturnType<typeof runSample>, results: Results): Promise<void> {
  try {
    results.add(column, await run())
  } catch (error) {
    // Ours must not fail. Where others do, the table has a hole or one sample less.
    if (column === 'troupe' || column === 'bare') throw error
    results.note(`a sample failed: ${(error as Error).message.trim().split('\n').slice(0, 12).join('\n  ')}`)
  }
}

/** Each column is first once: what runs right after a pause of the others has a cooler machine. */
function rotated<T>(list: readonly T[], by: number): T[] {
  return list.map((_, i) => list[(i + by) % list.length]!)
}

function listOf(names: readonly string[]): RegExp {
  const one = `(?:${names.join('|')})`
  return new RegExp(`^${one}(?:,${one})*$`)
}

function chosen<T extends string>(names: readonly T[], list: string | undefined): T[] {
  const wanted = list?.split(',')
  return names.filter((name) => wanted === undefined || wanted.includes(name))
}
