import { InvalidOptionError } from '../errors.ts'

/** A subject that values are published under, as a value that publishers and subscribers share. */
export interface Topic<T> {
  readonly id: string
  /** Exists for the type checker only. */
  readonly shape?: (value: T) => T
}

/**
 * Names a topic.
 *
 * @param id the same on every node
 * @throws {InvalidOptionError} for an empty id
 */
export function topic<T>(id: string): Topic<T> {
  if (typeof id !== 'string' || id === '') throw new InvalidOptionError('topic', 'id', 'a non-empty string', id)
  return { id }
}
