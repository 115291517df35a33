import { Asynchronous, PrimaryBackup, Synchronous } from '@troupe/strategies/replication'
import { linearizable, registerModel, type Scenario, simulate } from '@troupe/testkit'
import test from 'ava'
import { candidates } from './stage/candidates.ts'
import { votingRegisters } from './stage/registers.ts'
import { noneLost, oneSet, replicatedList } from './stage/replicated-list.ts'

/** What each strategy does not promise: some run must show that it is not so. Those promised are scenarios. */
const claims: readonly (readonly [title: string, scenario: Scenario, found: string, from: number])[] = [
  [
    'asynchronous replication loses acknowledged writes when another primary is appointed',
    replicatedList('asynchronous', new Asynchronous(), () => 1, [noneLost], ['partition']),
    'none-lost',
    1,
  ],
  [
    'asynchronous replication is not linearizable',
    replicatedList('asynchronous', new Asynchronous(), () => 1, [oneSet], ['partition']),
    'one-set',
    1,
  ],
  [
    'primary-backup is not linearizable: a primary that was replaced still answers reads',
    replicatedList('primary-backup', new PrimaryBackup(), () => 2, [oneSet], ['partition']),
    'one-set',
    272,
  ],
  [
    'synchronous replication is not linearizable: a primary that was replaced still answers reads',
    replicatedList('synchronous', new Synchronous(), (viewSize) => viewSize, [oneSet], ['partition']),
    'one-set',
    320,
  ],
  [
    'a register with regular reads is not linearizable',
    votingRegisters('regular-register', 'regular', [linearizable(registerModel())]),
    'linearizable register',
    905,
  ],
  [
    'a lease alone does not keep two from being active at once, when one of them is paused',
    candidates('one-at-a-time', ['pause'], { oneAtATime: true, inOrder: false }),
    'invariant',
    9,
  ],
  [
    'without a fence a resource takes what was done in an epoch that is over',
    candidates('unfenced', ['pause'], { oneAtATime: false, inOrder: true }, false),
    'invariant',
    9,
  ],
]

/** Seeds to try, from one shortly before the first that shows it today: code that changes draws others. */
const MOST_SEEDS = 400

for (const [title, scenario, found, from] of claims) {
  test(title, async (t) => {
    for (let seed = from; seed < from + MOST_SEEDS; seed++) {
      const [violation] = (await simulate({ scenario, seed })).violations
      if (violation === undefined) continue
      t.is(violation.name, found)
      return
    }
    t.fail(`none of ${MOST_SEEDS} seeds shows it`)
  })
}
