import type { CellHost } from '../actor/cell-host.ts'
import type { DeadLetterReason } from '../actor/dead-letter.ts'
import { OfferLine, type PendingOffer } from '../actor/offer.ts'
import type { Asked } from '../actor/pending-ask.ts'
import type { Deadline } from '../runtime/timer-queue.ts'
import type { Answer, Question } from './answer-route.ts'
import type { CreditLedger } from './credit-ledger.ts'
import { encodeBatch, writeBatch } from './encode-batch.ts'
import type { OpenBatch, OpenBatches } from './open-batch.ts'
import type { OpenLink } from './open-link.ts'
import { BATCH_BYTES, type Lost, Outbox } from './outbox.ts'
import type { OutgoingMessage } from './outgoing.ts'
import { MAX_BACKLOG, SystemLog, unnumbered } from './system-log.ts'
import type { Traffic } from './traffic.ts'
import { type Envelope, Kind, type SystemEnvelope } from './wire.ts'

/** System messages that have come are acknowledged so much later, in ms, unless something else is sent before. */
const ACKNOWLEDGE_MS = 50

/** Who hears what becomes of what is to be sent. */
export interface OutflowHost {
  readonly cells: Pick<CellHost, 'runtime' | 'timers'>
  readonly traffic: Traffic
  readonly openBatches: OpenBatches
  /** What the peer has sent to actors here. */
  readonly ledger: CreditLedger
  undelivered(reason: DeadLetterReason, message: OutgoingMessage): void
  /** The peer is behind by so many system messages that it takes no part any more. */
  behind(messages: number): void
  /** Far too many bytes of answers wait for the peer. */
  swamped(): void
}

/** What goes to one run of a peer, in one order: what waits, what the present link takes, what has to go once more. */
export class Outflow {
  readonly log: SystemLog = new SystemLog()
  readonly #host: OutflowHost
  readonly #outbox: Outbox
  /** Who waits for room in the outbox; who waits until an actor keeps up does so in its lane. */
  readonly #offers = new OfferLine()
  #link: OpenLink | null = null
  /** What was told since the last frame and goes before all that waits. */
  #open: OpenBatch | null = null
  /** Whether the other side knows of numbers. */
  #isNumbered = false
  #flushing = false
  /** A goodbye goes with the last of what waits: who hears of an end in it asks nobody there any more. */
  #isLeaving = false
  #acknowledging: Deadline | null = null

  constructor(host: OutflowHost) {
    this.#host = host
    this.#outbox = new Outbox(host.traffic)
  }

  /** User messages that wait, and the bytes of their payloads. */
  get queued(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.#outbox.messages, bytes: this.#outbox.messageBytes }
  }

