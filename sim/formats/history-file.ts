import { HistoryError, type HistoryEvent, readHistory } from '@troupe/testkit'
import { readEdn } from './edn.ts'

/** Ways to write a history down: JSON lines, EDN maps line by line, and the log of Jepsen's first etcd tests. */
export const FORMATS = ['jsonl', 'edn', 'jepsen-log'] as const

export type Format = (typeof FORMATS)[number]

/** `INFO  jepsen.util - PROCESS  :TYPE  :F  VALUE`; all other lines of a log are something else. */
const LOGGED = /\bjepsen\.util - (\S+)\s+:(invoke|ok|fail|info)\s+:(\S+)\s*(.*)$/

/** The format that a text is in, by its first lines; null when it is none. */
export function recognize(text: string): Format | null {
  const first = text.split('\n', 20).map((line) => line.trim())
  const start = first.find((line) => line !== '') ?? ''
  if (first.some((line) => LOGGED.test(line))) return 'jepsen-log'
  if (start.startsWith('{:')) return 'edn'
  return start.startsWith('{') || start === '' ? 'jsonl' : null
}

/** @throws {HistoryError} with the line, from 1, and what is wrong there */
export function parseHistory(text: string, format: Format): HistoryEvent[] {
  if (format === 'jsonl') return readHistory(text)
  // Line for line into JSON, so that numbers of lines stay what they are. Lines that say nothing become empty ones.
  const toJson = format === 'edn' ? ednToJson : loggedToJson
  return readHistory(text.split('\n').map(toJson).join('\n'))
}

function ednToJson(line: string, at: number): string {
  if (line.trim() === '') return ''
  const { process, type, f, key, value, error } = edn(line, at)[0] as Readonly<Record<string, unknown>>
  return JSON.stringify({ process, type, f, key, value, error: error === null ? undefined : textOf(error) })
}

function loggedToJson(line: string, at: number): string {
  const [found, process, type, f, rest = ''] = LOGGED.exec(line) ?? []
  if (found === undefined) return ''
  // Where a value is expected, a keyword says what went wrong.
  if (rest.startsWith(':')) return JSON.stringify({ process, type, f, error: rest.slice(1).trim() })
  const [value] = edn(rest, at)
  return JSON.stringify({ process, type, f, value })
}

function edn(text: string, at: number): unknown[] {
  try {
    return readEdn(text)
  } catch (cause) {
    throw new HistoryError(`line ${at + 1}: no EDN: ${(cause as Error).message}`, { cause })
  }
}

function textOf(error: unknown): string | undefined {
  return error === undefined || typeof error === 'string' ? error : JSON.stringify(error)
}
