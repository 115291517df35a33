import { OfferLine } from '../actor/offer.ts'
import { Ring } from '../mailbox/ring.ts'
import type { To } from './wire.ts'

/**
 * What one node may have sent to one actor of another that the actor has not handled, in messages and in bytes of
 * payload. The last message may go over the bytes: a large one fits into whatever is left.
 */
export const WINDOW_MESSAGES = 4_096
export const WINDOW_BYTES: number = 4 * 1024 * 1024

/**
 * Actors of one node that another one may have sent something that they have not handled: what is remembered of each takes
 * memory on both sides.
 */
export const MOST_LANES = 65_536

/** Of the room for what waits for one peer, an actor that does not keep up has half. */
const MOST_PARKED = 2_048
const MOST_PARKED_BYTES = 4 * 1024 * 1024

/** A message, or a notice that must not overtake those before it. */
export interface Parked {
  readonly payloadBytes: number
  readonly isNotice: boolean
}

/** What goes to one actor of a peer: it keeps its order, and waits when the actor does not keep up. */
export class Lane {
  readonly to: To
  /** Sent, and not said to be handled. */
  sent = 0
  sentBytes = 0
  /** That part of it which went over earlier connections and of which the peer has not said that it is there. */
  #earlier = 0
  #earlierBytes = 0
  /** In the outbox, wherever. */
  queued = 0
  queuedBytes = 0
  /** A large message is on its way in pieces, or about to be: what comes behind it waits. */
  isBusy = false
  /** In the list of those that can go on. */
  isReady = false
  /** In their order, and with notices that must not overtake them. Most lanes never have any. */
  #parked: Ring<Parked> | null = null
  #parkedMessages = 0
  #parkedBytes = 0
  #offers: OfferLine | null = null

  constructor(to: To) {
    this.to = to
  }

  /** What is reached by its path is part of the runtime, and counts nothing. */
  get isCounted(): boolean {
    return typeof this.to === 'number'
  }

  get hasCredit(): boolean {
    return this.sent < WINDOW_MESSAGES && this.sentBytes < WINDOW_BYTES
  }

  /** Whether something of it has to go before anything else does. */
  get isHeld(): boolean {
    return this.isBusy || (this.#parked !== null && this.#parked.size > 0)
  }

  /** Whether a message may be sent at once, before which nothing waits. */
  get isFree(): boolean {
    return this.hasCredit && !this.isHeld && !this.hasOffers
  }

  /** Whether what is parked may be sent: a notice needs no credit. */
  get canGoOn(): boolean {
    if (this.isBusy || this.#parked === null) return false
    const first = this.#parked.peek()
    return first !== undefined && (first.isNotice || this.hasCredit)
  }

  /** No more of it may wait. */
  get isFull(): boolean {
    return this.#parkedMessages >= MOST_PARKED || this.#parkedBytes >= MOST_PARKED_BYTES
  }

  /** Nothing is known of it that has to be remembered. */
  get isIdle(): boolean {
    return this.queued === 0 && this.sent === 0 && !this.isHeld && !this.hasOffers
  }

  /** Messages and notices that wait. */
  get parked(): number {
    return this.#parked === null ? 0 : this.#parked.size
  }

  /** Who waits until the actor there keeps up. */
  get offers(): OfferLine {
    this.#offers ??= new OfferLine()
    return this.#offers
  }

  get hasOffers(): boolean {
    return this.#offers !== null && !this.#offers.empty
  }

  /** Whether an offer has to wait: there would be no credit for it once what is before it is sent. */
  get holdsOffers(): boolean {
    return this.sent + this.queued >= WINDOW_MESSAGES || this.sentBytes + this.queuedBytes >= WINDOW_BYTES
  }

  park(item: Parked): void {
    this.#parked ??= new Ring()
    this.#parked.push(item)
    this.#count(item, 1)
  }

  /** Takes the first of those that wait. */
  next(): Parked | undefined {
    const item = this.#parked?.shift()
    if (item !== undefined) this.#count(item, -1)
    return item
  }

  /** Takes out those that are wanted; the rest keeps its order. */
  take(isWanted: (item: Parked) => boolean): Parked[] {
    const taken: Parked[] = []
    for (let left = this.parked; left > 0; left--) {
      const item = this.next()!
      if (isWanted(item)) taken.push(item)
      else this.park(item)
    }
    return taken
  }

  countSent(payloadBytes: number): void {
    this.sent++
    this.sentBytes += payloadBytes
  }

  /** It was not sent after all. */
  takeBack(payloadBytes: number): void {
    this.sent--
    this.sentBytes -= payloadBytes
  }

  /**
   * So much is handled; negative: so much of what went over earlier connections is there and not handled.
   *
   * @returns false when it has not sent as much
   */
  credit(messages: number, payloadBytes: number): boolean {
    if (messages < 0 || payloadBytes < 0) {
      if (messages > 0 || payloadBytes > 0) return false
      if (-messages > this.#earlier || -payloadBytes > this.#earlierBytes) return false
      this.#earlier += messages
      this.#earlierBytes += payloadBytes
      return true
    }
    if (messages > this.sent || payloadBytes > this.sentBytes) return false
    this.sent -= messages
    this.sentBytes -= payloadBytes
    return true
  }

  /** The connection is lost, and with it nobody knows what of that which was sent. */
  disconnected(): void {
    this.#earlier = this.sent
    this.#earlierBytes = this.sentBytes
  }

  /** Whatever else was sent over earlier connections is handled or lost. */
  forgetEarlier(): void {
    this.sent -= this.#earlier
    this.sentBytes -= this.#earlierBytes
    this.#earlier = 0
    this.#earlierBytes = 0
  }

  #count({ isNotice, payloadBytes }: Parked, sign: 1 | -1): void {
    if (isNotice) return
    this.#parkedMessages += sign
    this.#parkedBytes += sign * payloadBytes
  }
}
