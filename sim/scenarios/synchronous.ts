import { Synchronous } from '@troupe/strategies/replication'
import type { Scenario } from '@troupe/testkit'
import { replicatedList } from '../stage/replicated-list.ts'

/** A primary that waits for all of its backups. */
export const synchronous: Scenario = replicatedList('synchronous', new Synchronous(), (viewSize) => viewSize)
