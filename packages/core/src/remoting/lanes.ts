import { MalformedFrameError } from '../errors.ts'
import { Ring } from '../mailbox/ring.ts'
import { Lane, MOST_LANES } from './lane.ts'
import { EVERYBODY, type To } from './wire.ts'

/** One lane for each actor of a peer to which anything goes, as long as there is something to remember of it. */
export class Lanes {
  readonly #byTo = new Map<To, Lane>()
  /** Those that were waiting and can go on. */
  readonly #ready = new Ring<Lane>()
  readonly #withOffers = new Set<Lane>()
  /** Messages come in bursts. */
  #last: Lane | null = null

  get hasReady(): boolean {
    return this.#ready.size > 0
  }

  get all(): Iterable<Lane> {
    return this.#byTo.values()
  }

  of(to: To): Lane {
    const last = this.#last
    if (last !== null && last.to === to) return last
    let lane = this.#byTo.get(to)
    if (lane === undefined) {
      lane = new Lane(to)
      this.#byTo.set(to, lane)
    }
    this.#last = lane
    return lane
  }

  /** Whether a lane is one too many: nothing of it is on its way, and something of too many others is. */
  hasNoRoomFor(lane: Lane): boolean {
    return this.#byTo.size > MOST_LANES && lane.isCounted && lane.sent === 0 && lane.queued === 0
  }

  known(to: To): Lane | null {
    return this.#byTo.get(to) ?? null
  }

  /** The next of those that can go on, which is off the list then. */
  nextReady(): Lane | null {
    const lane = this.#ready.shift()
    if (lane === undefined) return null
    lane.isReady = false
    return lane
  }

  /** Puts a lane on the list if it can go on, and forgets it if there is nothing to remember. */
  changed(lane: Lane): void {
    if (lane.canGoOn) {
      if (lane.isReady) return
      lane.isReady = true
      this.#ready.push(lane)
    } else if (lane.isIdle) {
      this.#byTo.delete(lane.to)
      this.#withOffers.delete(lane)
      if (this.#last === lane) this.#last = null
    }
  }

  /**
   * The peer gives credit.
   *
   * @throws {MalformedFrameError} for more than was used
   */
  credit(to: number, messages: number, payloadBytes: number): void {
    if (!Number.isInteger(messages) || !Number.isInteger(payloadBytes))
      throw new MalformedFrameError(`a credit of ${messages} messages and ${payloadBytes} bytes`)
    if (to === EVERYBODY) return this.#forgetEarlier()
    const lane = this.known(to)
    if (lane === null || !lane.credit(messages, payloadBytes))
      throw new MalformedFrameError(`credit for ${messages} messages to actor ${to}, where ${lane?.sent ?? 0} are out`)
    this.changed(lane)
  }

  disconnected(): void {
    for (const lane of this.#byTo.values()) lane.disconnected()
  }

  /** Who offers to an actor that does not keep up waits in its lane. */
  waiting(lane: Lane): void {
    this.#withOffers.add(lane)
  }

  /** There may be room for those who wait in lanes. */
  admit(): void {
    if (this.#withOffers.size === 0) return
    for (const lane of this.#withOffers) {
      if (!lane.holdsOffers) lane.offers.admit()
      if (lane.hasOffers) continue
      this.#withOffers.delete(lane)
      this.changed(lane)
    }
  }

  rejectOffers(reason: 'node-down' | 'unreachable'): void {
    for (const lane of this.#withOffers) {
      lane.offers.rejectAll(reason)
      this.changed(lane)
    }
    this.#withOffers.clear()
  }

  #forgetEarlier(): void {
    for (const lane of this.#byTo.values()) {
      lane.forgetEarlier()
      this.changed(lane)
    }
  }
}
