import type { Mutant } from './mutant.ts'

const FOUNDING = 'packages/core/src/cluster/founding.ts'

/** Bugs in how a first cluster is begun by nodes that look for one another. */
export const discoveryMutants: readonly Mutant[] = [
  {
    name: 'no-margin',
    file: FOUNDING,
    find: `waitMs > 0`,
    replace: `false`,
    form: 'expression',
    scenario: 'discovery',
    why: 'Nodes that start together begin one cluster: who has not found the others yet is the lowest of those it knows.',
  },
  {
    name: 'anybody-begins',
    file: FOUNDING,
    find: `lowest === own`,
    replace: `true`,
    form: 'expression',
    scenario: 'discovery',
    why: 'The lowest address alone begins: two that have found the same would begin at the same time.',
  },
]
