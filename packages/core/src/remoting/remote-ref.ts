import type { AskError, AskOptions } from '../actor/ask.ts'
import type { CellHost } from '../actor/cell-host.ts'
import type { DeadLetterReason } from '../actor/dead-letter.ts'
import { Asker, NestedAsk, turnOf } from '../actor/nested-ask.ts'
import { type OfferOptions, PendingOffer } from '../actor/offer.ts'
import type { AbandonReason, Origin } from '../actor/origin.ts'
import { type Asked, PendingAsk } from '../actor/pending-ask.ts'
import type { MessageName, Payload, Reply } from '../actor/protocol.ts'
import { ActorRef } from '../actor/ref.ts'
import { wrongWaitOptions } from '../actor/wait-options.ts'
import type { Watcher } from '../actor/watcher.ts'
import type { RefParts } from '../codec/cbor.ts'
import { toError } from '../errors.ts'
import type { Association } from './association.ts'
import type { To } from './wire.ts'

/** Finds the association with a node, or begins one. */
export interface Associations {
  readonly cells: CellHost
  /** @returns null when there is none */
  known(nodeUid: string): Association | null
  /** Begins one if there is none. @returns null when that node is down for good */
  associationFor(nodeUid: string, address: string): Association | null
}

/** A ref to an actor on another node: a tell is encoded at once and sent at the end of the turn. */
export class RemoteRef<P> extends ActorRef<P> {
  readonly address: string
  readonly nodeUid: string
  readonly path: string
  readonly uid: number
  readonly #nodes: Associations

  constructor(nodes: Associations, parts: RefParts) {
    super()
    this.#nodes = nodes
    this.address = parts.address
    this.nodeUid = parts.nodeUid
    this.path = parts.path
    this.uid = parts.uid
  }

  tell<K extends MessageName<P>>(name: K, ...payload: Payload<P, K>): boolean
  tell(name: string, payload?: unknown): boolean {
    this.#tell(name, payload)
    return true
  }

  ask<K extends MessageName<P>>(
    name: K,
    ...payloadAndOptions: [...payload: Payload<P, K>, options?: AskOptions]
  ): Promise<Reply<P, K>>
  ask(name: string, ...rest: readonly unknown[]): Promise<unknown> {
    const payload = rest[0]
    const options = rest[1] as AskOptions | undefined
    if (options !== undefined) {
      const wrong = wrongWaitOptions('ask', options)
      if (wrong !== null) return Promise.reject(wrong)
    }
    const { askTimeoutMs, dispatcher, timers } = this.#nodes.cells
    const { running, head } = dispatcher
    const timeoutMs = options?.timeoutMs ?? askTimeoutMs
    let pending: PendingAsk
    let answer: Promise<unknown>
    // The promise comes first: an ask without any time left is over as soon as its time begins.
    if (running instanceof Asker) {
      const nested = new NestedAsk(this, name, timeoutMs, running, turnOf(running, dispatcher))
      answer = nested.answer()
      nested.start(timers, head)
      pending = nested
    } else {
      pending = new PendingAsk(this, name, timeoutMs)
      answer = pending.answer()
      pending.startNow(timers)
    }
    this.#ask(payload, pending, options?.signal)
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
    const { askTimeoutMs, timers } = this.#nodes.cells
    const pending = new PendingOffer(this, name, options?.timeoutMs ?? askTimeoutMs)
    timers.add(pending, pending.timeoutMs)
    if (options?.signal !== undefined) pending.listen(options.signal)
    if (!pending.settled) this.#offer(payload, pending)
    return pending.queued
  }

  deliver(name: string, payload: unknown, origin: Origin | null): void {
    if (origin === null) return this.#tell(name, payload)
    const relayed = new RelayedAsk(this, name, origin)
    relayed.startNow(this.#nodes.cells.timers)
    this.#ask(payload, relayed, undefined)
  }

  nowMs(): number {
    return this.#nodes.cells.runtime.clock.now()
  }

  answeredLate(message: string, endedMs: number): void {
    this.#nodes.cells.answeredLate(this.toString(), message, endedMs)
  }

  toWire(): [address: string, nodeUid: string, path: string, uid: number] {
    return [this.address, this.nodeUid, this.path, this.uid]
  }

  addWatcher(watcher: Watcher): void {
    const association = this.#association()
    if (association !== null) association.watch(this.#to, watcher)
    else watcher.terminated('node-down')
  }

  removeWatcher(watcher: Watcher): void {
    this.#nodes.known(this.nodeUid)?.unwatch(watcher)
  }

  #tell(name: string, payload: unknown): void {
    this.#nodes.cells.hooks?.leaving(this, name, payload, 'tell')
    const association = this.#association()
    if (association !== null) association.tell(this.#to, this, name, payload)
    else this.#nodes.cells.undelivered('node-down', this.toString(), name, payload, null)
  }

  #offer(payload: unknown, pending: PendingOffer): void {
    const association = this.#association()
    if (association === null) return pending.reject('node-down')
    try {
      association.offer(this.#to, this, pending.message, payload, pending)
    } catch (thrown) {
      pending.reject('not-serializable', toError(thrown))
    }
  }

  #ask(payload: unknown, pending: PendingAsk, signal: AbortSignal | undefined): void {
    if (signal !== undefined) pending.listen(signal)
    if (pending.settled) return
    this.#nodes.cells.hooks?.leaving(this, pending.message, payload, 'ask')
    const association = this.#association()
    if (association === null) {
      pending.undelivered('node-down')
      return
    }
    try {
      association.ask(this.#to, this, pending.message, payload, pending)
    } catch (thrown) {
      const cause = toError(thrown)
      pending.reject('not-sent', 'not-serializable', cause.message, { cause })
    }
  }

  get #to(): To {
    return this.uid === 0 ? this.path : this.uid
  }

  #association(): Association | null {
    return this.#nodes.associationFor(this.nodeUid, this.address)
  }
}

/** An ask on behalf of another one, which was forwarded to this node: its end is that one's end. */
class RelayedAsk extends PendingAsk {
  readonly #origin: Origin

  constructor(target: Asked, message: string, origin: Origin) {
    super(target, message, origin.remainingMs() ?? 0)
    this.#origin = origin
  }

  protected override succeedWith(value: unknown): void {
    this.#origin.settle(value)
  }

  protected override failWith(makeError: () => AskError): void {
    const origin = this.#origin
    const error = makeError()
    if (error.outcome === 'failed')
      origin.fail(toError(error.cause), error.reason === 'refused' ? 'refused' : 'handler')
    // Whoever forwarded it has handled it: with the time over, nobody knows what came of it.
    else if (error.outcome === 'not-sent' && error.reason !== 'timeout')
      origin.undelivered(error.reason as DeadLetterReason)
    else origin.abandoned(error.reason as AbandonReason)
  }
}
