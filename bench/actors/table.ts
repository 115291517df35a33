import type { IdleFigures } from './idle.ts'
import { bestPeer, type Figures, type Summary } from './summary.ts'
import { type WorkloadName, workload } from './workloads.ts'

type IdleByColumn = Readonly<Record<string, IdleFigures>>

/** Rates, then ratios, a line per workload; then what idle actors cost. */
export function table(figures: Figures, idle: IdleByColumn, columns: readonly string[], summary: Summary): string {
  const parts: string[] = []
  if (Object.keys(figures).length > 0) {
    parts.push(`operations per second of process CPU\n${rates(figures, columns)}`)
    parts.push(`troupe over ..., and (largest - smallest) / median\n${ratios(figures, summary)}`)
  }
  if (Object.keys(idle).length > 0) parts.push(idleLines(idle))
  return parts.join('\n\n')
}

function rates(figures: Figures, columns: readonly string[]): string {
  const rows = (Object.keys(figures) as WorkloadName[]).map((name) => [
    `${name} (${workload(name, false).unit})`,
    ...columns.map((column) => rate(figures[name]![column]?.opsPerCpuSecond)),
  ])
  return align([['', ...columns], ...rows])
}

function ratios(figures: Figures, { vsBare, vsErlang, vsBestPeer }: Summary): string {
  const rows = Object.entries(figures).map(([name, row]) => {
    const troupe = row.troupe?.opsPerCpuSecond
    const over = (other: number | undefined): string =>
      troupe === undefined || other === undefined ? '-' : (troupe / other).toFixed(2)
    const spreads = [row.troupe, row.bare].map((figure) => figure?.spread.toFixed(2) ?? '-')
    return [name, ...[row.bare?.opsPerCpuSecond, row.erlang?.opsPerCpuSecond, bestPeer(row)].map(over), ...spreads]
  })
  const means = [vsBare, vsErlang, vsBestPeer].map((mean) => mean?.toFixed(2) ?? '-')
  const head = ['', 'bare', 'erlang', 'best peer', 'spread', 'of bare']
  return align([head, ...rows, ['geometric mean', ...means, '', '']])
}

function idleLines(idle: IdleByColumn): string {
  const columns = Object.keys(idle)
  const bytes = columns.map((column) => idle[column]!.bytes.toFixed(0))
  const lines = [
    'bytes per idle actor, beyond the object that handles its messages',
    align([
      ['', ...columns],
      ['idle', ...bytes],
    ]),
  ]
  for (const column of columns) {
    const { million } = idle[column]!
    if (million === undefined) continue
    const { actors, startSeconds, stopSeconds } = million
    lines.push(
      `${column}: ${actors} idle actors started in ${startSeconds.toFixed(2)} s, stopped in order in ${stopSeconds.toFixed(2)} s`,
    )
  }
  return lines.join('\n')
}

/** 1234567 as `1.23M`: three figures are more than the noise leaves. */
function rate(value: number | undefined): string {
  if (value === undefined) return '-'
  if (value >= 999_500) return `${(value / 1e6).toPrecision(3)}M`
  return `${(value / 1e3).toPrecision(3)}k`
}

function align(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]! + 2))).join('')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}
