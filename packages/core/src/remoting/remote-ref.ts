import { AskError, type AskOptions, PendingAsk } from '../actor/ask.ts'
import type { CellHost } from '../actor/cell-host.ts'
import type { DeadLetterReason } from '../actor/dead-letter.ts'
import type { AbandonReason, Origin } from '../actor/origin.ts'
import type { MessageName, Payload, Reply } from '../actor/protocol.ts'
import { ActorRef } from '../actor/ref.ts'
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

  tell<K extends MessageName<P>>(name: K, ...payload: Payload<P, K>): void
  tell(name: string, payload?: unknown): void {
    const association = this.#association()
    if (association !== null) association.tell(this.#to, this.toString(), name, payload)
    else this.#nodes.cells.undelivered('node-down', this.toString(), name, payload, null)
  }

  ask<K extends MessageName<P>>(
    name: K,
    ...payloadAndOptions: [...payload: Payload<P, K>, options?: AskOptions]
  ): Promise<Reply<P, K>>
  ask(name: string, ...rest: readonly unknown[]): Promise<unknown> {
    const [payload, options] = rest as [payload: unknown, options: AskOptions | undefined]
    return new Promise((resolve, reject) => {
      this.#ask(name, payload, options?.timeoutMs ?? this.#nodes.cells.askTimeoutMs, options?.signal, resolve, reject)
    })
  }

  deliver(name: string, payload: unknown, origin: Origin | null): void {
    if (origin === null) {
      const association = this.#association()
      if (association !== null) association.tell(this.#to, this.toString(), name, payload)
      else this.#nodes.cells.undelivered('node-down', this.toString(), name, payload, null)
      return
    }
    const settle = (value: unknown): void => origin.settle(value)
    this.#ask(name, payload, origin.remainingMs() ?? 0, undefined, settle, (error) => relay(error, origin))
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

  #ask(
    name: string,
    payload: unknown,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    resolve: (value: unknown) => void,
    reject: (error: Error) => void,
  ): void {
    const pending = new PendingAsk(this.toString(), name, timeoutMs, resolve, reject)
    pending.start(this.#nodes.cells.timers, signal)
    if (pending.settled) return
    const association = this.#association()
    if (association === null) {
      pending.undelivered('node-down')
      return
    }
    try {
      association.ask(this.#to, this.toString(), name, payload, pending)
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

/** Hands the failure of a forwarded ask to whoever asked first. */
function relay(error: Error, origin: Origin): void {
  if (!(error instanceof AskError)) origin.abandoned('stopped')
  else if (error.outcome === 'failed')
    origin.fail(toError(error.cause), error.reason === 'refused' ? 'refused' : 'handler')
  else if (error.outcome === 'not-sent') origin.undelivered(error.reason as DeadLetterReason)
  else origin.abandoned(error.reason as AbandonReason)
}
