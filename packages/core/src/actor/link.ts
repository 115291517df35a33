import { LinkedActorError } from '../errors.ts'
import type { LocalTarget } from './cell-host.ts'
import { LocalRef } from './local-ref.ts'
import type { ActorRef } from './ref.ts'
import type { TerminationReason, Watcher } from './watcher.ts'

/** The actor that makes a link. */
interface LinkOwner {
  readonly path: string
  fail(error: Error): void
  addWatcher(watcher: Watcher): void
  removeWatcher(watcher: Watcher): void
}

/**
 * Two actors that fail together. One on another node is only watched: it does not fail with this one, because
 * nobody there has agreed to.
 */
export class Link implements Watcher {
  readonly #owner: LinkOwner
  readonly #target: ActorRef<never>
  readonly #onEnd: () => void
  /** Sees to the other direction; null for an actor of another node. */
  readonly #back: Watcher | null
  #begun = false
  #over = false
  /** How the other one ended, if it did so before the link began. */
  #gone: TerminationReason | null = null

  /** @param onEnd the linked actor has ended */
  constructor(owner: LinkOwner, target: ActorRef<never>, onEnd: () => void) {
    this.#owner = owner
    this.#target = target
    this.#onEnd = onEnd
    this.#back = target instanceof LocalRef ? backwards(owner.path, target.target) : null
  }

  /** @throws {LinkedActorError} when the other one is known to have ended before */
  begin(): void {
    this.#target.addWatcher(this)
    this.#begun = true
    if (this.#gone !== null) throw this.#error(this.#gone)
    if (this.#back !== null) this.#owner.addWatcher(this.#back)
  }

  terminated(reason: TerminationReason): void {
    if (this.#over) return
    this.#over = true
    this.#onEnd()
    if (this.#back !== null) this.#owner.removeWatcher(this.#back)
    if (!this.#begun) this.#gone = reason
    else if (reason !== 'stopped') this.#owner.fail(this.#error(reason))
  }

  /** @param actorEnds the whole actor ends, not just an incarnation: then the other one is yet to hear how */
  end(actorEnds: boolean): void {
    if (this.#over) return
    this.#over = true
    this.#target.removeWatcher(this)
    if (this.#back !== null && !actorEnds) this.#owner.removeWatcher(this.#back)
  }

  #error(reason: TerminationReason): LinkedActorError {
    return new LinkedActorError(this.#owner.path, this.#target.toString(), reason)
  }
}

function backwards(path: string, target: LocalTarget): Watcher {
  return {
    terminated: (reason) => {
      if (reason !== 'stopped') target.fail(new LinkedActorError(target.path, path, reason))
    },
  }
}
