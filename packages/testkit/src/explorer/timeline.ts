import { checkOptions, is } from '@troupe/core'
import type { Run } from '../simulation/run.ts'
import { absences, type StoryOperation, storyOperations } from './story.ts'
import { msWords, nemesisWords } from './wording.ts'

/** How {@link timeline} prints. */
export interface TimelineOptions {
  /** Lines of events to show; more are left out, operations of clients first. At least 1, default 40. */
  readonly maxLines?: number
  /** Longer lines are cut. In characters, at least 40, default 120. */
  readonly width?: number
}

/**
 * What happened, for a terminal: a line for each event, a column for each node.
 *
 * ```text
 *         ms  n1 n2 n3
 *    1,203.0   |  |  x  crash n3
 *    1,250.5   |  |  x  c1 write k 4 .. ok 1,260.1
 *    1,900.0   |  =  x  pause n2
 *    4,000.0   |  |  |  VIOLATION safety linearizability: ...
 * ```
 * `|` is up, `x` down, `=` paused. Operations stand where they began; a `!` is before those of the conflict that a
 * checker has found.
 *
 * @param run one with `record: true` says more exactly when nodes were down
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function timeline(run: Run, options: TimelineOptions = {}): string {
  checkOptions('timeline', options, { maxLines: is.integer(1), width: is.integer(40) })
  const { maxLines = 40, width = 120 } = options
  const rows = rowsOf(run)
  const shown = chosen(rows, maxLines)
  const state = states(run)
  const names = run.nodes.map((name) => name.padStart(2))
  const lines = [`${'ms'.padStart(11)}  ${names.join(' ')}`]
  let left = 0
  for (const row of rows) {
    if (!shown.has(row)) {
      left++
      continue
    }
    if (left > 0) lines.push(`${'...'.padStart(11)}  ${' '.repeat(names.join(' ').length)}  ${left} more`)
    left = 0
    const cells = run.nodes.map((name, i) => state(name, row.atMs).padStart(names[i]!.length))
    lines.push(`${msWords(row.atMs).padStart(11)}  ${cells.join(' ')}  ${row.words}`)
  }
  if (left > 0) lines.push(`${'...'.padStart(11)}  ${' '.repeat(names.join(' ').length)}  ${left} more`)
  return lines.map((line) => (line.length > width ? `${line.slice(0, width - 3)}...` : line)).join('\n')
}

interface Row {
  readonly atMs: number
  readonly words: string
  /** What is left out last. */
  readonly weight: 0 | 1 | 2
}

function rowsOf(run: Run): Row[] {
  const changes = run.trace.filter(
    ({ kind, node, atMs }) => CHANGES.has(kind) && run.nodes.includes(node) && !isOrdered(run, atMs, node),
  )
  const rows: Row[] = [
    ...run.nemesis.map((each): Row => ({ atMs: each.atMs, words: nemesisWords(each), weight: 1 })),
    ...changes.map(({ atMs, node, kind }): Row => ({ atMs, words: `${node} ${kind}`, weight: 1 })),
    ...storyOperations(run).map(
      (each): Row => ({ atMs: each.fromMs, words: operationLine(each), weight: each.isConflict ? 2 : 0 }),
    ),
    ...run.violations.map(({ atMs, kind, name, message, node }): Row => {
      const where = node === undefined ? '' : ` on ${node}`
      return { atMs, words: `VIOLATION ${kind} ${name}${where}: ${message.split('\n')[0]}`, weight: 2 }
    }),
  ]
  return rows.sort((a, b) => a.atMs - b.atMs || a.weight - b.weight)
}

/** What becomes of nodes by themselves: at the start, and when all is healed. */
const CHANGES: ReadonlySet<string> = new Set(['started', 'crashed', 'resumed'])

/** Whether the nemesis says so too, on a line of its own. */
function isOrdered(run: Run, atMs: number, node: string): boolean {
  return run.nemesis.some((each) => 'node' in each && each.node === node && each.atMs === atMs)
}

function operationLine({ process, words, toMs, outcome, reason, isConflict }: StoryOperation): string {
  const why = reason === '' ? '' : ` (${reason})`
  return `${isConflict ? '! ' : ''}${process} ${words} .. ${outcome} ${msWords(toMs)}${why}`
}

/** The heaviest rows, and of equally heavy ones the last: what is near to the violation. */
function chosen(rows: readonly Row[], maxLines: number): ReadonlySet<Row> {
  const order = rows.map((row, i) => ({ row, i })).sort((a, b) => b.row.weight - a.row.weight || b.i - a.i)
  return new Set(order.slice(0, maxLines).map(({ row }) => row))
}

function states(run: Run): (node: string, atMs: number) => string {
  const all = absences(run)
  return (node, atMs) => {
    const absence = all.find(
      ({ node: absent, fromMs, toMs }) =>
        absent === node && fromMs <= atMs && (atMs < toMs || toMs === run.simulatedMs),
    )
    return absence === undefined ? '|' : absence.state === 'down' ? 'x' : '='
  }
}
