import { AskError, type Cancellable, type Context, type Deferred, type Forwarded, ReplyError } from '@troupe/core'
import type { Copy } from './copy.ts'
import { NotReplicatedError } from './errors.ts'
import type { Appended, ReplicaInner, View } from './replica-protocol.ts'
import { comparePositions, type Position, START } from './replication-log.ts'
import type { ReplicationStrategy } from './strategy.ts'

/** Entries in one message to a backup. */
const BATCH = 64

interface Follower {
  readonly ref: View['backups'][number]
  /** Where it stands; null until it has said so. */
  position: Position | null
  busy: boolean
}

interface Waiting {
  readonly reply: Deferred<unknown>
  readonly timer: Cancellable
}

/** A replica in charge: orders writes, brings each backup up to date, applies what enough of them have. */
export class Primary {
  readonly #ctx: Context<ReplicaInner>
  readonly #strategy: ReplicationStrategy
  readonly #copy: Copy
  readonly #followers: readonly Follower[]
  readonly #timeoutMs: number
  readonly #retryMs: number
  readonly #waiting = new Map<number, Waiting>()

  constructor(
    ctx: Context<ReplicaInner>,
    strategy: ReplicationStrategy,
    copy: Copy,
    backups: View['backups'],
    settings: { readonly timeoutMs: number; readonly retryMs: number },
  ) {
    this.#ctx = ctx
    this.#strategy = strategy
    this.#copy = copy
    this.#followers = backups.map((ref) => ({ ref, position: null, busy: false }))
    this.#timeoutMs = settings.timeoutMs
    this.#retryMs = settings.retryMs
    this.#sendAll()
  }

  write(operation: unknown): Deferred<unknown> | Forwarded {
    const backups = this.#followers.length
    const needed = this.#needed()
    // More than there are: nothing to wait for, and nothing was done yet.
    if (needed > backups) {
      return this.#ctx.replyError(
        new NotReplicatedError(this.#strategy.name, needed, backups, 'not-sent', 'there are too few'),
      )
    }
    const sequence = this.#copy.position.sequence + 1
    const { remainingMs } = this.#ctx
    const reply = this.#ctx.reply<unknown>()
    const timer = this.#ctx.after(Math.min(this.#timeoutMs, remainingMs ?? this.#timeoutMs), '$overdue', sequence)
    this.#waiting.set(sequence, { reply, timer })
    this.#copy.enter({ sequence, epoch: this.#copy.epoch, operation })
    this.#sendAll()
    this.#advance()
    return reply
  }

  /** A backup has answered; null when it has not. */
  answered(index: number, appended: Appended | null): void {
    const follower = this.#followers[index]!
    follower.busy = false
    if (appended === null) {
      this.#ctx.after(this.#retryMs, '$retry', { epoch: this.#copy.epoch, index })
      return
    }
    follower.position = appended.position
    this.#advance()
    this.send(index)
  }

  /** Brings a backup further, one message at a time. */
  send(index: number): void {
    const follower = this.#followers[index]!
    const { epoch, position: last } = this.#copy
    if (follower.busy || (follower.position !== null && comparePositions(follower.position, last) === 0)) return
    follower.busy = true
    const options = { timeoutMs: this.#timeoutMs }
    // The first message asks where the backup stands, by naming a place that only an empty one can be at.
    const previous = follower.position ?? START
    const entries = follower.position === null ? [] : this.#copy.log.after(previous, BATCH)
    const ask =
      entries === null
        ? follower.ref.ask('$install', this.#copy.snapshot(), options)
        : follower.ref.ask('$append', { epoch, previous, entries }, options)
    this.#ctx.pipe(
      ask.then(
        (appended) => ({ epoch, index, appended, newerEpoch: false }),
        (error) => ({ epoch, index, appended: null, newerEpoch: isStale(error) }),
      ),
      '$answered',
    )
  }

  /** A write has waited for its backups as long as it may. */
  overdue(sequence: number): void {
    const seconds = this.#timeoutMs / 1000
    this.#fail(sequence, `too few answered within ${seconds} s`)
  }

  /** Another primary was appointed: nobody knows what becomes of the writes under way. */
  stepDown(): void {
    for (const sequence of [...this.#waiting.keys()]) this.#fail(sequence, 'another primary was appointed')
  }

  #needed(): number {
    return this.#strategy.acknowledgements(this.#followers.length)
  }

  #sendAll(): void {
    for (const index of this.#followers.keys()) this.send(index)
  }

  /** Applies what enough backups have, in order, and answers for it. */
  #advance(): void {
    const needed = this.#needed()
    const have = this.#followers.map(({ position }) => this.#agreed(position)).sort((a, b) => b - a)
    const upTo = needed === 0 ? this.#copy.position.sequence : (have[needed - 1] ?? 0)
    while (this.#copy.applied < upTo) {
      const waiting = this.#waiting.get(this.#copy.applied + 1)
      this.#waiting.delete(this.#copy.applied + 1)
      waiting?.timer.cancel()
      try {
        const result = this.#copy.applyNext()
        waiting?.reply.resolve(result)
      } catch (error) {
        waiting?.reply.reject(error)
      }
    }
  }

  /** How much of this log a backup has: nothing while it stands in another history. */
  #agreed(position: Position | null): number {
    if (position === null || position.sequence > this.#copy.position.sequence) return 0
    return this.#copy.log.after(position, 0) === null ? 0 : position.sequence
  }

  #fail(sequence: number, why: string): void {
    const waiting = this.#waiting.get(sequence)
    if (waiting === undefined) return
    this.#waiting.delete(sequence)
    waiting.timer.cancel()
    const backups = this.#followers.length
    waiting.reply.reject(new NotReplicatedError(this.#strategy.name, this.#needed(), backups, 'unknown', why))
  }
}

function isStale(error: unknown): boolean {
  return error instanceof AskError && error.cause instanceof ReplyError && error.cause.causeCode === 'STALE_EPOCH'
}
