import { toError } from '../errors.ts'
import { checkOptions, is } from '../options.ts'

const CHECKS = {
  timeoutMs: is.number(0, Number.POSITIVE_INFINITY),
  signal: is.objectWith('an AbortSignal', 'addEventListener', 'removeEventListener'),
} as const

/** @returns what is wrong with the options of an ask or an offer, or null: a promise is the only way out of either */
export function wrongWaitOptions(where: 'ask' | 'offer', options: object): Error | null {
  try {
    checkOptions(where, options, CHECKS)
    return null
  } catch (thrown) {
    return toError(thrown)
  }
}
