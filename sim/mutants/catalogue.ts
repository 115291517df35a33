import { asks } from './asks.ts'
import { discoveryMutants } from './discovery.ts'
import { endings } from './endings.ts'
import { failover } from './failover.ts'
import { flow } from './flow.ts'
import { guard } from './guard.ts'
import { mailboxes } from './mailboxes.ts'
import { membershipMutants } from './membership.ts'
import type { Mutant } from './mutant.ts'
import { overload } from './overload.ts'
import { remoting } from './remoting.ts'
import { replication } from './replication.ts'
import { deliveries, singletons } from './singletons.ts'
import { supervision } from './supervision.ts'
import { turns } from './turns.ts'

/** All planted bugs, by area. */
export const catalogue: readonly Mutant[] = [
  ...mailboxes,
  ...turns,
  ...supervision,
  ...endings,
  ...asks,
  ...overload,
  ...remoting,
  ...guard,
  ...replication,
  ...failover,
  ...membershipMutants,
  ...discoveryMutants,
  ...singletons,
  ...deliveries,
  ...flow,
]
