import type { MailboxStrategy } from '../mailbox/mailbox.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Random } from '../runtime/random.ts'
import type { Cancellable } from '../runtime/scheduler.ts'
import type { RestartPolicy, Supervision } from '../supervision/directive.ts'
import type { AnyActorOptions } from './actor-options.ts'
import type { AskOptions } from './ask.ts'
import type { DeadLetter } from './dead-letter.ts'
import type { KeyedTimer } from './keyed-timer.ts'
import type { Logger } from './logger.ts'
import type { Handlers, Message, MessageName, NameAccepting, Payload, Protocol, Reply } from './protocol.ts'
import type { AnyRef, Ref } from './ref.ts'
import type { Deferred, Forwarded } from './reply.ts'
import type { StopOptions } from './stop-options.ts'
import type { Terminated } from './terminated.ts'

/**
 * A behaviour as a value: which protocol, and a set-up that returns the object of handlers. Each actor
 * spawned from it, and each restart of one, runs the set-up again and so has a state of its own.
 */
export interface Actor<P, A = void> {
  /** Id of the protocol, also the default label of such actors in events and metrics. */
  readonly id: string
  setup(context: Context<P>, args: A): Handlers<P>
  /** What `actor()` was given besides. */
  readonly options?: AnyActorOptions
}

/** An actor of whatever protocol and arguments, as the runtime keeps it. */
export interface AnyActor {
  readonly id: string
  setup(context: never, args: never): object
  readonly options?: AnyActorOptions
}

/** How a child is started. */
export interface SpawnOptions {
  /** Unique among its siblings: 1 to 128 of A-Z, a-z, 0-9 and `._~:-`. Default: a number after a `$`. */
  readonly name?: string
  /**
   * What happens when it fails. Default: it stops, its parent's `childFailed` is called if there is one, and its
   * watchers hear `failed`. Siblings given the same `oneForAll` or `restForOne` stand and fall together.
   */
  readonly supervise?: Supervision
  /** When `supervise` starts it again. Default `transient`: when it has failed, not when it stopped itself. */
  readonly restart?: RestartPolicy
  /** Whether the parent may end with it, as `shutdown` of `supervise` says. Not for permanent ones. Default false. */
  readonly significant?: boolean
  /**
   * Its children live on while it is restarted; a set-up finds them by `ctx.child` and `ctx.children`. Default
   * false: they are gone before the set-up runs again.
   */
  readonly keepChildren?: boolean
  /** Time for a stop in order, in ms; then it is killed. Default: the system's `stopTimeoutMs`, 5,000. */
  readonly stopTimeoutMs?: number
  /**
   * Which messages wait for it, in which order, and what becomes of those that are too many: `bounded`, `priority`.
   * Default: all that come, first in, first out.
   */
  readonly mailbox?: MailboxStrategy
  /**
   * Gets the tells that are left when it ends, in their order, instead of the dead letters: to keep them, or to
   * send them elsewhere. It runs before anybody hears of the end. Asks that are left fail as ever, so that whoever
   * asked can ask again. If it throws, that one is a dead letter after all.
   */
  readonly onUndelivered?: (letter: DeadLetter) => void
}

/** The arguments after the actor: options, which must hold `args` if its set-up takes any. */
export type SpawnArgs<A> = [A] extends [void]
  ? [options?: SpawnOptions]
  : [options: SpawnOptions & { readonly args: A }]

/** How long {@link Context.find} waits. */
export interface FindOptions {
  /** How long to wait for one to be registered, in ms. Default: the system's `askTimeoutMs`, 5,000. */
  readonly timeoutMs?: number
}

/**
 * What a behaviour may do. It belongs to one incarnation: after a restart or a stop every call throws
 * {@link StaleContextError}, so that a handler still waiting for something cannot meddle with its successor.
 */
export interface Context<P> {
  /** This actor. Once the incarnation is over, what is told to it becomes a dead letter, `stale-ref`. */
  readonly self: Ref<P>
  /** The system's time: real, or a test's. */
  readonly clock: Clock
  /** A stream of this incarnation's own: equal in runs with equal seeds, whatever others draw, new at each restart. */
  readonly random: Random
  /** Writes to the system's log under this actor's path. */
  readonly log: Logger
  /** Aborted when this incarnation is to end: give it to whatever a handler waits for. */
  readonly signal: AbortSignal
  /** Time left to answer the message being handled, in ms; null when nobody waits for an answer. */
  readonly remainingMs: number | null

  /**
   * Starts a child. Its set-up runs in its own first turn, before any message.
   *
   * @throws {NameTakenError | InvalidOptionError | UnknownOptionError}
   * @throws {SystemStoppedError} while this actor is ending
   */
  spawn<Q, A>(actor: Actor<Q, A>, ...options: SpawnArgs<A>): Ref<Q>
  /** Its children that are not gone, in the order they were spawned: more than none at set-up where they are kept. */
  readonly children: readonly AnyRef[]
  /**
   * The child of that name, if its actor is one of that protocol; else null.
   *
   * ```ts
   * const worker = ctx.child(Worker, 'worker') ?? ctx.spawn(worker, { name: 'worker' })
   * ```
   */
  child<Q>(protocol: Protocol<Q>, name: string): Ref<Q> | null
  /**
   * Stops this actor after the present message, or one of its children; one that is gone already stays gone.
   *
   * @throws {InvalidOptionError} for a ref to any other actor; for options that are wrong also {@link UnknownOptionError}
   */
  stop(ref?: AnyRef, options?: StopOptions): void
  /** Runs when this incarnation ends, after its children are gone; the last one added runs first. */
  onStop(cleanup: () => void | Promise<void>): void