  /**
   * Writes a message of a user into the next frame, where nothing has to be waited for.
   *
   * @param mostBytes of its payload
   * @returns false where it has to be queued
   */
  tell(to: number, target: Asked, name: string, payload: unknown, mostBytes: number): boolean {
    const link = this.#link
    if (link === null || link.isFull || this.log.again !== 0 || !this.#offers.empty || to >>> 0 !== to) return false
    const lane = this.#outbox.straightLane(to)
    const number = lane === null ? -1 : link.names.sent.numberOf(name)
    if (lane === null || number < 0) return false
    const open = this.#open
    const batch = open ?? this.#host.openBatches.take(link.connection)
    if (batch === null) return false
    const sizeBytes = batch.tell(to, target, number, payload, mostBytes)
    if (sizeBytes < 0) {
      if (open === null) this.#host.openBatches.giveBack(batch)
      return false
    }
    this.#open = batch
    this.#outbox.wentStraight(lane, sizeBytes)
    if (batch.frame.sizeBytes >= BATCH_BYTES) this.#flush()
    else this.#scheduleFlush()
    return true
  }

  /** Queues a message of a user, or says that there is no room for it. */
  push(message: OutgoingMessage): void {
    // What room there is, however small, is for those who wait for it.
    if (!this.#offers.empty || !this.#outbox.push(message)) this.#host.undelivered('outbound-full', message)
    else this.#flushOrLater()
  }

  /** Queues a message once there is room for it, behind those offered before. */
  offer(message: OutgoingMessage, offer: PendingOffer): void {
    const { lanes } = this.#outbox
    const lane = lanes.of(message.to)
    if (lane.holdsOffers || lane.hasOffers) {
      lane.offers.add(offer, () => !lane.holdsOffers && this.#outbox.push(message, true))
      lanes.waiting(lane)
    } else this.#offers.add(offer, () => this.#outbox.push(message, true))
    this.#admit()
    this.#flushOrLater()
  }

  answer(envelope: Answer, sizeBytes: number, question: Question): void {
    this.#outbox.pushAnswer(envelope, sizeBytes, question)
    if (this.#outbox.answersOverflow) this.#host.swamped()
    else this.#flushOrLater()
  }

  /** Queues what the runtime itself has to say, ahead of all users'. */
  pushSystem(envelope: Envelope, payloadBytes: number): void {
    this.#outbox.pushSystem(envelope, payloadBytes)
    this.#pushed()
  }

  /** @param by who is told of an end there: what was sent to it before comes first */
  pushNotice(envelope: SystemEnvelope, by: number): void {
    this.#outbox.pushNotice(envelope, by)
    this.#pushed()
  }

  /** The peer says what of that which it was sent it has handled. @throws {MalformedFrameError} for more than that */
  credit(to: number, messages: number, payloadBytes: number): void {
    this.#outbox.lanes.credit(to, messages, payloadBytes)
    this.#admit()
    this.#scheduleFlush()
  }

  /** There is credit to give. */
  creditDue(): void {
    this.#scheduleFlush()
  }

  #pushed(): void {
    const waiting = this.#outbox.systemMessages + this.log.again
    // A peer that takes nothing, not even what is never turned down, would fill the memory of this node.
    if (waiting > MAX_BACKLOG) this.#host.behind(waiting)
    else this.#flushOrLater()
  }

  /**
   * A link is open, and takes what waits.
   *
   * @param isNumbered whether the peer knows of numbers
   * @param hasFlow whether it takes pieces and offers, and gives credit
   */
  open(link: OpenLink, isNumbered: boolean, hasFlow: boolean): void {
    this.#link = link
    this.#isNumbered = isNumbered
    this.#outbox.connected(hasFlow)
    this.#host.ledger.connected(hasFlow)
    this.#scheduleFlush()
  }

  /** The link is lost. @returns what was under way on it */
  linkLost(): Lost {
    this.#takeBack()
    this.#link = null
    this.#acknowledging?.cancel()
    this.#acknowledging = null
    this.log.linkLost()
    this.#host.ledger.disconnected()
    return this.#outbox.disconnected()
  }

  /** The link takes more again. */
  drained(): void {
    this.#flush()
  }

  /** Another heartbeat has gone by. */
  beat(): void {
    if (this.log.beat()) this.#host.behind(this.log.kept)
  }

  /** A system message has come: says so at some time, with whatever is sent next, or alone. */
  acknowledge(): void {
    if (this.log.isUrgent) this.#scheduleFlush()
    this.#acknowledging ??= this.#host.cells.timers.after(ACKNOWLEDGE_MS, () => {
      this.#acknowledging = null
      if (!this.log.isDue || this.#link === null) return
      if (this.#link.isFull) this.acknowledge()
      else this.#send([])
    })
  }

  /** Says goodbye, behind all that can be sent. */
  leave(): void {
    this.#isLeaving = true
    this.#link?.unblock()
    this.#flush()
    if (!this.#isLeaving) return
    this.#link?.unblock()
    this.#send([[Kind.bye]])
  }

  /** There is no link, and none could be made: what cannot wait does not. */
  unreachable(): void {
    for (const message of this.#outbox.takeAsks()) this.#host.undelivered('unreachable', message)
    this.#offers.rejectAll('unreachable')
    this.#outbox.lanes.rejectOffers('unreachable')
  }

  /** Nothing will be sent any more. */
  end(reason: 'node-down' | 'unreachable'): void {
    this.#host.ledger.close()
    this.#offers.rejectAll(reason)
    this.#outbox.lanes.rejectOffers(reason)
    for (const message of this.#outbox.takeAll()) this.#host.undelivered(reason, message)
  }

  #flushOrLater(): void {
    if (this.#outbox.hasBatch && this.#link?.isFull === false) this.#flush()
    else this.#scheduleFlush()
  }

  /** All that is told to a peer in one turn of the event loop goes out in one frame. */
  #scheduleFlush(): void {
    if (this.#flushing || this.#link === null || this.#link.isFull) return
    this.#flushing = true
    this.#host.cells.runtime.scheduler.defer(() => {
      this.#flushing = false
      this.#flush()
    })
  }

  #flush(): void {
    while (this.#link?.isFull === false) {
      // What was on a link that is lost was sent before all that waits.
      if (this.log.again > 0) this.#send(this.log.takeAgain())
      else if (this.#open !== null || !this.#outbox.isIdle || this.#host.ledger.hasDue) this.#sendNext()
      else if (this.log.isUrgent) this.#send([])
      else return
    }
  }

  #sendNext(): void {
    const batch = this.#host.ledger.take()
    this.#outbox.takeBatch(batch, this.#open === null ? 0 : this.#open.frame.sizeBytes)
    this.#admit()
    if (this.#isLeaving && this.#outbox.isIdle) {
      batch.push([Kind.bye])
      this.#isLeaving = false
    }
    if (batch.length > 0 || this.#open !== null) this.#send(batch)
  }

  /** There may be room for those who wait for it: first of all for those who wait for nothing else. */
  #admit(): void {
    this.#offers.admit()
    this.#outbox.lanes.admit()
  }

  #send(batch: Envelope[]): void {
    const link = this.#link
    if (link === null) return
    if (this.#isNumbered) this.log.send(batch)
    const envelopes = this.#isNumbered ? batch : unnumbered(batch)
    const acknowledged = this.#isNumbered ? this.log.say() : 0
    const open = this.#open
    if (open !== null) {
      this.#open = null
      const isWhole = writeBatch(open.frame, envelopes, link.names.sent)
      const frame = open.close(acknowledged)
      this.#host.openBatches.giveBack(open)
      link.send(frame)
      if (isWhole || this.#link !== link) return
    }
    link.send(encodeBatch(envelopes, link.names.sent, acknowledged))
  }

  /** What was told and is not sent waits with the rest. */
  #takeBack(): void {
    const open = this.#open
    if (open === null || this.#link === null) return
    this.#open = null
    this.#outbox.putBack(open.takeBack(this.#link.names.sent))
    this.#host.openBatches.giveBack(open)
  }
}
