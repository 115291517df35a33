import type { Protocol } from '../actor/protocol.ts'
import { ActorRef, type Ref } from '../actor/ref.ts'
import { InvalidOptionError } from '../errors.ts'
import type { ActorSystem } from '../system/actor-system.ts'
import { LocalSystem } from '../system/local-system.ts'

/**
 * All actors registered under a protocol on nodes that can be reached: those of this node first. `system.findAll` has
 * those of members that are out of reach as well, as long as they are not down.
 *
 * Without membership, a node can be reached that is connected. O(actors registered).
 */
export function reachableServices<P>(system: ActorSystem, protocol: Protocol<P>): readonly Ref<P>[] {
  const members = system.members
  const there = members.length > 0 ? members.filter(({ reachable }) => reachable) : system.peers
  const uids = new Set(there.map(({ uid }) => uid))
  uids.add(system.uid)
  return system.findAll(protocol).filter((ref) => ref instanceof ActorRef && uids.has(ref.nodeUid))
}

/**
 * Calls `listener` with {@link reachableServices} now and whenever they change: one is registered or gone, a node comes
 * into reach or falls out of it. All members come to the same list once nothing changes any more.
 *
 * @param listener must not throw; an actor tells itself
 * @returns ends it; the end of the system does so, too
 * @throws {InvalidOptionError} for what is no system
 */
export function watchServices<P>(
  system: ActorSystem,
  protocol: Protocol<P>,
  listener: (refs: readonly Ref<P>[]) => void,
): () => void {
  if (!(system instanceof LocalSystem)) throw new InvalidOptionError('watchServices', 'system', 'a system', system)
  let last: string | null = null
  const look = (): void => {
    const refs = reachableServices(system, protocol)
    const ids = refs.map(({ id }) => id).join('\n')
    if (ids === last) return
    last = ids
    listener(refs)
  }
  const unlisten = system.events.subscribe((event) => {
    if ('member' in event || event.type === 'peer-up' || event.type === 'peer-lost' || event.type === 'peer-down')
      look()
  })
  const unsubscribe = system.registry.subscribe(protocol, look)
  return () => {
    unlisten()
    unsubscribe()
  }
}
