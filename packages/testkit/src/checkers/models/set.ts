import { canonical } from '../canonical.ts'
import { HistoryError } from '../history-error.ts'
import type { Model } from '../model.ts'

/**
 * A set: `add` and `remove` take an element and may be done twice, `read` answers all elements in any order,
 * `contains` takes an element and answers true or false.
 */
export function setModel(): Model<ReadonlySet<string>> {
  return {
    name: 'set',
    initial: new Set(),
    identify: (state) => [...state].sort().join('\n'),
    isRead: (f) => f === 'read' || f === 'contains',
    step(state, { f, input, output }) {
      if (f === 'read') return isAll(state, output) ? { state } : null
      const element = canonical(input)
      if (f === 'contains') return output === state.has(element) ? { state } : null
      const changed = new Set(state)
      if (f === 'add') changed.add(element)
      else if (f === 'remove') changed.delete(element)
      else throw new HistoryError(`a set knows add, remove, contains and read, not ${f}`)
      return { state: changed }
    },
  }
}

function isAll(state: ReadonlySet<string>, output: unknown): boolean {
  if (!Array.isArray(output) && !(output instanceof Set)) throw new HistoryError('a read of a set answers a list')
  const elements = new Set([...output].map(canonical))
  return elements.size === state.size && [...elements].every((element) => state.has(element))
}
