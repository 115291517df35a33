import { checkOptions, is } from '../options.ts'
import { isOlder, type Member } from './member.ts'
import type { SplitBrainStrategy, SplitDecision, SplitView } from './split-brain.ts'

/**
 * The side with more members goes on; of two halves, the one with the oldest member. Without a bound on the number of
 * members that are lost at once: whoever is left of a cluster that lost its majority goes down, too.
 *
 * @param options.role count members with this role only. Default: all
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function keepMajority(options: { readonly role?: string } = {}): SplitBrainStrategy {
  checkOptions('keepMajority', options, { role: is.string })
  const counted = ({ roles }: Member): boolean => options.role === undefined || roles.includes(options.role)
  return {
    name: 'keep-majority',
    ...(options.role === undefined ? {} : { terms: `of ${options.role}` }),
    decide({ reachable, unreachable }: SplitView): SplitDecision {
      const here = reachable.filter(counted)
      const there = unreachable.filter(counted)
      if (here.length !== there.length) return here.length > there.length ? 'down-unreachable' : 'down-reachable'
      const [first, other] = [here[0], there[0]]
      // Nobody who counts is concerned.
      if (first === undefined || other === undefined) return 'down-unreachable'
      return isOlder(first, other) ? 'down-unreachable' : 'down-reachable'
    },
  }
}
