import { canonical } from '../canonical.ts'
import type { Action } from '../history.ts'
import { HistoryError } from '../history-error.ts'
import type { Model } from '../model.ts'

/**
 * A register: `read` answers the value, `write` takes one, `cas` takes `[from, to]` and changes the value exactly
 * when it is `from`. A cas that did not match ends in `fail` without an error, or in `ok` with the value false.
 *
 * @param initial what is read before the first write; null by default, and an absent answer counts as null
 */
export function registerModel(initial: unknown = null): Model<unknown> {
  return {
    name: 'register',
    initial,
    identify: (state) => canonical(state ?? null),
    isRead: (f) => f === 'read',
    canRefuse: (f) => f === 'cas',
    step(state, action) {
      if (action.f === 'write') return { state: action.input }
      if (action.f === 'read') return same(action.output, state) ? { state } : null
      const [from, to] = pair(action)
      if (action.outcome === 'refused') return same(from, state) ? null : { state }
      return same(from, state) ? { state: to } : null
    },
  }
}

function pair({ f, input }: Action): readonly unknown[] {
  if (f !== 'cas') throw new HistoryError(`a register knows read, write and cas, not ${f}`)
  if (!Array.isArray(input) || input.length !== 2) throw new HistoryError('the value of a cas is [from, to]')
  return input
}

function same(a: unknown, b: unknown): boolean {
  return canonical(a ?? null) === canonical(b ?? null)
}
