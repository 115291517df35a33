import { canonical } from '../canonical.ts'
import { HistoryError } from '../history-error.ts'
import type { Model } from '../model.ts'

/**
 * A queue, first in, first out: `enqueue` takes a value, `dequeue` answers the oldest, or null when there is none.
 * A dequeue of unknown outcome may have taken what was oldest at any later time.
 */
export function queueModel(): Model<readonly unknown[]> {
  return {
    name: 'queue',
    initial: [],
    identify: canonical,
    isRead: () => false,
    step(state, { f, input, output, outcome }) {
      if (f === 'enqueue') return { state: [...state, input] }
      if (f !== 'dequeue') throw new HistoryError(`a queue knows enqueue and dequeue, not ${f}`)
      if (outcome !== 'unknown' && canonical(output ?? null) !== canonical(state[0] ?? null)) return null
      return { state: state.slice(1) }
    },
  }
}
