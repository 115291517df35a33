import type { Mutant } from './mutant.ts'

const DIR = 'packages/core/src/cluster'

/** Bugs in how a first cluster is begun by nodes that look for one another, and in how a side of a split gets its lease. */
export const discoveryMutants: readonly Mutant[] = [
  {
    name: 'no-margin',
    file: `${DIR}/founding.ts`,
    find: `waitMs > 0`,
    replace: `false`,
    form: 'expression',
    scenario: 'discovery',
    why: 'Nodes that start together begin one cluster: who has not found the others yet is the lowest of those it knows.',
  },
  {
    name: 'anybody-begins',
    file: `${DIR}/founding.ts`,
    find: `lowest === own`,
    replace: `true`,
    form: 'expression',
    scenario: 'discovery',
    why: 'The lowest address alone begins: two that have found the same would begin at the same time.',
  },
  {
    name: 'lease-not-kept',
    file: `${DIR}/lease-keeper.ts`,
    find: `isClaim ? lease.acquire(uid, ttlMs) : lease.renew(uid, ttlMs)`,
    replace: `isClaim ? lease.acquire(uid, ttlMs) : Promise.resolve(true)`,
    form: 'expression',
    scenario: 'split-brain-lease',
    why: 'Whoever is refused waits until the owner must be dead: an owner that does not renew is taken for dead.',
  },
  {
    name: 'refused-and-goes-on',
    file: `${DIR}/downing.ts`,
    find: `if (isTaken) this.#condemn(electorate, nowMs)
    else this.#giveUp(electorate, nowMs)`,
    replace: `this.#condemn(electorate, nowMs)`,
    form: 'statement',
    scenario: 'split-brain-lease',
    why: 'A side that cannot have the lease is down: one that waits for it and then goes on all the same has gained nothing.',
  },
]
