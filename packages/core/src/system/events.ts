import type { CellEvent } from '../actor/cell-host.ts'
import type { DeadLetter } from '../actor/dead-letter.ts'
import type { MemberEvent } from '../cluster/member-event.ts'
import type { PeerEvent } from '../remoting/peer-event.ts'
import type { SingletonEvent } from '../singleton/singleton-event.ts'
import type { StopTaskFailed } from './stop-phases.ts'

/** Everything worth knowing about a system: for logs, metrics, tests and dashboards. */
export type SystemEvent =
  | CellEvent
  | PeerEvent
  | MemberEvent
  | SingletonEvent
  | ({ readonly type: 'dead-letter' } & DeadLetter)
  /** Every actor has ended and every connection is closed. Only dead letters may follow. */
  | { readonly type: 'system-stopped' }
  | StopTaskFailed
  /** An interceptor threw while it was told of a step of some message. */
  | { readonly type: 'interceptor-failed'; readonly interceptor: string; readonly step: string; readonly error: Error }

/** The stream of a system's events. Without a listener an event costs one comparison. */
export class SystemEvents {
  readonly #listeners = new Set<(event: SystemEvent) => void>()
  readonly #onListenerError: (error: unknown) => void

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError
  }

  /** @returns ends the subscription */
  subscribe(listener: (event: SystemEvent) => void): () => void {
    // A function of its own: the same listener subscribed twice must be told twice.
    const entry = (event: SystemEvent): void => listener(event)
    this.#listeners.add(entry)
    return () => this.#listeners.delete(entry)
  }

  /** Tells every listener; one that throws is reported and hinders neither the others nor the system. */
  emit(event: SystemEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event)
      } catch (error) {
        this.#onListenerError(error)
      }
    }
  }
}
