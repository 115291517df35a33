import { bestPeer, type Figures, type Summary } from './summary.ts'
import { type WorkloadName, workload } from './workloads.ts'

/** Rates, then ratios, a line per workload. */
export function table(figures: Figures, columns: readonly string[], summary: Summary): string {
  const names = Object.keys(figures) as WorkloadName[]
  const rates = names.map((name) => [
    `${name} (${workload(name, false).unit})`,
    ...columns.map((column) => rate(figures[name]![column]?.opsPerCpuSecond)),
  ])
  const ratios = names.map((name) => {
    const row = figures[name]!
    const troupe = row.troupe?.opsPerCpuSecond
    const over = (other: number | undefined): string =>
      troupe === undefined || other === undefined ? '-' : (troupe / other).toFixed(2)
    return [
      name,
      over(row.bare?.opsPerCpuSecond),
      name === 'async' ? '-' : over(row.erlang?.opsPerCpuSecond),
      over(bestPeer(row)),
      row.troupe?.spread.toFixed(2) ?? '-',
      row.bare?.spread.toFixed(2) ?? '-',
    ]
  })
  const { vsBare, vsErlang, vsBestPeer } = summary
  const means = ['geometric mean', ...[vsBare, vsErlang, vsBestPeer].map((mean) => mean?.toFixed(2) ?? '-'), '', '']
  return [
    'operations per second of process CPU',
    align([['', ...columns], ...rates]),
    '',
    'troupe over ..., and (largest - smallest) / median',
    align([['', 'bare', 'erlang', 'best peer', 'spread', 'of bare'], ...ratios, means]),
  ].join('\n')
}

/** 1234567 as `1.23M`: three figures are more than the noise leaves. */
function rate(value: number | undefined): string {
  if (value === undefined) return '-'
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)}M`
  return `${(value / 1e3).toPrecision(3)}k`
}

function align(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]! + 2))).join('')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}
