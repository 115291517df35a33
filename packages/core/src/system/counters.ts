import type { CellEvent } from '../actor/cell-host.ts'
import type { DeadLetterReason } from '../actor/dead-letter.ts'
import type { RemoteStats } from '../remoting/traffic.ts'

/** What a system has done since its start, in numbers. */
export interface SystemStats {
  /** Actors that live now, those of the runtime itself included. */
  readonly actors: number
  /** Actors started so far, likewise. */
  readonly actorsStarted: number
  /** Messages taken out of mailboxes for handlers, by all actors together. */
  readonly messagesHandled: number
  /** Handlers and set-ups that failed. */
  readonly failures: number
  readonly restarts: number
  /** Runs of peers that count as down because far too many of the system's own messages waited for them. */
  readonly systemBacklogs: number
  /** Dead letters by their reason; reasons that never occurred are left out. */
  readonly deadLetters: Readonly<Partial<Record<DeadLetterReason, number>>>
  /** Messages between this node and others; null for a system without a transport. */
  readonly remote: RemoteStats | null
}

/** Counts what happens seldom; what happens often is counted where it happens. */
export class Counters {
  actorsStarted = 0
  actorsEnded = 0
  /** Actors killed, and steps of the stop that failed or took too long. */
  givenUp = 0
  systemBacklogs = 0
  #failures = 0
  #restarts = 0
  readonly #deadLetters = new Map<DeadLetterReason, number>()

  deadLetter(reason: DeadLetterReason): void {
    this.#deadLetters.set(reason, (this.#deadLetters.get(reason) ?? 0) + 1)
  }

  count(event: CellEvent): void {
    if (event.type === 'actor-failed') this.#failures++
    else if (event.type === 'actor-restarted') this.#restarts++
    else if (event.type === 'actor-killed') this.givenUp++
  }

  snapshot(messagesHandled: number, remote: RemoteStats | null): SystemStats {
    return {
      actors: this.actorsStarted - this.actorsEnded,
      actorsStarted: this.actorsStarted,
      messagesHandled,
      failures: this.#failures,
      restarts: this.#restarts,
      systemBacklogs: this.systemBacklogs,
      deadLetters: Object.fromEntries(this.#deadLetters),
      remote,
    }
  }
}
