import type { Clock } from '../runtime/clock.ts'

/** Tokens of one tenure: more restarts than this run into the next ms, which long has passed by then. */
const PER_TENURE = 1024
/** Beyond this a token would be no safe integer. */
const MOST_TENURE = Number.MAX_SAFE_INTEGER / PER_TENURE - 1

/**
 * The number of a new tenure: above all that are known, and no less than the wall clock in ms, so that a cluster that
 * was gone as a whole goes on above what it had before.
 */
export function nextTenure(known: number, clock: Clock): number {
  return Math.max(known + 1, Math.floor(clock.wall()))
}

/**
 * The fencing token of one incarnation: those of a later tenure are above all of an earlier one.
 *
 * @param restarts how many incarnations the tenure had before
 */
export function fenceOf(tenure: number, restarts: number): number {
  return tenure * PER_TENURE + restarts
}

/** Whether a number that came from another node can be a tenure. */
export function isTenure(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MOST_TENURE
}
