import { StaleEpochError } from '../failover/stale-epoch.ts'
import type { Append, Appended, Install } from './replica-protocol.ts'
import type { LogEntry, Position, ReplicationLog } from './replication-log.ts'
import type { StateMachine } from './state-machine.ts'

/** One copy of the state: a machine, the log behind it, and the epoch it obeys. */
export class Copy {
  readonly log: ReplicationLog
  readonly #path: string
  readonly #machine: StateMachine<unknown, unknown>
  /** The greatest epoch adopted; 0 before the first. */
  epoch = 0
  #applied = 0

  constructor(path: string, machine: StateMachine<unknown, unknown>, log: ReplicationLog) {
    this.#path = path
    this.#machine = machine
    this.log = log
  }

  /** Of the last entry. */
  get position(): Position {
    return this.log.last
  }

  /** Sequence of the last entry applied. */
  get applied(): number {
    return this.#applied
  }

  /** Puts an entry at the end of the log, to be applied later. */
  enter(entry: LogEntry): void {
    this.log.append(entry, this.#applied)
  }

  /** Applies the next entry. @returns its result; throws what the machine throws, the entry counts nevertheless */
  applyNext(): unknown {
    const entry = this.log.at(this.#applied + 1)
    if (entry === undefined) throw new RangeError(`no entry ${this.#applied + 1} to apply`)
    this.#applied++
    return this.#machine.apply(entry.operation)
  }

  /** Appends what the primary sends, and applies it, if it goes on where this copy stands. */
  append({ previous, entries }: Append): Appended {
    const { sequence, epoch } = this.position
    const fits = previous.sequence === sequence && previous.epoch === epoch
    if (fits) for (const entry of entries) this.#take(entry)
    return { fits, position: this.position }
  }

  install({ position, snapshot }: Install): Appended {
    this.#machine.restore(snapshot)
    this.log.reset(position)
    this.#applied = position.sequence
    return { fits: true, position: this.position }
  }

  /** The state with the position it stands for: entries not yet applied are not in it. */
  snapshot(): Install {
    return { epoch: this.epoch, position: this.log.positionAt(this.#applied), snapshot: this.#machine.snapshot() }
  }

  /** Drops the entries of a primary that stepped down before enough backups had them. */
  forgetUnapplied(): void {
    this.log.truncate(this.#applied)
  }

  stale(epoch: number): StaleEpochError {
    return new StaleEpochError(this.#path, epoch, this.epoch)
  }

  #take(entry: LogEntry): void {
    this.enter(entry)
    try {
      this.applyNext()
    } catch {
      // It failed at the primary in the same way, and the caller has heard of it there.
    }
  }
}
