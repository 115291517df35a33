import type { MonoTypeOperatorFunction } from 'rxjs'
import type { ActorSystem } from '../system/actor-system.ts'
import { SystemObservable } from './system-observable.ts'

/**
 * Ties any Observable to a system: it completes when the system has stopped, at once if it has already, and what
 * its listeners throw goes to the system's log. All Observables of this entry are tied to theirs.
 *
 * ```ts
 * interval(1_000, systemScheduler(system)).pipe(untilStopped(system)).subscribe(report)
 * ```
 * Costs one listener of system events per subscription.
 */
export function untilStopped<T>(system: ActorSystem): MonoTypeOperatorFunction<T> {
  return (source) =>
    new SystemObservable<T>(system.log, (subscriber) => {
      if (system.stopped) return subscriber.complete()
      // First the source, so that it hears of the end before it is ended.
      source.subscribe(subscriber)
      return system.events.subscribe(({ type }) => {
        if (type === 'system-stopped') subscriber.complete()
      })
    })
}
