import type { Bench, Report, RunOptions } from '../bench.ts'
import { type Figures, figureOf, summarize } from './figures.ts'
import { type IdleFigures, type Line, Pairs } from './pairs.ts'
import type { Measured } from './sample.ts'
import { table } from './table.ts'
import { WORKLOADS } from './workloads.ts'

const COLUMNS = ['troupe', 'raw', 'ceiling', 'comedy', 'erlang'] as const
const ROWS = [...WORKLOADS, 'idle'] as const

/** Two processes on the loopback interface: what Troupe adds to a WebSocket, and what others take. */
export const remote: Bench = {
  name: 'remote',
  about: 'two processes, beside bare WebSockets, Erlang and comedy; [--only=WORKLOAD,...] [--runtimes=NAME,...]',
  rounds: 3,
  extra: { only: listOf(ROWS), runtimes: listOf(COLUMNS) },
  async run({ rounds, quick, extra }: RunOptions): Promise<Report> {
    const rows = chosen(ROWS, extra.only)
    const wanted = chosen(COLUMNS, extra.runtimes)
    const results = new Results()
    const pairs = await Pairs.build(wanted.includes('erlang'))
    const columns = wanted.filter((column) => column !== 'erlang' || pairs.hasErlang)
    if (columns.length < wanted.length) results.note('erlang is skipped: there is no erl, erlc and epmd on the path')
    try {
      // Processes cost more than quick samples do: one pair for all rows then.
      const groups = quick ? [rows] : rows.map((row) => [row])
      for (let round = 0; round < rounds; round++) {
        for (const group of groups) {
          // Bytes are the same each time.
          if (round > 0 && group[0] === 'idle') continue
          for (const column of rotated(columns, round)) {
            await take(column, () => pairs.run(column, group, quick), results)
          }
        }
      }
    } finally {
      pairs.remove()
    }
    return results.report(columns)
  },
}

/** The samples of a run, and what was to be said about them. */
class Results {
  readonly #samples = new Map<string, Measured[]>()
  readonly #idle = new Map<string, IdleFigures>()
  readonly #notes = new Set<string>()

  add(column: string, lines: readonly Line[]): void {
    for (const { name, measured, idle } of lines) {
      if (idle) this.#idle.set(column, idle)
      if (measured === undefined) continue
      const key = `${name}/${column}`
      this.#samples.set(key, [...(this.#samples.get(key) ?? []), measured])
    }
  }

  /** Seen at once, and out of the way of the object that `--json` prints. */
  note(line: string): void {
    if (!this.#notes.has(line)) console.error(line)
    this.#notes.add(line)
  }

  report(columns: readonly string[]): Report {
    const figures: Figures = {}
    for (const name of WORKLOADS) {
      const taken = columns.filter((column) => this.#samples.has(`${name}/${column}`))
      if (taken.length === 0) continue
      figures[name] = Object.fromEntries(
        taken.map((column) => [column, figureOf(this.#samples.get(`${name}/${column}`)!)]),
      )
    }
    if (this.#idle.size > 0) figures.idle = Object.fromEntries(this.#idle)
    const summary = summarize(figures)
    return { json: { workloads: figures, summary, notes: [...this.#notes] }, text: table(figures, summary) }
  }
}

async function take(column: string, run: () => Promise<Line[]>, results: Results): Promise<void> {
  try {
    results.add(column, await run())
  } catch (error) {
    // Ours must not fail. Where others do, the table has a hole or one sample less.
    if (column !== 'comedy' && column !== 'erlang') throw error
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
