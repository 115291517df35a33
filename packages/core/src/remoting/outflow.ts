import type { CellHost } from '../actor/cell-host.ts'
import type { DeadLetterReason } from '../actor/dead-letter.ts'
import { OfferLine, type PendingOffer } from '../actor/offer.ts'
import type { Deadline } from '../runtime/timer-queue.ts'
import type { Answer, Question } from './answer-route.ts'
import { encodeBatch } from './encode-batch.ts'
import type { OpenLink } from './open-link.ts'
import { Outbox, type OutgoingMessage } from './outbox.ts'
import { MAX_BACKLOG, SystemLog, unnumbered } from './system-log.ts'
import { type Envelope, Kind, type SystemEnvelope } from './wire.ts'

/** System messages that have come are acknowledged so much later, in ms, unless something else is sent before. */
const ACKNOWLEDGE_MS = 50

/** Who hears what becomes of what is to be sent. */
export interface OutflowHost {
  readonly cells: Pick<CellHost, 'runtime' | 'timers'>
  undelivered(reason: DeadLetterReason, message: OutgoingMessage): void
  /** The peer is behind by so many system messages that it takes no part any more. */
  behind(messages: number): void
  /** Far too many bytes of answers wait for the peer. */
  swamped(): void
}

/** What goes to one run of a peer, in one order: what waits, what the present link takes, what has to go once more. */
export class Outflow {
  readonly log = new SystemLog()
  readonly #host: OutflowHost
  readonly #outbox = new Outbox()
  /** Who waits for room in the outbox. */
  readonly #offers = new OfferLine()
  #link: OpenLink | null = null
  /** Whether the other side knows of numbers. */
  #isNumbered = false
  #flushing = false
  #acknowledging: Deadline | null = null

  constructor(host: OutflowHost) {
    this.#host = host
  }

  /** Queues a message of a user, or says that there is no room for it. */
  push(message: OutgoingMessage): void {
    // What room there is, however small, is for those who wait for it.
    if (!this.#offers.empty || !this.#outbox.push(message)) this.#host.undelivered('outbound-full', message)
    else this.#flushOrLater()
  }

  /** Queues a message once there is room for it, behind those offered before. */
  offer(message: OutgoingMessage, offer: PendingOffer): void {
    this.#offers.add(offer, () => this.#outbox.push(message))
    this.#offers.admit()
    this.#flushOrLater()
  }

  answer(envelope: Answer, sizeBytes: number, question: Question): void {
    this.#outbox.pushAnswer(envelope, sizeBytes, question)
    if (this.#outbox.answersOverflow) this.#host.swamped()
    else this.#flushOrLater()
  }

  /** Queues what must arrive. */
  pushNumbered(envelope: SystemEnvelope): void {
    this.pushSystem(this.log.numbered(envelope), 0)
  }

  /** Queues what the runtime itself has to say. */
  pushSystem(envelope: Envelope, payloadBytes: number): void {
    this.#outbox.pushSystem(envelope, payloadBytes)
    const waiting = this.#outbox.systemMessages + this.log.again
    // A peer that takes nothing, not even what is never turned down, would fill the memory of this node.
    if (waiting > MAX_BACKLOG) this.#host.behind(waiting)
    else this.#flushOrLater()
  }

  /** A link is open, and takes what waits. */
  open(link: OpenLink, isNumbered: boolean): void {
    this.#link = link
    this.#isNumbered = isNumbered
    this.#scheduleFlush()
  }

  /** The link is lost. @returns what will not be answered any more */
  linkLost(): readonly Question[] {
    this.#link = null
    this.#acknowledging?.cancel()
    this.#acknowledging = null
    this.log.linkLost()
    return this.#outbox.dropAnswers()
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

  /** Says goodbye, behind all that waits. */
  leave(): void {
    this.#outbox.pushSystem([Kind.bye], 0)
    this.#link?.unblock()
    this.#flush()
  }

  /** There is no link, and none could be made: what cannot wait does not. */
  unreachable(): void {
    for (const message of this.#outbox.takeAsks()) this.#host.undelivered('unreachable', message)
    this.#offers.rejectAll('unreachable')
  }

  /** Nothing will be sent any more. */
  end(reason: 'node-down' | 'unreachable'): void {
    this.#offers.rejectAll(reason)
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
      else if (!this.#outbox.empty) this.#sendNext()
      else if (this.log.isUrgent) this.#send([])
      else return
    }
  }

  #sendNext(): void {
    const batch = this.#outbox.takeBatch()
    this.#offers.admit()
    if (batch.length > 0) this.#send(batch)
  }

  #send(batch: readonly Envelope[]): void {
    if (this.#link === null) return
    if (!this.#isNumbered) return this.#link.send(encodeBatch(unnumbered(batch), this.#link.names.sent))
    this.log.sent(batch)
    this.#link.send(encodeBatch(batch, this.#link.names.sent, this.log.say()))
  }
}
