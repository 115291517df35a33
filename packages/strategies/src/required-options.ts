import { checkOptions, InvalidOptionError, type OptionCheck } from '@troupe/core'

/**
 * Checks options of which some must be there.
 *
 * @param required what must not be missing, checked like the rest
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function requireOptions(
  where: string,
  given: object,
  required: Readonly<Record<string, OptionCheck>>,
  optional: Readonly<Record<string, OptionCheck>> = {},
): void {
  checkOptions(where, given, { ...required, ...optional })
  for (const [option, check] of Object.entries(required)) {
    const value: unknown = Reflect.get(given, option)
    const expected = check(value)
    if (expected !== null) throw new InvalidOptionError(where, option, expected, value)
  }
}

/** The options that have a value: spread over defaults, an undefined one would hide its default. */
export function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}
