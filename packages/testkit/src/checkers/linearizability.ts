import { checkOptions, is } from '@troupe/core'
import type { Checker, CheckResult } from './checker.ts'
import { smallestConflict } from './conflict.ts'
import { byKey, type HistoryEvent, type Operation, onKey, operations } from './history.ts'
import type { Model } from './model.ts'
import { OrderSearch } from './order-search.ts'

/** How much a search for an order may take. */
export interface CheckOptions {
  /** Steps of the search, for all keys together, before the verdict is `unknown`. Default 30,000,000, a few seconds. */
  readonly maxSteps?: number
  /** About how much the search may hold on to, for all keys together. Default 512 MiB. */
  readonly maxBytes?: number
  /**
   * Steps for making a conflict small, after it was found; 0 leaves it as it is. Default 1,000,000, or twenty times what
   * it took to find it, whichever is more.
   */
  readonly shrinkSteps?: number
}

const DEFAULT_STEPS = 30_000_000
const DEFAULT_BYTES = 2 ** 29

/** How long one key is searched before the next has its turn. */
const SLICE = 2_000

/**
 * Is there an order of the operations that explains every answer and keeps real time?
 *
 * Worst case exponential in the operations that overlap; histories without many `info` take linear time. Keys are
 * checked apart and in turns, so that one hard key does not hide the verdict of an easy one.
 *
 * The conflict of an illegal history is true to it: the operations shown allow no order, and none of those left out
 * helps, even if each of them may have taken effect at any time after its call, or never.
 *
 * @throws {HistoryError} when the events are no history, or the model does not know an operation
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function checkLinearizable<S>(
  history: readonly HistoryEvent[],
  model: Model<S>,
  options: CheckOptions = {},
): CheckResult {
  checkOptions('checkLinearizable', options, {
    maxSteps: is.integer(1),
    maxBytes: is.integer(1),
    shrinkSteps: is.integer(0),
  })
  const { maxSteps = DEFAULT_STEPS, maxBytes = DEFAULT_BYTES, shrinkSteps } = options
  const telling = operations(history)
    .map((operation) => sayingSomething(operation, model))
    .filter((operation) => operation !== null)
  let searches = [...byKey(telling)].map(([key, all]) => ({ key, all, search: new OrderSearch(all, model) }))
  const tooLarge: string[] = []
  for (let steps = 0; searches.length > 0; ) {
    let sizeBytes = 0
    for (const { key, all, search } of searches) {
      const stepsBefore = search.steps
      if (search.run(Math.min(SLICE, maxSteps - steps)) === 'illegal') {
        // Each attempt to leave something out may take as long as it took to find out.
        const most = shrinkSteps ?? Math.max(1_000_000, 20 * search.steps)
        const conflict = smallestConflict(history, all, model, most)
        return { verdict: 'illegal', message: illegal(model.name, key, all, conflict), key, conflict }
      }
      steps += search.steps - stepsBefore
      sizeBytes += search.sizeBytes
    }
    searches = searches.filter(({ search }) => search.verdict === null)
    if (sizeBytes > maxBytes && searches.length > 0) {
      const largest = searches.reduce((a, b) => (b.search.sizeBytes > a.search.sizeBytes ? b : a))
      searches = searches.filter((each) => each !== largest)
      tooLarge.push(largest.key)
    }
    if (steps >= maxSteps && searches.length > 0) {
      const keys = searches.map(({ key }) => key)
      return { verdict: 'unknown', message: `not decided after ${maxSteps} steps${ofKeys([...keys, ...tooLarge])}` }
    }
  }
  if (tooLarge.length === 0) return { verdict: 'ok' }
  return { verdict: 'unknown', message: `not decided within ${maxBytes} bytes of memory${ofKeys(tooLarge)}` }
}

/** `checkLinearizable` as one of several judges. */
export function linearizable<S>(model: Model<S>, options: CheckOptions = {}): Checker {
  return {
    name: `linearizable ${model.name}`,
    check: (history) => checkLinearizable(history, model, options),
  }
}

/** The operation as the model has it, or null when it says nothing. */
function sayingSomething<S>(operation: Operation, model: Model<S>): Operation | null {
  const { f, outcome, output } = operation
  if (outcome === 'unknown') return model.isRead(f) ? null : operation
  if (model.canRefuse?.(f) !== true) return outcome === 'refused' ? null : operation
  return output === false ? { ...operation, outcome: 'refused', output: undefined } : operation
}

function illegal(name: string, key: string, all: readonly Operation[], conflict: readonly HistoryEvent[]): string {
  const shown = conflict.filter(({ type }) => type === 'invoke').length
  return `not a linearizable ${name}: no order explains ${shown} of the ${all.length} operations${onKey(key)}`
}

function ofKeys(keys: readonly string[]): string {
  const named = keys.filter((key) => key !== '').map((key) => JSON.stringify(key))
  if (named.length === 0) return ''
  return `: ${named.length === 1 ? 'key' : 'keys'} ${named.slice(0, 5).join(', ')}${named.length > 5 ? ', ...' : ''}`
}
