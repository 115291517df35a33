import { checkOptions, is } from '@troupe/core'
import { canonical } from './canonical.ts'
import type { HistoryEvent } from './history.ts'

/** How wide a diagram is. */
export interface DiagramOptions {
  /** Characters per line, at least 60. Default 100. */
  readonly width?: number
}

/**
 * A history as text, one operation per line on an axis of time, for people:
 *
 * ```
 * p1  write 1       |-----|
 * p2  read -> 0               |--|
 * p3  write 2 ?        |-----------...
 * ```
 *
 * Columns are events, not ms: what overlaps, overlaps, and what comes first is left. `?` and dots: nobody knows whether
 * and when it was done. A `fail` has an `x` at its end.
 *
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function historyDiagram(history: readonly HistoryEvent[], options: DiagramOptions = {}): string {
  checkOptions('historyDiagram', options, { width: is.integer(60) })
  const rows = rowsOf(history)
  const labelWidth = Math.max(...rows.map(({ label }) => label.length), 0)
  const nameWidth = Math.max(...rows.map(({ name }) => name.length), 0)
  const room = (options.width ?? 100) - labelWidth - nameWidth - 8
  const columns = Math.max(10, Math.min(3 * history.length, room))
  const column = (place: number): number => Math.floor((place * columns) / Math.max(1, history.length))
  return rows
    .map(({ name, label, start, end, mark }) => {
      const from = column(start)
      const to = end === null ? columns + 1 : Math.max(column(end), from + 1)
      const bar =
        end === null ? `|${'-'.repeat(Math.max(0, to - from - 3))}...` : `|${'-'.repeat(to - from - 1)}${mark}`
      return `${name.padEnd(nameWidth)}  ${label.padEnd(labelWidth)}  ${' '.repeat(from)}${bar}\n`
    })
    .join('')
}

interface Row {
  readonly name: string
  readonly label: string
  readonly start: number
  readonly end: number | null
  readonly mark: '|' | 'x'
}

function rowsOf(history: readonly HistoryEvent[]): Row[] {
  const rows: Row[] = []
  const open = new Map<number | string, number>()
  const add = (start: number, end: number | null): void => {
    const invoke = history[start]!
    const after = end === null ? undefined : history[end]!
    const isOpen = after === undefined || after.type === 'info'
    const input = invoke.value === undefined || invoke.value === null ? '' : ` ${short(invoke.value)}`
    const answer = after?.type !== 'ok' ? undefined : after.value
    const output = isOpen
      ? ' ?'
      : after.type === 'fail'
        ? ` failed${after.error === undefined ? '' : `: ${after.error}`}`
        : answered(invoke, answer)
    const name = typeof invoke.process === 'number' ? `p${invoke.process}` : invoke.process
    const label = `${invoke.f}${input}${output}`
    rows.push({ name, label, start, end: isOpen ? null : end, mark: after?.type === 'fail' ? 'x' : '|' })
  }
  history.forEach(({ process, type }, at) => {
    const start = open.get(process)
    if (type === 'invoke') open.set(process, at)
    else if (start !== undefined) {
      add(start, at)
      open.delete(process)
    }
  })
  for (const start of open.values()) add(start, null)
  return rows.sort((a, b) => a.start - b.start)
}

/** What came out, unless it is what went in or nothing: many clients answer a write with its value. */
function answered(invoke: HistoryEvent, answer: unknown): string {
  const isRead = invoke.value === undefined || invoke.value === null
  if (answer === undefined || answer === null) return isRead ? ` -> ${answer === null ? 'null' : 'nothing'}` : ''
  return canonical(answer) === canonical(invoke.value) ? '' : ` -> ${short(answer)}`
}

/** Long values lose their middle: what was added last stands at the end. */
function short(value: unknown): string {
  const text = canonical(value)
  return text.length <= 32 ? text : `${text.slice(0, 12)}…${text.slice(-19)}`
}
