import type { Discovery } from './cluster/discovery.ts'
import type { MembershipService } from './cluster/membership-service.ts'
import { SeedSearch } from './cluster/seed-search.ts'
import type { Remoting } from './remoting/remoting.ts'
import type { LocalSystem } from './system/local-system.ts'
import type { Settings } from './system/system-options.ts'

/** Starts the search of a node whose seeds are not listed. */
export function searchSeeds(
  system: LocalSystem,
  remoting: Remoting,
  members: MembershipService | null,
  discovery: Discovery,
  { lookupPeriodMs: periodMs, membership }: Settings,
): SeedSearch {
  const { runtime, timers } = system
  const { foundAfterMs = 0, aloneAfterMs = 0 } = membership ?? {}
  const host = { runtime, timers, log: system.logger('/') }
  const search = new SeedSearch(discovery, host, remoting, members, { periodMs, foundAfterMs, aloneAfterMs })
  search.start()
  return search
}
