import { isOlder } from './member.ts'
import type { SplitBrainStrategy, SplitDecision, SplitView } from './split-brain.ts'

/**
 * The side of the oldest member goes on, however small it is: for clusters whose oldest member has something that cannot be
 * moved. When that one alone is gone, the others go on.
 */
export function keepOldest(): SplitBrainStrategy {
  return {
    name: 'keep-oldest',
    decide({ reachable, unreachable }: SplitView): SplitDecision {
      const [here, there] = [reachable[0], unreachable[0]]
      if (here === undefined) return 'down-reachable'
      if (there === undefined) return 'down-unreachable'
      const isHere = isOlder(here, there)
      const [its, others] = isHere ? [reachable, unreachable] : [unreachable, reachable]
      const isAlone = its.length === 1 && others.length > 1
      return isHere !== isAlone ? 'down-unreachable' : 'down-reachable'
    },
  }
}
