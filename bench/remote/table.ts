import type { Figure, Figures, Ratios } from './figures.ts'
import { WORKLOADS } from './workloads.ts'

/** A block per workload, a line per column; then idle connections, and the ratios. */
export function table(figures: Figures, summary: Ratios & { readonly byCpu: Ratios }): string {
  const parts: string[] = []
  for (const name of WORKLOADS) {
    const row = figures[name]
    if (row === undefined) continue
    const lines = Object.entries(row).map(([column, figure]) => [column, ...cells(figure)])
    parts.push(align([[name, 'per second', 'per CPU s', 'spread', 'bytes', 'p50 us', 'p99 us'], ...lines]))
  }
  if (figures.idle !== undefined) {
    const lines = Object.entries(figures.idle).map(([column, { connections, bytes }]) => [
      column,
      bytes.toFixed(0),
      String(connections),
    ])
    parts.push(align([['idle', 'bytes', 'connections'], ...lines]))
  }
  const { byCpu, ...byClock } = summary
  const names = Object.keys(byCpu) as (keyof Ratios)[]
  const line = (ratios: Ratios): string[] => names.map((name) => ratios[name]?.toFixed(2) ?? '-')
  parts.push(
    align([
      ['troupe over ...', ...names],
      ['by the clock', ...line(byClock)],
      ['by CPU time', ...line(byCpu)],
    ]),
  )
  return parts.join('\n\n')
}

function cells({ perSecond, perCpuSecond, spread, bytesPerMessage, p50Micros, p99Micros }: Figure): string[] {
  const whole = (value: number | null): string => value?.toFixed(0) ?? '-'
  const bytes = bytesPerMessage?.toFixed(1) ?? '-'
  return [whole(perSecond), whole(perCpuSecond), spread.toFixed(2), bytes, whole(p50Micros), whole(p99Micros)]
}

function align(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]! + 2))).join('')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}
