type Check = (value: unknown) => boolean
type Fields = Readonly<Record<string, Check>>

const isName: Check = (value) => typeof value === 'string' && value !== ''
const isNumber: Check = (value) => Number.isFinite(value)
const isTime: Check = (value) => Number.isFinite(value) && Number(value) >= 0
const isNames: Check = (value) => Array.isArray(value) && value.every(isName)
const isGroups: Check = (value) => Array.isArray(value) && value.every(isNames)
const isObject: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)

const NODE: Fields = { node: isName }
const LINK: Fields = { from: isName, to: isName }

/** What each operation needs beside its time. A map, so that nothing an object inherits is an operation. */
const OPERATIONS: ReadonlyMap<unknown, Fields> = new Map<unknown, Fields>([
  ...['crash', 'wipe', 'start', 'pause', 'resume'].map((op) => [op, NODE] as const),
  ...['cut', 'restore', 'clog', 'unclog', 'hold', 'release', 'reset'].map((op) => [op, LINK] as const),
  ['upgrade', { ...NODE, version: isName }],
  ['partition', { groups: isGroups, oneWay: maybe((value) => typeof value === 'boolean') }],
  ['heal', {}],
  ['clock', { ...NODE, stepMs: maybe(isNumber), driftPpm: maybe((ppm) => isNumber(ppm) && Number(ppm) > -1_000_000) }],
  ['slow', { ...NODE, turnMs: isTime }],
  ['disk', { ...NODE, changes: isObject }],
])

const FAULTS: ReadonlySet<unknown> = new Set(['drop', 'duplicate', 'corrupt', 'delay'])

/** What keeps a value, of a file say, from being a `NemesisOperation`; null when it is one. */
export function nemesisProblem(value: unknown): string | null {
  if (!isObject(value)) return 'each must be { atMs, op, ... }'
  const { atMs, op, ...rest } = value as Readonly<Record<string, unknown>>
  if (!isTime(atMs)) return 'atMs must be a time in ms'
  const fields = OPERATIONS.get(op)
  if (fields === undefined) return `op must be one of ${[...OPERATIONS.keys()].join(', ')}`
  const unknown = Object.keys(rest).find((field) => !Object.hasOwn(fields, field))
  if (unknown !== undefined)
    return `${String(op)} has ${Object.keys(fields).join(', ') || 'no more fields'}, and no ${unknown}`
  const wrong = Object.entries(fields).find(([field, check]) => !check(rest[field]))
  return wrong === undefined ? null : `${String(op)} needs ${wrong[0]}`
}

export function isNemesisOperation(value: unknown): boolean {
  return nemesisProblem(value) === null
}

/** Whether a value is a `MessageFault`. */
export function isMessageFault(value: unknown): boolean {
  if (!isObject(value)) return false
  const { link, n, fault, delayMs } = value as Readonly<Record<string, unknown>>
  return isName(link) && isCount(n) && FAULTS.has(fault) && maybe(isTime)(delayMs)
}
