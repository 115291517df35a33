import type { AskOptions } from './ask.ts'
import type { LocalTarget } from './cell-host.ts'
import { Asker, NestedAsk, turnOf } from './nested-ask.ts'
import { type OfferOptions, PendingOffer, QUEUED } from './offer.ts'
import { headOf, type Origin } from './origin.ts'
import { PendingAsk } from './pending-ask.ts'
import type { MessageName, Payload, Reply } from './protocol.ts'
import { ActorRef } from './ref.ts'
import { wrongWaitOptions } from './wait-options.ts'
import type { Watcher } from './watcher.ts'

const SELF_ASK =
  'an actor that waits for itself waits for ever; call a function of its own instead, or tell itself and go on'

/** A ref to an actor on this node: a tell is a push into its mailbox. No `#methods`, as in cells: there are as many. */
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
    // Not destructured: taken by their places, they never become an array.
    const payload = rest[0]
    const options = rest[1] as AskOptions | undefined
    const { host } = this.#cell
    const { running } = host.dispatcher
    if (running instanceof Asker) return this.askBy(running, name, payload, options)
    if (options !== undefined) return this.askWith(options, name, payload)
    const pending = new PendingAsk(this, name, host.askTimeoutMs)
    const answer = pending.answer()
    // The clock need not be looked at for each ask: the dispatcher does so before any slice is over.
    if (host.timers.addUncounted(pending, host.askTimeoutMs)) host.dispatcher.lookSoon()
    this.#cell.enqueue(pending, payload)
    return answer
  }

  protected askWith(options: AskOptions, name: string, payload: unknown): Promise<unknown> {
    const wrong = wrongWaitOptions('ask', options)
    if (wrong !== null) return Promise.reject(wrong)
    const { host } = this.#cell
    const pending = new PendingAsk(this, name, options.timeoutMs ?? host.askTimeoutMs)
    const answer = pending.answer()
    if (host.timers.addUncounted(pending, pending.timeoutMs)) host.dispatcher.lookSoon()
    if (options.signal !== undefined) pending.listen(options.signal)
    if (!pending.settled) this.#cell.enqueue(pending, payload)
    return answer
  }

  offer<K extends MessageName<P>>(
    name: K,
    ...payloadAndOptions: [...payload: Payload<P, K>, options?: OfferOptions]
  ): Promise<void>
  offer(name: string, ...rest: readonly unknown[]): Promise<void> {
    const [payload, options] = rest as [payload: unknown, options: OfferOptions | undefined]
    const wrong = options === undefined ? null : wrongWaitOptions('offer', options)
    if (wrong !== null) return Promise.reject(wrong)
    const obstacle = options?.signal?.aborted === true ? 'aborted' : this.#cell.offer(name, payload)
    if (obstacle === null) return QUEUED
    const { host } = this.#cell
    const pending = new PendingOffer(this, name, options?.timeoutMs ?? host.askTimeoutMs)
    if (obstacle !== 'full') {
      pending.reject(obstacle, options?.signal?.reason)
      return pending.queued
    }
    host.timers.add(pending, pending.timeoutMs)
    if (options?.signal !== undefined) pending.listen(options.signal)
    this.#cell.waitForRoom(pending, payload)
    return pending.queued
  }

  /** An ask of which it is known who makes it, and for which message. */
  protected askBy(asker: Asker, name: string, payload: unknown, options: AskOptions | undefined): Promise<unknown> {
    if (options !== undefined) {
      const wrong = wrongWaitOptions('ask', options)
      if (wrong !== null) return Promise.reject(wrong)
    }
    const target = this.#cell
    const { dispatcher, timers, askTimeoutMs, waits } = target.host
    const pending = new NestedAsk(this, name, options?.timeoutMs ?? askTimeoutMs, asker, turnOf(asker, dispatcher))
    const answer = pending.answer()
    if (target instanceof Asker) {
      if (target === asker) pending.giveUp('self-ask', SELF_ASK)
      pending.at = target
    }
    if (pending.settled) return answer
    if (pending.startLocally(timers, dispatcher.head)) dispatcher.lookSoon()
    if (options?.signal !== undefined) pending.listen(options.signal)
    if (pending.settled) return answer
    target.enqueue(pending, payload)
    if (waits !== null && pending.at !== null && pending.at.newestAsk !== null) waits.asked(pending)
    return answer
  }

  deliver(name: string, payload: unknown, origin: Origin | null): void {
    const target = this.#cell
    const behind = origin?.inner ?? origin
    const asked = behind instanceof NestedAsk ? behind : null
    if (asked !== null) {
      asked.at = target instanceof Asker ? target : null
      asked.begun = false
    }
    // Whoever hands a message on does not know what to do with one that is turned down.
    if (!target.enqueue(headOf(name, origin), payload))
      target.host.undelivered('mailbox-full', this.path, name, payload, origin)
    if (asked !== null && asked.at?.newestAsk != null) target.host.waits?.asked(asked)
  }

  nowMs(): number {
    return this.#cell.host.timers.nowMs()
  }

  answeredLate(message: string, endedMs: number): void {
    this.#cell.host.answeredLate(this.path, message, endedMs)
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
