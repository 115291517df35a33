import { PrimaryBackup } from '@troupe/strategies/replication'
import type { Scenario } from '@troupe/testkit'
import { replicatedList } from '../stage/replicated-list.ts'

/** A primary that waits for one of its two backups. */
export const primaryBackup: Scenario = replicatedList('primary-backup', new PrimaryBackup(), () => 2)
