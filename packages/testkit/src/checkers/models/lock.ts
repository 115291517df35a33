import { checkOptions, is } from '@troupe/core'
import { canonical } from '../canonical.ts'
import type { Action } from '../history.ts'
import { HistoryError } from '../history-error.ts'
import type { Model } from '../model.ts'

/** Who holds the lock, null when nobody does, and the largest fencing token given out. */
export interface LockState {
  readonly owner: string | null
  readonly fence: number
}

/**
 * A lock that is not reentrant: `acquire` when it is free, `release` by its owner only. The owner is the value at
 * the invoke; without one it is the process. Either may be refused: a `fail` without an error, or `ok` with the
 * value false.
 *
 * @param options.fencing whether an `ok` of acquire carries a number that must be larger than all before it; default false
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function lockModel(options: { readonly fencing?: boolean } = {}): Model<LockState> {
  checkOptions('lockModel', options, { fencing: is.boolean })
  const fencing = options.fencing === true
  return {
    name: 'lock',
    initial: { owner: null, fence: Number.NEGATIVE_INFINITY },
    identify: ({ owner, fence }) => `${fence} ${owner}`,
    isRead: () => false,
    canRefuse: () => true,
    perProcess: true,
    step(state, action) {
      const owner = canonical(action.input ?? action.process)
      const possible = wanted(action) === 'acquire' ? state.owner === null : state.owner === owner
      if (action.outcome === 'refused') return possible ? null : { state }
      if (!possible) return null
      if (action.f === 'release') return { state: { owner: null, fence: state.fence } }
      // A token that nobody saw is smaller than any seen later, so leaving the largest as it is forbids nothing.
      if (!fencing || action.outcome === 'unknown') return { state: { owner, fence: state.fence } }
      const fence = token(action.output)
      return fence > state.fence ? { state: { owner, fence } } : null
    },
  }
}

function wanted({ f }: Action): 'acquire' | 'release' {
  if (f === 'acquire' || f === 'release') return f
  throw new HistoryError(`a lock knows acquire and release, not ${f}`)
}

function token(output: unknown): number {
  if (typeof output === 'number') return output
  throw new HistoryError(`with fencing, an acquire that is ok carries a number, not ${typeof output}`)
}
