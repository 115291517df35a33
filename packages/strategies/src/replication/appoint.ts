import type { Ref } from '@troupe/core'
import { checkOptions, is } from '@troupe/core'
import { NotAppointedError } from './errors.ts'
import type { Replica, ReplicaStatus } from './replica-protocol.ts'
import { comparePositions } from './replication-log.ts'

export interface AppointOptions {
  /**
   * Replicas that must answer. Default 1. As many as all minus the backups that must have a write, plus one,
   * make sure that one of them has every acknowledged write.
   */
  readonly minimum?: number
  /** How long a replica may take to answer, in ms. Default 1,000. */
  readonly timeoutMs?: number
}

export interface Appointment<O, R> {
  readonly primary: Ref<Replica<O, R>>
  /** The others that answered: the view of the new primary. */
  readonly backups: readonly Ref<Replica<O, R>>[]
}

/**
 * Makes the replica that is furthest the primary of an epoch, with the others that answer for its backups. They
 * all adopt the epoch first, so that none of them takes anything from an earlier primary afterwards.
 *
 * @param epoch greater than every one before, from whoever hands them out: the epoch of a lease will do
 * @throws {NotAppointedError} when too few answer, or one has adopted this epoch or a greater one already
 */
export async function appoint<O, R>(
  replicas: readonly Ref<Replica<O, R>>[],
  epoch: number,
  options: AppointOptions = {},
): Promise<Appointment<O, R>> {
  checkOptions('appoint', options, { minimum: is.integer(1), timeoutMs: is.number(1) })
  const { minimum = 1, timeoutMs = 1_000 } = options
  const answers = await Promise.allSettled(replicas.map((ref) => askFence(ref, epoch, timeoutMs)))
  const answered = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
  const failed = answers.flatMap((answer) => (answer.status === 'rejected' ? [String(answer.reason)] : []))
  answered.sort((a, b) => comparePositions(b.status.position, a.status.position))
  const [first, ...others] = answered
  if (first === undefined || answered.length < minimum) {
    throw new NotAppointedError(epoch, answered.length, minimum, failed.join('; '))
  }
  const backups = others.map(({ ref }) => ref)
  await first.ref.ask('$lead', { epoch, backups }, { timeoutMs })
  return { primary: first.ref, backups }
}

async function askFence<O, R>(
  ref: Ref<Replica<O, R>>,
  epoch: number,
  timeoutMs: number,
): Promise<{ ref: Ref<Replica<O, R>>; status: ReplicaStatus }> {
  return { ref, status: await ref.ask('$fence', epoch, { timeoutMs }) }
}
