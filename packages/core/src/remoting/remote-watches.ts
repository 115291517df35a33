import type { LocalTarget } from '../actor/cell-host.ts'
import type { TerminationReason, Watcher } from '../actor/watcher.ts'
import { MalformedFrameError } from '../errors.ts'
import { Kind, type SystemEnvelope, type To } from './wire.ts'

/** Watches that one peer may have here: each takes memory for as long as its actor lives. */
const MOST_WATCHES = 262_144

/** One watch of an actor there by an actor here. */
interface Outward {
  readonly to: To
  readonly watcher: Watcher
}

/** One watch of an actor here by an actor there. */
class Inward implements Watcher {
  readonly target: LocalTarget | null
  readonly #notify: (reason: TerminationReason) => void
  reason: TerminationReason | null = null

  constructor(target: LocalTarget | null, notify: (reason: TerminationReason) => void) {
    this.target = target
    this.#notify = notify
  }

  terminated(reason: TerminationReason): void {
    this.reason = reason
    this.#notify(reason)
  }
}

/** Takes what must arrive. */
export interface SystemRoute {
  sendSystem(envelope: SystemEnvelope): void
  /** Behind all that was sent to the actor `by` there. */
  sendNotice(envelope: SystemEnvelope, by: number): void
}

/**
 * The watches between this node and one peer, in both directions. What they say to each other arrives, once and in
 * order, so that each watch brings one notice however often the connection is lost.
 *
 * A peer that does not number its system messages may miss some of them with a connection. To such a one all watches are
 * named again after each new one; the watched side repeats what it has to say, and forgets a watch only once the
 * notice is confirmed.
 */
export class RemoteWatches {
  readonly #route: SystemRoute
  readonly #local: (to: To) => LocalTarget | null
  readonly #outward = new Map<number, Outward>()
  readonly #ids = new Map<Watcher, number>()
  readonly #inward = new Map<number, Inward>()
  #lastId = 0
  /** What is said may be lost. */
  #isLossy = false

  constructor(route: SystemRoute, local: (to: To) => LocalTarget | null) {
    this.#route = route
    this.#local = local
  }

  watch(to: To, watcher: Watcher): void {
    const id = ++this.#lastId
    this.#outward.set(id, { to, watcher })
    this.#ids.set(watcher, id)
    this.#route.sendSystem([Kind.watch, to, id, watcher.uid ?? 0])
  }

  unwatch(watcher: Watcher): void {
    const id = this.#ids.get(watcher)
    if (id === undefined) return
    this.#forget(id, watcher)
    this.#route.sendSystem([Kind.unwatch, id])
  }

  /** Whether anybody here waits for the end of somebody there. */
  get watching(): boolean {
    return this.#outward.size > 0
  }

  /**
   * A new connection.
   *
   * @param isLossy whether either side may have missed some of what the other has said
   */
  connected(isLossy: boolean): void {
    this.#isLossy = isLossy
    if (!isLossy) return
    // Also of watches the peer may have ended: its answer, unlike its next watch, lets go of them.
    for (const inward of this.#inward.values()) if (inward.reason !== null) inward.terminated(inward.reason)
    for (const [id, { to, watcher }] of this.#outward) this.#route.sendSystem([Kind.watch, to, id, watcher.uid ?? 0])
  }

  /** The peer says that one of the watched is gone. */
  terminated(id: number, reason: string): void {
    const outward = this.#outward.get(id)
    if (this.#isLossy) this.#route.sendSystem([Kind.unwatch, id])
    if (outward === undefined) return
    this.#forget(id, outward.watcher)
    outward.watcher.terminated(isTerminationReason(reason) ? reason : 'stopped')
  }

  /**
   * The peer watches an actor of this node, for its actor `by`, 0 where that is none.
   *
   * @throws {MalformedFrameError} for one too many
   */
  watchedBy(to: To, id: number, by: number): void {
    const known = this.#inward.get(id)
    if (known !== undefined) {
      if (known.reason !== null) known.terminated(known.reason)
      return
    }
    if (this.#inward.size >= MOST_WATCHES)
      throw new MalformedFrameError(`more than ${MOST_WATCHES.toLocaleString('en')} watches`)
    const target = this.#local(to)
    const inward = new Inward(target, (reason) => {
      if (!this.#isLossy) this.#inward.delete(id)
      this.#route.sendNotice([Kind.terminated, id, reason], by)
    })
    this.#inward.set(id, inward)
    if (target === null) inward.terminated('not-found')
    else target.addWatcher(inward)
  }

  unwatchedBy(id: number): void {
    const inward = this.#inward.get(id)
    if (inward === undefined) return
    this.#inward.delete(id)
    inward.target?.removeWatcher(inward)
  }

  /** The peer is gone for good. */
  end(reason: 'node-down' | 'node-restarted'): void {
    for (const inward of this.#inward.values()) inward.target?.removeWatcher(inward)
    const outward = [...this.#outward.values()]
    this.#inward.clear()
    this.#outward.clear()
    this.#ids.clear()
    for (const { watcher } of outward) watcher.terminated(reason)
  }

  #forget(id: number, watcher: Watcher): void {
    this.#outward.delete(id)
    this.#ids.delete(watcher)
  }
}

const REASONS: Readonly<Record<TerminationReason, true>> = {
  stopped: true,
  failed: true,
  killed: true,
  'not-found': true,
  'node-down': true,
  'node-restarted': true,
}

function isTerminationReason(text: string): text is TerminationReason {
  return Object.hasOwn(REASONS, text)
}
