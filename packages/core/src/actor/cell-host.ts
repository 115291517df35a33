import type { Dispatcher } from '../dispatch/dispatcher.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { TimerQueue } from '../runtime/timer-queue.ts'
import type { SupervisionEvent } from '../supervision/supervision-event.ts'
import type { DeadLetterReason } from './dead-letter.ts'
import type { Logger } from './logger.ts'
import type { OfferFailureReason, PendingOffer } from './offer.ts'
import type { Head, Origin } from './origin.ts'
import type { Protocol } from './protocol.ts'
import type { ActorRef, AnyRef, Ref } from './ref.ts'
import type { AskCycle, WaitGraph } from './wait-graph.ts'
import type { Watcher } from './watcher.ts'

/** What a cell needs of the system it runs in. */
export interface CellHost {
  readonly uid: string
  /** Where this node listens; an empty string when it does not. */
  readonly address: string
  readonly runtime: Runtime
  readonly dispatcher: Dispatcher
  readonly timers: TimerQueue
  readonly registry: Registry
  readonly askTimeoutMs: number
  readonly stopTimeoutMs: number
  /** Looks for actors that wait for one another; null where nobody wants to know. */
  readonly waits: WaitGraph | null
  /** What looks at every message on its way; null when nothing does, and then it costs nothing. */
  readonly hooks: MessageHooks | null
  /** Each actor keeps its messages in queues of its own, for hooks or for whoever chooses who is next. */
  readonly queuesOnly: boolean
  readonly pendingHandlers: PendingHandlers
  /** The next actor's uid: 1 and up. */
  nextUid(): number
  logger(path: string): Logger
  /** Reports what will not be handled: a dead letter, unless somebody waits and is told instead. */
  undelivered(reason: DeadLetterReason, target: string, name: string, payload: unknown, origin: Origin | null): void
  report(event: CellEvent): void
  /** Reports an answer to an ask that has been over since `endedMs` of the clock. */
  answeredLate(target: string, message: string, endedMs: number): void
  /** A ref to `target` leaves the node: messages for its uid may come from abroad from now on. */
  exported(target: LocalTarget): void
  /** The actor of that uid has ended: whatever other layers keep about it can go. */
  released(uid: number): void
  /** An actor has ended: counts them. */
  ended(): void
}

/** Sees every message that is sent on this node, and the end of each handler. */
export interface MessageHooks {
  /**
   * A message is about to be queued for the actor at `target`.
   *
   * @returns what to queue in its place; null when it goes nowhere, and whoever waits has been told
   * @throws {NotSerializableError | FrameTooLargeError} for a tell that may not pass
   */
  passing(target: string, head: Head, payload: unknown): { readonly head: Head; readonly payload: unknown } | null
  /** A message is about to be sent to an actor of another node. */
  leaving(target: AnyRef, name: string, payload: unknown, kind: 'tell' | 'ask'): void
  /** The handler of the message with that head has ended. */
  handled(head: Head, error: Error | null): void
}

/** Watches handlers whose promise is pending. */
export interface PendingHandlers {
  add(handler: PendingHandler): void
}

/** An actor's handler as long as its promise is pending. The object serves one handler after the other. */
export interface PendingHandler {
  /** Whether it is among those watched: they leave by themselves when nothing is pending any more. */
  watched: boolean
  /** When the handler began, give or take a slice of 5 ms, in ms of the clock. */
  readonly sinceMs: number
  readonly path: string
  /** Name of the message; null when nothing is pending. */
  readonly pending: string | null
  /** Messages waiting behind it. */
  readonly queued: number
}

type LocalTargetHost =
  | 'uid'
  | 'address'
  | 'askTimeoutMs'
  | 'timers'
  | 'dispatcher'
  | 'waits'
  | 'exported'
  | 'undelivered'
  | 'answeredLate'

/** What a local ref needs of the cell behind it. */
export interface LocalTarget {
  readonly host: Pick<CellHost, LocalTargetHost>
  readonly ref: ActorRef<never>
  readonly path: string
  readonly uid: number
  /** @returns false when its mailbox has turned the message down */
  enqueue(head: Head, payload: unknown): boolean
  /** Queues a message if there is room for it and nobody waits for that. @returns what is in the way, or null */
  offer(name: string, payload: unknown): OfferFailureReason | 'full' | null
  /** Queues the message of `offer` as soon as there is room for it and all who came before have had theirs. */
  waitForRoom(offer: PendingOffer, payload: unknown): void
  addWatcher(watcher: Watcher): void
  removeWatcher(watcher: Watcher): void
  /** Fails it from outside: it is linked to an actor that has ended so. */
  fail(error: Error): void
  /** Others keep something about it now, and are to be told of its end. */
  markKnown(): void
}

/** An answer to an ask that was over by then: it was dropped. */
export interface LateReply {
  readonly type: 'late-reply'
  /** Path of the actor that was asked; with the address where that is another node. */
  readonly target: string
  readonly message: string
  /** Time since nobody waited for it any more, in ms. */
  readonly lateMs: number
}

/** Who is registered under which protocol. */
export interface Registry {
  register(protocol: string, ref: AnyRef): void
  unregister(ref: AnyRef): void
  find<Q>(protocol: Protocol<Q>, timeoutMs: number): Promise<Ref<Q>>
  /** @returns ends the subscription */
  subscribe<Q>(protocol: Protocol<Q>, listener: (refs: readonly Ref<Q>[]) => void): () => void
}

/** What happens to actors, as system events. */
export type CellEvent =
  | AskCycle
  | LateReply
  | SupervisionEvent
  | { readonly type: 'actor-killed'; readonly path: string; readonly why: string }
  /** A handler or a pipe of an incarnation that is over came to an end: its result was dropped. */
  | { readonly type: 'stale-result'; readonly path: string }
  /** A continuation of an incarnation that is over used its context: the call was refused. */
  | { readonly type: 'stale-context'; readonly path: string; readonly action: string }
  /** A turn held up the whole process. `exact` is false where others ran in the same stretch of time. */
  | { readonly type: 'slow-turn'; readonly path: string; readonly tookMs: number; readonly exact: boolean }
  | { readonly type: 'high-water'; readonly path: string; readonly queued: number }
  /** A handler's promise has been pending for longer than `stuckHandlerMs`. Once for each such handler. */
  | {
      readonly type: 'stuck-handler'
      readonly path: string
      readonly message: string
      readonly pendingMs: number
      readonly queued: number
    }