  /**
   * Sends `name` to this actor once when `ref` has ended, after all it sent before; at once if it is gone
   * already. Without a payload the message carries the {@link Terminated} notice. Watching again replaces.
   */
  watch(ref: AnyRef, name: NameAccepting<P, Terminated>): void
  watch(ref: AnyRef, ...message: Message<P>): void
  /** Ends a watch: nothing arrives any more, not even a notice already queued. */
  unwatch(ref: AnyRef): void

  /**
   * Fails together with `ref`: when it ends otherwise than by stopping in order, this actor fails at once with a
   * {@link LinkedActorError}, as its supervision has it; and the other way round, unless `ref` is on another node,
   * which has to link this one by itself. The link lasts as long as this incarnation.
   *
   * @throws {LinkedActorError} when it is known to have ended already
   */
  link(ref: AnyRef): void
  /** Ends a link that this actor made, in both directions. */
  unlink(ref: AnyRef): void

  /**
   * Sends a message to this actor once, `delayMs` from now.
   *
   * @param delayMs below 0 counts as 0; Infinity is never
   * @throws {RangeError} for NaN
   */
  after(delayMs: number, ...message: Message<P>): Cancellable
  /**
   * The same again and again; a tick is left out while the one before is still queued.
   *
   * @param periodMs below 1 counts as 1
   * @throws {RangeError} for NaN
   */
  every(periodMs: number, ...message: Message<P>): Cancellable
  /** The timer of that key: starting it replaces what it was to do before, even a tick that is queued already. */
  timer(key: string): KeyedTimer<P>

  /**
   * Asks another actor on behalf of this one: like `ref.ask`, and at any time what `ref.ask` is only in the part of
   * a handler before its first await. It waits no longer than whoever waits for the handler under way, nor, while
   * this actor is ending, than that may take; with no time left it is rejected at once (`not-sent`, `timeout`). When
   * this incarnation has ended it is rejected too (`aborted`). To ask regardless of all that, use `ref.ask` after an
   * await. Costs about 45 ns more than `ref.ask` in a handler.
   *
   * @returns the answer; rejects with {@link AskError}. An actor that asks itself is told so at once (`self-ask`)
   */
  ask<Q, K extends MessageName<Q>>(
    ref: Ref<Q>,
    name: K,
    ...payloadAndOptions: [...payload: Payload<Q, K>, options?: AskOptions]
  ): Promise<Reply<Q, K>>

  /**
   * Handles the next messages, and all after, with other handlers. A restart returns to the first ones.
   *
   * @throws {InvalidOptionError} for what is no object
   */
  become(handlers: Handlers<P>): void
  /**
   * Sets the present message aside, with whoever asked: the handler's result is no answer, return this one's.
   * An ask whose time is over while it is there is not handled. What is in the stash when the actor restarts goes
   * back to the mailbox, when it stops to the dead letters; ticks and notices of the incarnation end with it.
   *
   * @throws {StashFullError} beyond `stashCapacity` of the actor's options, 1,000 by default
   * @throws {NoMessageError} outside of a handler, or for a message that was set aside before
   */
  stash(): Forwarded
  /** Puts everything that was set aside back before all that waits, in its order. O(messages set aside). */
  unstash(): void

  /**
   * Runs work that nobody waits for, now, and drops its result. If it throws or rejects, this actor fails; after the
   * end of the incarnation, which aborts `signal`, nobody cares.
   */
  task(work: (signal: AbortSignal) => unknown): void
  /**
   * Sends the result of `work` to this actor as a message. A rejection goes to `onError` as a message with
   * the error, or fails the actor if there is none.
   */
  pipe<T>(work: Promise<T>, name: NameAccepting<P, T>, onError?: NameAccepting<P, Error>): void
  /** Takes over the answer to the present message: give it later, from anywhere in this incarnation. */
  reply<R>(): Deferred<R>
  /** Answers the present message with an error, without failing. */
  replyError(error: unknown): Forwarded
  /** Hands the present message on; whoever asked gets the answer from there. Return the result. @throws {NoMessageError} */
  forward(to: AnyRef): Forwarded
  forward<Q, K extends MessageName<Q>>(to: Ref<Q>, name: K, ...payload: Payload<Q, K>): Forwarded

  /** Lists this actor under a protocol, here and on every connected node, until it stops. */
  register(protocol: Protocol<P>): void
  /**
   * The first actor registered under a protocol, one on this node if there is one; waits for it.
   *
   * @returns rejects with {@link ServiceNotFoundError} when the time is over, and when the system stops
   */
  find<Q>(protocol: Protocol<Q>, options?: FindOptions): Promise<Ref<Q>>
  /** Sends the refs registered under a protocol, now and at each change. */
  subscribe<Q>(protocol: Protocol<Q>, name: NameAccepting<P, readonly Ref<Q>[]>): void
}
