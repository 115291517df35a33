import type { Report } from '../bench.ts'
import type { IdleFigures } from './idle.ts'
import type { Line } from './run-sample.ts'
import type { Measured } from './sample.ts'
import { type Figures, figure, summarize } from './summary.ts'
import { table } from './table.ts'
import type { WorkloadName } from './workloads.ts'

/** The samples of a run, and what was to be said about them. */
export class Results {
  readonly #samples = new Map<string, Measured[]>()
  readonly #idle: Record<string, IdleFigures> = {}
  readonly #notes = new Set<string>()
  readonly #lacking = new Set<string>()

  add(column: string, lines: readonly Line[]): void {
    for (const { name, measured, idle } of lines) {
      if (idle) this.#idle[column] = idle
      else if (measured) this.#of(name, column).push(measured)
      else this.#lacking.add(`${name}/${column}`)
    }
  }

  /** The column has said that it has no such row. */
  lacks(column: string, row: string): boolean {
    return this.#lacking.has(`${row}/${column}`)
  }

  /** Seen at once, and out of the way of the object that `--json` prints. */
  note(line: string): void {
    if (!this.#notes.has(line)) console.error(line)
    this.#notes.add(line)
  }

  report(workloads: readonly WorkloadName[], columns: readonly string[]): Report {
    const figures: Record<string, Figures[WorkloadName]> = {}
    for (const name of workloads) {
      const taken = columns.filter((column) => this.#of(name, column).length > 0)
      figures[name] = Object.fromEntries(taken.map((column) => [column, figure(this.#of(name, column))]))
    }
    const summary = summarize(figures)
    const json = { unit: 'operations per CPU second', workloads: figures, idle: this.#idle, summary }
    return {
      json: { ...json, notes: [...this.#notes] },
      text: table(figures, this.#idle, columns, summary),
    }
  }

  #of(name: string, column: string): Measured[] {
    const key = `${name}/${column}`
    const samples = this.#samples.get(key) ?? []
    this.#samples.set(key, samples)
    return samples
  }
}
