import { type AskOptions, PendingAsk } from './ask.ts'
import type { LocalTarget } from './cell-host.ts'
import type { Origin } from './origin.ts'
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

  tell<K extends MessageName<P>>(name: K, ...payload: Payload<P, K>): void
  tell(name: string, payload?: unknown): void {
    this.#cell.enqueue(name, payload, null)
  }

  ask<K extends MessageName<P>>(
    name: K,
    ...payloadAndOptions: [...payload: Payload<P, K>, options?: AskOptions]
  ): Promise<Reply<P, K>>
  ask(name: string, ...rest: readonly unknown[]): Promise<unknown> {
    const [payload, options] = rest as [payload: unknown, options: AskOptions | undefined]
    return new Promise((resolve, reject) => {
      const { host } = this.#cell
      const pending = new PendingAsk(this.path, name, options?.timeoutMs ?? host.askTimeoutMs, resolve, reject)
      pending.start(host.timers, options?.signal)
      if (!pending.settled) this.#cell.enqueue(name, payload, pending)
    })
  }

  deliver(name: string, payload: unknown, origin: Origin | null): void {
    this.#cell.enqueue(name, payload, origin)
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
