import { HistoryError } from '../history-error.ts'
import type { Model } from '../model.ts'

/** A counter: `add` takes an integer, negative ones too (default 1), and `read` answers the sum. */
export function counterModel(initial = 0): Model<number> {
  return {
    name: 'counter',
    initial,
    identify: String,
    isRead: (f) => f === 'read',
    step(state, { f, input, output }) {
      if (f === 'read') return output === state ? { state } : null
      if (f !== 'add') throw new HistoryError(`a counter knows add and read, not ${f}`)
      const delta = input ?? 1
      if (!Number.isSafeInteger(delta)) throw new HistoryError('add takes an integer')
      return { state: state + Number(delta) }
    },
  }
}
