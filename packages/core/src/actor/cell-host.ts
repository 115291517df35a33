import type { Dispatcher } from '../dispatch/dispatcher.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { TimerQueue } from '../runtime/timer-queue.ts'
import type { SupervisionEvent } from '../supervision/supervision-event.ts'
import type { DeadLetterReason } from './dead-letter.ts'
import type { Logger } from './logger.ts'
import type { Head, Origin } from './origin.ts'
import type { Protocol } from './protocol.ts'
import type { ActorRef, AnyRef, Ref } from './ref.ts'
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
  /** What looks at every message on its way; null when nothing does, and then it costs nothing. */
  readonly hooks: MessageHooks | null
  /** The next actor's uid: 1 and up. */
  nextUid(): number
  logger(path: string): Logger
  /** Reports what will not be handled: a dead letter, unless somebody waits and is told instead. */
  undelivered(reason: DeadLetterReason, target: string, name: string, payload: unknown, origin: Origin | null): void
  report(event: CellEvent): void
  /** A ref to `target` leaves the node: messages for its uid may come from abroad from now on. */
  exported(target: LocalTarget): void
  /** The actor at `ref` has ended: whatever other layers keep about it can go. */
  released(uid: number): void
}

/** Sees every message between actors of this node. */
export interface MessageHooks {
  /** A message is about to be queued. @returns the payload to queue */
  passed(payload: unknown, head: Head): unknown
}

/** What a local ref needs of the cell behind it. */
export interface LocalTarget {
  readonly host: Pick<CellHost, 'uid' | 'address' | 'askTimeoutMs' | 'timers' | 'dispatcher' | 'exported'>
  readonly ref: ActorRef<never>
  readonly path: string
  readonly uid: number
  /** @returns false when its mailbox has turned the message down */
  enqueue(head: Head, payload: unknown): boolean
  addWatcher(watcher: Watcher): void
  removeWatcher(watcher: Watcher): void
  /** Others keep something about it now, and are to be told of its end. */
  markKnown(): void
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
  | SupervisionEvent
  | { readonly type: 'actor-killed'; readonly path: string; readonly why: string }
  /** A handler or a pipe of an incarnation that is over came to an end: its result was dropped. */
  | { readonly type: 'stale-result'; readonly path: string }
  /** A continuation of an incarnation that is over used its context: the call was refused. */
  | { readonly type: 'stale-context'; readonly path: string; readonly action: string }
  /** A turn held up the whole process. `exact` is false where others ran in the same stretch of time. */
  | { readonly type: 'slow-turn'; readonly path: string; readonly tookMs: number; readonly exact: boolean }
  | { readonly type: 'high-water'; readonly path: string; readonly queued: number }
