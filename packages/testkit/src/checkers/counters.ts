import { checkOptions, is } from '@troupe/core'
import type { Checker } from './checker.ts'
import { byKey, eventsOf, type Operation, onKey, operations } from './history.ts'
import { HistoryError } from './history-error.ts'

/** Which reads of a counter are judged, and from where it counts. */
export interface CounterOptions {
  /** From what it counts. Default 0. */
  readonly initial?: number
  /** `all` reads must be right, or only the `last`: those that begin after every add has ended. Default `all`. */
  readonly reads?: 'all' | 'last'
}

/**
 * A counter, judged by intervals: `add` takes an integer, negative ones too (default 1), `read` answers the sum. A
 * read must lie between the least and the largest sum that is possible: adds that ended before it began count for
 * certain; those that were under way meanwhile, or whose outcome is unknown, may count or not.
 *
 * Weaker than linearizability, as two reads may contradict one another, but it takes time by the number of operations
 * (and its logarithm), however many adds are of unknown outcome. For counters that converge, judge the last reads.
 *
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function counterInterval(options: CounterOptions = {}): Checker {
  checkOptions('counterInterval', options, {
    initial: is.integer(-Number.MAX_SAFE_INTEGER),
    reads: is.oneOf('all', 'last'),
  })
  const { initial = 0, reads = 'all' } = options
  return {
    name: 'counter interval',
    check(history) {
      for (const [key, all] of byKey(operations(history))) {
        const wrong = firstWrong(all, initial, reads)
        if (wrong === null) continue
        const { read, low, high } = wrong
        const range = low === high ? `${low}` : `from ${low} to ${high}`
        const message = `a read answered ${String(read.output)}${onKey(key)}; possible is ${range}`
        const counted = all.filter(({ f, calledAt }) => f === 'add' && calledAt < read.returnedAt)
        return { verdict: 'illegal', message, key, conflict: eventsOf(history, [...counted, read]) }
      }
      return { verdict: 'ok' }
    },
  }
}

interface Wrong {
  readonly read: Operation
  readonly low: number
  readonly high: number
}

function firstWrong(all: readonly Operation[], initial: number, which: 'all' | 'last'): Wrong | null {
  const adds = all.filter((operation) => isAdd(operation) && operation.outcome !== 'refused')
  const ended = adds.filter(({ returnedAt }) => Number.isFinite(returnedAt))
  const endOfAll = ended.reduce((latest, { returnedAt }) => Math.max(latest, returnedAt), -1)
  const gain = (add: Operation): number => Math.max(0, deltaOf(add))
  const loss = (add: Operation): number => Math.min(0, deltaOf(add))
  const [possibleGain, possibleLoss] = [gain, loss].map((of) => new RunningSum(adds, 'calledAt', of))
  const [certainGain, certainLoss] = [gain, loss].map((of) => new RunningSum(ended, 'returnedAt', of))
  for (const read of all) {
    if (read.f !== 'read' || read.outcome !== 'ok' || (which === 'last' && read.calledAt < endOfAll)) continue
    // What is possible includes what is certain: the most is every gain that may count and every loss that must.
    const high = initial + possibleGain!.before(read.returnedAt) + certainLoss!.before(read.calledAt)
    const low = initial + possibleLoss!.before(read.returnedAt) + certainGain!.before(read.calledAt)
    if (typeof read.output !== 'number' || read.output < low || read.output > high) return { read, low, high }
  }
  return null
}

/** What the adds called, or ended, before a place in the history come to. */
class RunningSum {
  readonly #places: readonly number[]
  readonly #sums: readonly number[]

  constructor(adds: readonly Operation[], at: 'calledAt' | 'returnedAt', of: (add: Operation) => number) {
    const sorted = adds.toSorted((a, b) => a[at] - b[at])
    let sum = 0
    this.#places = sorted.map((add) => add[at])
    this.#sums = [0, ...sorted.map((add) => (sum += of(add)))]
  }

  before(place: number): number {
    let low = 0
    let high = this.#places.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#places[middle]! < place) low = middle + 1
      else high = middle
    }
    return this.#sums[low]!
  }
}

function isAdd({ f }: Operation): boolean {
  if (f !== 'add' && f !== 'read') throw new HistoryError(`a counter knows add and read, not ${f}`)
  return f === 'add'
}

function deltaOf({ input }: Operation): number {
  const delta = input ?? 1
  if (!Number.isSafeInteger(delta)) throw new HistoryError('add takes an integer')
  return Number(delta)
}
