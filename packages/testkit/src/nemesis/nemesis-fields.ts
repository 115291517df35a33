import type { NemesisAction } from './nemesis.ts'

type Check = (value: unknown) => boolean

const text: Check = (value) => typeof value === 'string' && value !== ''
const number: Check = (value) => typeof value === 'number'
const object: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const groups: Check = (value) =>
  Array.isArray(value) && value.every((group) => Array.isArray(group) && group.every(text))

const ONE = { node: text }
const TWO = { from: text, to: text }

/** The fields of each operation. */
const FIELDS: Readonly<Record<NemesisAction['op'], Readonly<Record<string, Check>>>> = {
  crash: ONE,
  wipe: ONE,
  start: ONE,
  pause: ONE,
  resume: ONE,
  upgrade: { node: text, version: text },
  partition: { groups, oneWay: optional((value) => typeof value === 'boolean') },
  heal: {},
  cut: TWO,
  restore: TWO,
  clog: TWO,
  unclog: TWO,
  hold: TWO,
  release: TWO,
  reset: TWO,
  clock: { node: text, stepMs: optional(number), driftPpm: optional(number) },
  slow: { node: text, turnMs: number },
  disk: { node: text, changes: object },
}

/** What a nemesis operation that a person may have written must have and has not; null when it is one. */
export function nemesisProblem(item: unknown): string | null {
  if (!object(item)) return 'each must be { atMs, op, ... }'
  const { atMs, op, ...rest } = item as Readonly<Record<string, unknown>>
  if (!number(atMs) || Number(atMs) < 0) return 'atMs must be a time in ms'
  const fields = Object.entries(FIELDS).find(([name]) => name === op)?.[1]
  if (fields === undefined) return `op must be one of ${Object.keys(FIELDS).join(', ')}`
  const unknown = Object.keys(rest).find((field) => !Object.hasOwn(fields, field))
  if (unknown !== undefined)
    return `${String(op)} has ${Object.keys(fields).join(', ') || 'no more fields'}, and no ${unknown}`
  const wrong = Object.entries(fields).find(([field, check]) => !check(rest[field]))
  return wrong === undefined ? null : `${String(op)} needs ${wrong[0]}`
}
