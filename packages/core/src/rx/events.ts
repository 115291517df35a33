import type { Observable } from 'rxjs'
import type { ActorSystem } from '../system/actor-system.ts'
import type { SystemEvent } from '../system/events.ts'
import { SystemObservable } from './system-observable.ts'
import { untilStopped } from './until-stopped.ts'

/**
 * What happens to a system, from the subscription on; nothing is kept for later. Listeners run at once, in the
 * turn in which it happens: be quick. Completes after `system-stopped`; never errors.
 *
 * ```ts
 * events(system, 'dead-letter').subscribe(({ reason, target }) => console.log(reason, target))
 * ```
 * @param types only events of these types, and typed as such; without any, all of them
 */
export function events<T extends SystemEvent['type'] = SystemEvent['type']>(
  system: ActorSystem,
  ...types: readonly T[]
): Observable<SystemEventOf<T>> {
  return new SystemObservable<SystemEventOf<T>>(system.log, (subscriber) =>
    system.events.subscribe((event) => {
      if (isOf(event, types)) subscriber.next(event)
    }),
  ).pipe(untilStopped(system))
}

/** The system event of a type: `SystemEventOf<'peer-up'>` has a `peer`. */
export type SystemEventOf<T extends SystemEvent['type']> = Extract<SystemEvent, { readonly type: T }>

function isOf<T extends SystemEvent['type']>(event: SystemEvent, types: readonly T[]): event is SystemEventOf<T> {
  return types.length === 0 || types.some((type) => type === event.type)
}
