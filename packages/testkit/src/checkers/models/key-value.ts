import { HistoryError } from '../history-error.ts'
import type { Model } from '../model.ts'

/**
 * One key of a store of texts: `put` replaces, `append` adds at the end, `get` answers all of it. A key that was
 * never written reads as the empty text, and so does an absent answer.
 */
export function keyValueModel(): Model<string> {
  return {
    name: 'kv',
    initial: '',
    identify: (state) => state,
    isRead: (f) => f === 'get',
    step(state, { f, input, output }) {
      if (f === 'get') return (output ?? '') === state ? { state } : null
      if (f === 'put') return { state: text(input) }
      if (f === 'append') return { state: state + text(input) }
      throw new HistoryError(`a key-value store knows get, put and append, not ${f}`)
    },
  }
}

function text(input: unknown): string {
  if (typeof input !== 'string') throw new HistoryError(`put and append take a text, not ${typeof input}`)
  return input
}
