import { InvalidOptionError, UnknownOptionError } from './errors.ts'

/** Says what a value must be, or null when it is that. */
export type OptionCheck = (value: unknown) => string | null

/**
 * Checks an options object at the door: every key known, every value allowed. Absent and undefined are fine.
 *
 * @param where what the options belong to, for messages: `createSystem`
 * @throws {UnknownOptionError} naming the nearest known key
 * @throws {InvalidOptionError} naming the key, what it must be and what it is
 */
export function checkOptions(
  where: string,
  given: object | undefined,
  known: Readonly<Record<string, OptionCheck>>,
): void {
  if (given === undefined) return
  if (typeof given !== 'object' || given === null) throw new InvalidOptionError(where, 'options', 'an object', given)
  // No list of keys: spawn comes here for every actor.
  for (const option in given) {
    const value = (given as Readonly<Record<string, unknown>>)[option]
    const check = Object.hasOwn(known, option) ? known[option] : undefined
    if (check === undefined) {
      const names = Object.keys(known)
      throw new UnknownOptionError(where, option, names, nearest(option, names))
    }
    const expected = value === undefined ? null : check(value)
    if (expected !== null) throw new InvalidOptionError(where, option, expected, value)
  }
}

/**
 * Checks options of which some must be there; without any options at all, the first of those is missing.
 *
 * @param required what must not be missing, checked like the rest
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function requireOptions(
  where: string,
  given: object | undefined,
  required: Readonly<Record<string, OptionCheck>>,
  optional: Readonly<Record<string, OptionCheck>> = {},
): void {
  checkOptions(where, given, { ...required, ...optional })
  for (const [option, check] of Object.entries(required)) {
    const value: unknown = Reflect.get(given ?? {}, option)
    const expected = check(value)
    if (expected !== null) throw new InvalidOptionError(where, option, expected, value)
  }
}

/** The options that have a value: spread over defaults, an undefined one would hide its default. */
export function given<T extends object>(options: T | undefined): T {
  const values = Object.entries(options ?? {}).filter(([, value]) => value !== undefined)
  return Object.fromEntries(values) as T
}

/**
 * How long to wait, in ms, as options that say nothing else have it.
 *
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function timeoutOf(
  where: string,
  options: { readonly timeoutMs?: number } | undefined,
  defaultMs: number,
): number {
  checkOptions(where, options, { timeoutMs: is.number(0, Number.POSITIVE_INFINITY) })
  return options?.timeoutMs ?? defaultMs
}

/** The checks most options need. Ranges include both ends. */
export const is = {
  string: (value: unknown): string | null => (typeof value === 'string' && value !== '' ? null : 'a non-empty string'),
  boolean: (value: unknown): string | null => (typeof value === 'boolean' ? null : 'true or false'),
  function: (value: unknown): string | null => (typeof value === 'function' ? null : 'a function'),
  object: (value: unknown): string | null => (typeof value === 'object' && value !== null ? null : 'an object'),
  /** An object, or a function, that has these methods. `what` says what it must be: `a transport`. */
  objectWith:
    (what: string, ...methods: readonly string[]): OptionCheck =>
    (value) =>
      methods.every((name) => typeof (value as Readonly<Record<string, unknown>> | null)?.[name] === 'function')
        ? null
        : what,
  array: (value: unknown): string | null => (Array.isArray(value) ? null : 'an array'),
  anything: (): string | null => null,
  integer:
    (min: number, max: number = Number.MAX_SAFE_INTEGER): OptionCheck =>
    (value) =>
      Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max
        ? null
        : `an integer ${range(min, max, Number.MAX_SAFE_INTEGER)}`,
  number:
    (min: number, max: number = Number.MAX_VALUE): OptionCheck =>
    (value) =>
      typeof value === 'number' && value >= min && value <= max
        ? null
        : `a number ${range(min, max, Number.MAX_VALUE)}`,
  oneOf:
    (...allowed: readonly string[]): OptionCheck =>
    (value) =>
      typeof value === 'string' && allowed.includes(value) ? null : `one of ${allowed.join(', ')}`,
} as const

function range(min: number, max: number, none: number): string {
  return max === none ? `of at least ${min}` : `from ${min} to ${max}`
}

/** The known name nearest to `word`, or null when none is near enough to be meant. */
function nearest(word: string, names: readonly string[]): string | null {
  let best: string | null = null
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const name of names) {
    const distance = editDistance(word.toLowerCase(), name.toLowerCase())
    if (distance < bestDistance) {
      best = name
      bestDistance = distance
    }
  }
  return best
}

/** Levenshtein's distance: insertions, deletions and substitutions from one word to the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const substitution = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[to.length]!
}
