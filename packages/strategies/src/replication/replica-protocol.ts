import { type Protocol, protocol, type Ref } from '@troupe/core'
import type { LogEntry, Position } from './replication-log.ts'

/** What a replica answers. `O` is an operation, `R` what it results in, `S` a snapshot of the whole state. */
export interface Replica<O, R> {
  /** Orders, replicates and applies an operation. Of the primary only; others refuse with NOT_PRIMARY. */
  write: (operation: O) => R
  /** The state as a snapshot: of the primary every acknowledged write, of a backup what it has got. */
  read: () => unknown
  /** Adopts a greater epoch: from then on those before are refused. Says how far this replica is. */
  $fence: (epoch: number) => ReplicaStatus
  /** Makes this replica the primary of the epoch it has adopted last, once. */
  $lead: (view: View) => void
  /** Of the primary: entries after `previous`, in order. Answers how far this replica is then. */
  $append: (request: Append) => Appended
  /** Of the primary: the whole state up to `position`. */
  $install: (request: Install) => Appended
  $status: () => ReplicaStatus
}

export interface View {
  readonly epoch: number
  readonly backups: readonly Ref<Replica<never, unknown>>[]
}

export interface Append {
  readonly epoch: number
  readonly previous: Position
  readonly entries: readonly LogEntry[]
}

export interface Install {
  readonly epoch: number
  readonly position: Position
  readonly snapshot: unknown
}

export interface Appended {
  /** False when `previous` is not where this replica stands; nothing was appended. */
  readonly fits: boolean
  readonly position: Position
}

export interface ReplicaStatus {
  readonly role: 'primary' | 'backup'
  readonly epoch: number
  /** Of the last entry in its log. */
  readonly position: Position
  /** Last entry its state machine has applied. */
  readonly applied: number
}

export const Replica: Protocol<Replica<unknown, unknown>> = protocol<Replica<unknown, unknown>>('replica')

/** What a replica tells itself besides. */
export interface ReplicaInner extends Replica<unknown, unknown> {
  $answered: (answer: {
    readonly epoch: number
    readonly index: number
    readonly appended: Appended | null
    readonly newerEpoch: boolean
  }) => void
  $retry: (backup: { readonly epoch: number; readonly index: number }) => void
  $overdue: (sequence: number) => void
}
