import type { Observable } from 'rxjs'
import type { Peer } from '../remoting/peer-event.ts'
import type { ActorSystem } from '../system/actor-system.ts'
import { events } from './events.ts'
import { SystemObservable } from './system-observable.ts'
import { untilStopped } from './until-stopped.ts'

/**
 * The nodes connected now: the present list at once, then a new one at every change, never two equal ones in a
 * row. A node whose connection is lost is off the list, though it may come back. While the system stops, the list
 * shrinks to an empty one; then it completes. Never errors.
 */
export function peers(system: ActorSystem): Observable<readonly Peer[]> {
  return new SystemObservable<readonly Peer[]>(system.log, (subscriber) => {
    let last = system.peers
    const changes = events(system, 'peer-up', 'peer-lost', 'peer-down').subscribe(() => {
      const present = system.peers
      if (sameNodes(last, present)) return
      last = present
      subscriber.next(present)
    })
    subscriber.next(last)
    return changes
  }).pipe(untilStopped(system))
}

function sameNodes(a: readonly Peer[], b: readonly Peer[]): boolean {
  return a.length === b.length && a.every((peer, i) => peer.uid === b[i]!.uid && peer.address === b[i]!.address)
}
