import { closedIntervals } from './closed-intervals.ts'
import { type HistoryEvent, isNote } from './history.ts'
import { HistoryError } from './history-error.ts'

/** In Jepsen's histories, who breaks things: its lines are no operations. */
const NEMESIS = 'nemesis'

const TYPES: readonly unknown[] = ['invoke', 'ok', 'fail', 'info']

/**
 * Reads a history as JSON lines, `{i, t, process, type, f, key?, value, error?}`, the shape Jepsen users know:
 *
 * - `i` counts the lines upwards; `t` is the time in ms. Lines that have no `i` but all a `t` are ordered by that, and
 *   what is equal in time is taken as concurrent (`closedIntervals`); other lines stand in order.
 * - `process` is a number or a text; after its first `info` it does nothing more. Lines of `nemesis` are left out.
 * - `key` is a text or a number. Other members are ignored, and so are empty lines.
 *
 * @throws {HistoryError} with the number of the line, from 1, and what is wrong there
 */
export function readHistory(text: string): HistoryEvent[] {
  const lineOf = new Map<HistoryEvent, number>()
  let lastIndex: number | null | undefined
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const { i, event } = new Line(at + 1, line).read()
    if (lastIndex !== undefined && (lastIndex === null) !== (i === null))
      throw wrong(at + 1, 'either all lines have "i", or none')
    if (typeof lastIndex === 'number' && i! <= lastIndex) throw wrong(at + 1, `"i" is ${i} after ${lastIndex}`)
    lastIndex = i
    if (event.process !== NEMESIS) lineOf.set(event, at + 1)
  }
  const events = [...lineOf.keys()]
  const history = lastIndex === null ? closedIntervals(events) : events
  checkProcesses(history, lineOf)
  return history
}

/**
 * Writes a history as JSON lines, which `readHistory` reads. A process that goes on after an `info` is called another:
 * `c1` becomes `c1/2`. Sets are written as lists, maps as lists of pairs.
 *
 * @throws {HistoryError} when a value cannot be written as JSON
 */
export function writeHistory(history: readonly HistoryEvent[]): string {
  const lives = new Map<number | string, number>()
  return history
    .map(({ process, type, f, key, value, error, at }, i) => {
      const life = lives.get(process) ?? 1
      if (type === 'info' && !isNote({ process })) lives.set(process, life + 1)
      const name = life === 1 ? process : `${process}/${life}`
      try {
        return `${JSON.stringify({ i, t: at, process: name, type, f, key, value, error }, plain)}\n`
      } catch (cause) {
        throw new HistoryError(`event ${i}: its value cannot be written as JSON`, { cause })
      }
    })
    .join('')
}

function plain(_name: string, value: unknown): unknown {
  return value instanceof Set || value instanceof Map ? [...value] : value
}

function wrong(line: number, what: string): HistoryError {
  return new HistoryError(`line ${line}: ${what}`)
}

/** One line, with errors that say which. */
class Line {
  readonly #number: number
  readonly #members: Readonly<Record<string, unknown>>

  constructor(number: number, text: string) {
    this.#number = number
    let parsed: unknown
    try {
      parsed = JSON.parse(text)
    } catch (cause) {
      throw new HistoryError(`line ${number}: no JSON: ${(cause as Error).message}`, { cause })
    }
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw wrong(number, 'not an object')
    this.#members = parsed as Readonly<Record<string, unknown>>
  }

  read(): { readonly i: number | null; readonly event: HistoryEvent } {
    const { value } = this.#members
    const i = this.#member('i', 'an integer', Number.isSafeInteger) as number | undefined
    const at = this.#member('t', 'a number of ms', Number.isFinite) as number | undefined
    const process = this.#member('process', 'a number or a text', isName, true) as number | string
    const type = this.#member('type', TYPES.join(', '), (type) => TYPES.includes(type), true) as HistoryEvent['type']
    const f = this.#member('f', 'a text', isText, true) as string
    const key = this.#member('key', 'a text or a number', isName) as number | string | undefined
    const error = this.#member('error', 'a text', isText) as string | undefined
    const event: HistoryEvent = {
      process,
      type,
      f,
      ...(key === undefined ? {} : { key: String(key) }),
      ...(value === undefined ? {} : { value }),
      ...(error === undefined ? {} : { error }),
      ...(at === undefined ? {} : { at }),
    }
    return { i: i ?? null, event }
  }

  #member(name: string, form: string, fits: (value: unknown) => boolean, isNeeded = false): unknown {
    const value = this.#members[name] ?? undefined
    if (value === undefined && !isNeeded) return undefined
    if (value === undefined) throw wrong(this.#number, `"${name}" is missing`)
    if (!fits(value)) throw wrong(this.#number, `"${name}" is ${JSON.stringify(value)}, which is not ${form}`)
    return value
  }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

function isName(value: unknown): boolean {
  return typeof value === 'string' || Number.isFinite(value)
}

/** Each process invokes and ends in turn, until its first `info`. */
function checkProcesses(history: readonly HistoryEvent[], lineOf: ReadonlyMap<HistoryEvent, number>): void {
  const last = new Map<number | string, HistoryEvent>()
  for (const event of history) {
    const { process, type, f } = event
    if (isNote(event)) continue
    const before = last.get(process)
    const line = lineOf.get(event)!
    if (before?.type === 'info')
      throw wrong(line, `process ${process} has ended with the info of line ${lineOf.get(before)}`)
    if (type === 'invoke' && before?.type === 'invoke')
      throw wrong(line, `process ${process} invokes while it is busy since line ${lineOf.get(before)}`)
    if (type !== 'invoke' && before?.type !== 'invoke') throw wrong(line, `process ${process} has invoked nothing`)
    if (type !== 'invoke' && before?.f !== f)
      throw wrong(line, `process ${process} ends ${f}, but invoked ${before?.f} in line ${lineOf.get(before!)}`)
    last.set(process, event)
  }
}
