import type { AnyRef } from './any-ref.ts'
import type { AskOptions } from './ask.ts'
import type { OfferOptions } from './offer.ts'
import type { Origin } from './origin.ts'
import type { MessageName, Payload, Reply, Strict } from './protocol.ts'
import type { Watcher } from './watcher.ts'

export type { AnyRef }

/**
 * The only handle to an actor and the only part of one that travels. A ref that arrives on another node
 * works there as it is. `Ref<P>` may narrow to fewer messages; it never widens to more.
 */
export interface Ref<P> extends AnyRef {
  /** Exists for the type checker only. */
  readonly shape?: Strict<P>
  /**
   * Sends a message and forgets it. Never blocks, never throws for want of a receiver: what cannot be
   * delivered becomes a dead letter with a reason. In order for each pair of sender and receiver.
   *
   * @returns false when a full mailbox on this node has turned it down (`bounded` with `overflow: 'reject'`): it was not
   *   queued, and is no dead letter, because you know; `offer` waits for room. Else true
   * @throws {NotSerializableError} when the actor is on another node and the payload has no CBOR form
   */
  tell<K extends MessageName<P>>(name: K, ...payload: Payload<P, K>): boolean
  /**
   * Sends a message and waits for the answer, at most `timeoutMs` (default 5,000).
   *
   * @returns what the handler answered; rejects with {@link AskError}, whose `outcome` says whether asking
   *   again is safe
   */
  ask<K extends MessageName<P>>(
    name: K,
    ...payloadAndOptions: [...payload: Payload<P, K>, options?: AskOptions]
  ): Promise<Reply<P, K>>
  /**
   * Sends a message without an answer, and waits for room where `tell` would be turned down or cost another message
   * its place: the way to send as fast as the receiver can take it. Fast in bulk: `if (!ref.tell(...)) await
   * ref.offer(...)`. Its place in the order is that of the moment it is queued; offers are queued in the order they
   * were made, and no tell gets the room they wait for.
   *
   * To an actor on another node it waits for room on the way there (4,096 messages, 8 MiB), not for room in a bounded
   * mailbox there: one that is full then drops it or turns it down, which is a dead letter on that node.
   *
   * An actor whose handler awaits an offer to itself waits in vain: it must go on for room to come about.
   *
   * @returns once the message is queued, at once if there is room. Rejects with {@link OfferError}, and then it was
   *   certainly not queued
   */
  offer<K extends MessageName<P>>(
    name: K,
    ...payloadAndOptions: [...payload: Payload<P, K>, options?: OfferOptions]
  ): Promise<void>
}

/** Base of local and remote refs: what the runtime itself may do with one. */
export abstract class ActorRef<P> implements Ref<P> {
  declare readonly shape?: Strict<P>
  abstract readonly path: string
  abstract readonly address: string
  /** Identity of the node's present run. */
  abstract readonly nodeUid: string
  /** Identity of the actor within that run; 0 for a ref that names a path only. */
  abstract readonly uid: number

  abstract tell<K extends MessageName<P>>(name: K, ...payload: Payload<P, K>): boolean
  abstract ask<K extends MessageName<P>>(
    name: K,
    ...payloadAndOptions: [...payload: Payload<P, K>, options?: AskOptions]
  ): Promise<Reply<P, K>>
  abstract offer<K extends MessageName<P>>(
    name: K,
    ...payloadAndOptions: [...payload: Payload<P, K>, options?: OfferOptions]
  ): Promise<void>

  /** Sends a message with what stands behind it, instead of a plain tell. */
  abstract deliver(name: string, payload: unknown, origin: Origin | null): void
  abstract addWatcher(watcher: Watcher): void
  abstract removeWatcher(watcher: Watcher): void

  /** Address, node uid, path and uid: what travels. A local actor is reachable from abroad once this was called. */
  abstract toWire(): [address: string, nodeUid: string, path: string, uid: number]

  get id(): string {
    return `${this.nodeUid}/${this.uid === 0 ? this.path : this.uid}`
  }

  toString(): string {
    return `${this.address}${this.path}`
  }
}
