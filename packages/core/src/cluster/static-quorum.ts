import { is, requireOptions } from '../options.ts'
import type { Member } from './member.ts'
import type { SplitBrainStrategy, SplitDecision, SplitView } from './split-brain.ts'

/**
 * The side with at least `size` members goes on. For clusters whose number of nodes is fixed: `size` must be more than half of
 * all there will ever be, or two sides could reach it.
 *
 * @param options.role count members with this role only. Default: all
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function staticQuorum(options: { readonly size: number; readonly role?: string }): SplitBrainStrategy {
  requireOptions('staticQuorum', options, { size: is.integer(1) }, { role: is.string })
  const { size, role } = options
  const counted = ({ roles }: Member): boolean => role === undefined || roles.includes(role)
  return {
    name: 'static-quorum',
    terms: role === undefined ? `${size}` : `${size} of ${role}`,
    decide({ reachable, unreachable }: SplitView): SplitDecision {
      const here = reachable.filter(counted).length
      // More than there may be: then the other side may have as many.
      if (here + unreachable.filter(counted).length > 2 * size - 1) return 'down-all'
      return here >= size ? 'down-unreachable' : 'down-reachable'
    },
  }
}
