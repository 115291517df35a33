import { type Actor, actor, type Forwarded, is, type Protocol, requireOptions } from '@troupe/core'
import { defined } from '../defined.ts'
import { Copy } from './copy.ts'
import { NotPrimaryError } from './errors.ts'
import { Primary } from './primary.ts'
import { type Appended, Replica, type ReplicaInner, type ReplicaStatus } from './replica-protocol.ts'
import { ReplicationLog } from './replication-log.ts'
import type { StateMachine } from './state-machine.ts'
import type { ReplicationStrategy } from './strategy.ts'

export interface ReplicaOptions {
  /** How long a write may wait for its backups, in ms. Default 2,000. */
  readonly timeoutMs?: number
  /** How long after a failed attempt a backup is tried again, in ms. Default 200. */
  readonly retryMs?: number
  /** Operations kept for backups that are behind; those further behind get a snapshot. Default 1,000. */
  readonly logLimit?: number
}

/** 2 s is a pause no healthy backup makes; 200 ms bring one back quickly and cost nothing; 1,000 entries bridge a flap. */
const DEFAULTS = { timeoutMs: 2_000, retryMs: 200, logLimit: 1_000 } as const

/**
 * Hosts one copy of a state machine. It starts as a backup; `appoint` makes one of several the primary of an
 * epoch. The primary orders the writes, sends them to its backups and applies those that enough of them have,
 * as its strategy says. Everything is in memory: a replica that stops has lost its copy.
 *
 * Who is primary is decided outside, by whoever hands out epochs: a lease, an operator. A primary that meets a
 * newer epoch steps down, and what it had not acknowledged fails as unknown.
 *
 * @param stateMachine makes a new, empty one; equal operations in equal order must give equal states
 * @throws {InvalidOptionError | UnknownOptionError}
 */
export function replica<O, R>(
  strategy: ReplicationStrategy,
  stateMachine: () => StateMachine<O, R>,
  options?: ReplicaOptions,
): Actor<Replica<O, R>>
export function replica(
  strategy: ReplicationStrategy,
  stateMachine: () => StateMachine<unknown, unknown>,
  options: ReplicaOptions = {},
): Actor<Replica<unknown, unknown>> {
  const optional = { timeoutMs: is.number(1), retryMs: is.number(1), logLimit: is.integer(1) }
  requireOptions('replica', options, {}, optional)
  const settings = { ...DEFAULTS, ...defined(options) }
  const token: Protocol<ReplicaInner> = { id: Replica.id }
  return actor(token, (ctx) => {
    const machine = stateMachine()
    const copy = new Copy(ctx.self.path, machine, new ReplicationLog(settings.logLimit))
    let primary: Primary | null = null
    const stepDown = (epoch: number): void => {
      copy.epoch = epoch
      primary?.stepDown()
      // What was not acknowledged is in no agreed history: what the next primary sends decides.
      if (primary !== null) copy.forgetUnapplied()
      primary = null
    }
    const follow = (epoch: number, take: () => Appended): Appended | Forwarded => {
      if (epoch < copy.epoch || (primary !== null && epoch === copy.epoch)) return ctx.replyError(copy.stale(epoch))
      if (epoch > copy.epoch) stepDown(epoch)
      return take()
    }
    const status = (): ReplicaStatus => ({
      role: primary === null ? 'backup' : 'primary',
      epoch: copy.epoch,
      position: copy.position,
      applied: copy.applied,
    })
    return {
      write: (operation) => primary?.write(operation) ?? ctx.replyError(new NotPrimaryError(ctx.self.path, copy.epoch)),
      read: () => machine.snapshot(),
      $fence: (epoch) => {
        if (epoch <= copy.epoch) return ctx.replyError(copy.stale(epoch))
        stepDown(epoch)
        return status()
      },
      $lead: ({ epoch, backups }) => {
        if (epoch !== copy.epoch || primary !== null) return void ctx.replyError(copy.stale(epoch))
        primary = new Primary(ctx, strategy, copy, backups, settings)
      },
      $append: (request) => follow(request.epoch, () => copy.append(request)),
      $install: (request) => follow(request.epoch, () => copy.install(request)),
      $status: status,
      $answered: (answer) => {
        if (answer.epoch !== copy.epoch || primary === null) return
        if (answer.newerEpoch) stepDown(copy.epoch)
        else primary.answered(answer.index, answer.appended)
      },
      $retry: ({ epoch, index }) => {
        // One of an earlier epoch had other backups.
        if (epoch === copy.epoch) primary?.send(index)
      },
      $overdue: (sequence) => primary?.overdue(sequence),
    }
  })
}
