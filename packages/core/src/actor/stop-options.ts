import { checkOptions, is } from '../options.ts'

/** How an actor is asked to stop. */
export interface StopOptions {
  /**
   * Handle what is queued already before stopping, however long that takes; then have the children do the same, the
   * youngest first, within the time for the stop. A stop without `drain` cuts it short. Default false: what is queued
   * becomes dead letters.
   */
  readonly drain?: boolean
}

const CHECKS = { drain: is.boolean } as const

/**
 * Whether the actor is to handle what is queued first.
 *
 * @throws {InvalidOptionError | UnknownOptionError}
 */
export function drains(where: string, options: StopOptions | undefined): boolean {
  checkOptions(where, options, CHECKS)
  return options?.drain ?? false
}
