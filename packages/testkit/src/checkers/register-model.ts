import type { Model } from './linearizability.ts'

/**
 * A register: `read` answers the value, `write` takes one, `cas` takes `[from, to]` and is `ok` only when it
 * changed the value. Values are compared by their JSON form.
 *
 * @param initial what is read before the first write; null by default
 */
export function registerModel(initial: unknown = null): Model<unknown> {
  return {
    initial,
    identify,
    isRead: (f) => f === 'read',
    step(state, { f, input, output }) {
      if (f === 'write') return { state: input }
      if (f === 'read') return identify(output) === identify(state) ? { state } : null
      if (f !== 'cas' || !Array.isArray(input)) throw new RangeError(`a register knows read, write and cas, not ${f}`)
      return identify(input[0]) === identify(state) ? { state: input[1] } : null
    },
  }
}

function identify(value: unknown): string {
  return JSON.stringify(value) ?? 'undefined'
}
