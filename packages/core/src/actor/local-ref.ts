import { type AskOptions, PendingAsk, wrongAskOptions } from './ask.ts'
import type { LocalTarget } from './cell-host.ts'
import { type OfferOptions, PendingOffer, QUEUED, wrongOfferOptions } from './offer.ts'
import { headOf, type Origin } from './origin.ts'
import type { MessageName, Payload, Reply } from './protocol.ts'
import { ActorRef } from './ref.ts'
import type { Watcher } from './watcher.ts'

/** A ref to an actor on this node: a tell is a push into its mailbox. */
export class LocalRef<P> extends ActorRef<P> {
  readonly #cell: LocalTarget

  constructor(cell: LocalTarget) {
    super()
    this.#cell = cell
  }

  get path(): string {
    return this.#cell.path
  }

  get address(): string {
    return this.#cell.host.address
  }

  get nodeUid(): string {
    return this.#cell.host.uid
  }

  get uid(): number {
    return this.#cell.uid
  }

  /** What is behind it: an actor's cell, or what is left where one was. */
  get target(): LocalTarget {
    return this.#cell
  }

  tell<K extends MessageName<P>>(name: K, ...payload: Payload<P, K>): boolean
  tell(name: string, payload?: unknown): boolean {
    return this.#cell.enqueue(name, payload)
  }

  ask<K extends MessageName<P>>(
    name: K,
    ...payloadAndOptions: [...payload: Payload<P, K>, options?: AskOptions]
  ): Promise<Reply<P, K>>
  ask(name: string, ...rest: readonly unknown[]): Promise<unknown> {
    const [payload, options] = rest as [payload: unknown, options: AskOptions | undefined]
    if (options !== undefined) {
      const wrong = wrongAskOptions(options)
      if (wrong !== null) return Promise.reject(wrong)
    }
    const { host } = this.#cell
    const pending = new PendingAsk(this, name, options?.timeoutMs ?? host.askTimeoutMs)
    const answer = pending.answer()
    // The clock need not be looked at for each ask: the dispatcher does so before any slice is over.
    if (host.timers.addUncounted(pending, pending.timeoutMs)) host.dispatcher.lookSoon()
    if (options?.signal !== undefined) pending.listen(options.signal)
    if (!pending.settled) this.#cell.enqueue(pending, payload)
    return answer
  }

  offer<K extends MessageName<P>>(
    name: K,
    ...payloadAndOptions: [...payload: Payload<P, K>, options?: OfferOptions]
  ): Promise<void>
  offer(name: string, ...rest: readonly unknown[]): Promise<void> {
    const [payload, options] = rest as [payload: unknown, options: OfferOptions | undefined]
    const wrong = options === undefined ? null : wrongOfferOptions(options)
    if (wrong !== null) return Promise.reject(wrong)
    const obstacle = options?.signal?.aborted === true ? 'aborted' : this.#cell.offer(name, payload)
    if (obstacle === null) return QUEUED
    const { host } = this.#cell
    const pending = new PendingOffer(this, name, options?.timeoutMs ?? host.askTimeoutMs)
    if (obstacle !== 'full') {
      pending.reject(obstacle, options?.signal?.reason)
      return pending.queued
    }
    if (host.timers.addUncounted(pending, pending.timeoutMs)) host.dispatcher.lookSoon()
    if (options?.signal !== undefined) pending.listen(options.signal)
    this.#cell.waitForRoom(pending, payload)
    return pending.queued
  }

  deliver(name: string, payload: unknown, origin: Origin | null): void {
    // Whoever hands a message on does not know what to do with one that is turned down.
    if (!this.#cell.enqueue(headOf(name, origin), payload))
      this.#cell.host.undelivered('mailbox-full', this.path, name, payload, origin)
  }

  toWire(): [address: string, nodeUid: string, path: string, uid: number] {
    this.#cell.host.exported(this.#cell)
    return [this.address, this.nodeUid, this.path, this.uid]
  }

  addWatcher(watcher: Watcher): void {
    this.#cell.addWatcher(watcher)
  }

  removeWatcher(watcher: Watcher): void {
    this.#cell.removeWatcher(watcher)
  }
}
