import { asks } from './asks.ts'
import { endings } from './endings.ts'
import { failover } from './failover.ts'
import { flow } from './flow.ts'
import { guard } from './guard.ts'
import { mailboxes } from './mailboxes.ts'
import { membershipMutants } from './membership.ts'
import type { Mutant } from './mutant.ts'
import { remoting } from './remoting.ts'
import { replication } from './replication.ts'
import { supervision } from './supervision.ts'
import { turns } from './turns.ts'

/** All planted bugs, by area. */
export const catalogue: readonly Mutant[] = [
  ...mailboxes,
  ...turns,
  ...supervision,
  ...endings,
  ...asks,
  ...remoting,
  ...guard,
  ...replication,
  ...failover,
  ...membershipMutants,
  ...flow,
]
