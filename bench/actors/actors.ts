import type { Bench, Report, RunOptions } from '../bench.ts'
import { buildSamples } from './build.ts'
import { type Command, runSample } from './run-sample.ts'
import type { Measured } from './sample.ts'
import { type Figures, figure, summarize } from './summary.ts'
import { table } from './table.ts'
import { WORKLOADS, type WorkloadName } from './workloads.ts'

const COLUMNS: readonly string[] = ['troupe', 'bare']

/** The same workloads in Troupe, in a bare loop, and in what else there is, by CPU time. */
export const actors: Bench = {
  name: 'actors',
  about: 'Savina workloads beside a bare loop and other runtimes; [--only=WORKLOAD,...] [--runtimes=NAME,...]',
  rounds: 5,
  extra: { only: listOf(WORKLOADS), runtimes: listOf(COLUMNS) },
  async run({ rounds, quick, extra }: RunOptions): Promise<Report> {
    const workloads = chosen(WORKLOADS, extra.only)
    const columns = chosen(COLUMNS, extra.runtimes)
    const built = await buildSamples()
    try {
      const size = quick ? 'quick' : 'full'
      const command = (column: string, names: readonly WorkloadName[]): Command => ({
        file: process.execPath,
        args: [built.path, column, size, ...names],
      })
      const results = new Results(workloads, columns)
      // Processes cost more than quick samples do: one for all workloads then.
      const groups = quick ? [workloads] : workloads.map((name) => [name])
      for (let round = 0; round < rounds; round++) {
        for (const group of groups) {
          for (const column of rotated(columns, round)) await results.add(column, group, command(column, group))
        }
      }
      return results.report()
    } finally {
      built.remove()
    }
  },
}

/** Takes samples, and knows what went wrong with which. */
class Results {
  readonly #workloads: readonly WorkloadName[]
  readonly #columns: readonly string[]
  readonly #samples = new Map<string, Measured[]>()
  readonly #notes = new Set<string>()

  constructor(workloads: readonly WorkloadName[], columns: readonly string[]) {
    this.#workloads = workloads
    this.#columns = columns
  }

  async add(column: string, names: readonly WorkloadName[], command: Command): Promise<void> {
    const samples = await runSample(command).catch((error: Error) => {
      // Ours must not fail. Others may: theirs is a hole in the table.
      if (column === 'troupe' || column === 'bare') throw error
      this.#note(`${column} failed at ${names.join(', ')}: ${error.message.trim().split('\n').at(-1)}`)
      return null
    })
    if (samples === null) return
    for (const name of names) {
      const measured = samples[name]
      if (measured) this.#of(name, column).push(measured)
      else if (column === 'troupe') this.#note(`troupe skips ${name}: this version of core has no such thing`)
    }
  }

  report(): Report {
    const figures: Record<string, Figures[WorkloadName]> = {}
    for (const name of this.#workloads) {
      const taken = this.#columns.filter((column) => this.#of(name, column).length > 0)
      figures[name] = Object.fromEntries(taken.map((column) => [column, figure(this.#of(name, column))]))
    }
    const summary = summarize(figures)
    return {
      json: { unit: 'operations per CPU second', workloads: figures, summary, notes: [...this.#notes] },
      text: table(figures, this.#columns, summary),
    }
  }

  /** Seen at once, and out of the way of the object that `--json` prints. */
  #note(line: string): void {
    if (!this.#notes.has(line)) console.error(line)
    this.#notes.add(line)
  }

  #of(name: WorkloadName, column: string): Measured[] {
    const key = `${name}/${column}`
    const samples = this.#samples.get(key) ?? []
    this.#samples.set(key, samples)
    return samples
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
