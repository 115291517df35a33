import { HistoryError } from './history-error.ts'

/** Deeper values are a mistake, or hold themselves; and the stack has an end. */
const MOST_DEPTH = 500

/**
 * Equal texts for values of equal content, different ones otherwise: what checkers compare values by. Keys of
 * objects are sorted; an absent value and `undefined` are one; maps, sets, bytes, dates,
 * errors and big integers are told apart.
 *
 * @throws {HistoryError} when it is nested deeper than 500
 */
export function canonical(value: unknown): string {
  return text(value, 0)
}

function text(value: unknown, depth: number): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? '0' : String(value)
  if (depth > MOST_DEPTH) throw new HistoryError(`a value is nested deeper than ${MOST_DEPTH}, or part of itself`)
  if (value instanceof Date) return `date[${value.getTime()}]`
  if (value instanceof Error) return `error[${JSON.stringify([value.name, value.message])}]`
  const inner = (member: unknown): string => text(member, depth + 1)
  if (Array.isArray(value)) return `[${value.map(inner).join()}]`
  if (value instanceof Map) return `map${sorted([...value].map(inner))}`
  if (value instanceof Set) return `set${sorted([...value].map(inner))}`
  if (value instanceof Uint8Array) return `bytes[${value.join()}]`
  const present = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${sorted(present.map(([name, member]) => `${JSON.stringify(name)}:${inner(member)}`))}}`
}

function sorted(texts: string[]): string {
  return `[${texts.sort().join()}]`
}
