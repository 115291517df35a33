import type { ActorSystem } from '@troupe/core'
import { RegisterReplica } from '@troupe/strategies/replication'
import { BlockStore } from './block-store.ts'

/** How long to wait for nodes to say what they have, in ms, and how often to look. */
const DEADLINE_MS = 5_000
const LOOK_MS = 10

/** Connects to storage nodes. Resolves when all of them can be used, or time is up: the rest may come later. */
export async function join(system: ActorSystem, addresses: readonly string[]): Promise<void> {
  await Promise.allSettled(addresses.map((address) => system.connect(address, { timeoutMs: DEADLINE_MS })))
  const wanted = new Set(addresses)
  const isKnown = (): boolean =>
    [BlockStore, RegisterReplica].every((protocol) => {
      const known = new Set(system.findAll<unknown>(protocol).map(({ address }) => address))
      return [...wanted].every((address) => known.has(address))
    })
  const deadlineMs = system.clock.now() + DEADLINE_MS
  while (!isKnown() && system.clock.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
}
