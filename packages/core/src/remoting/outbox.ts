import { Ring } from '../mailbox/ring.ts'
import type { Question } from './answer-route.ts'
import { Chunking, type Large, MOST_WHOLE_BYTES } from './chunking.ts'
import type { Lane } from './lane.ts'
import { Lanes } from './lanes.ts'
import { Notice, OutgoingAnswer, OutgoingMessage, SystemMessage } from './outgoing.ts'
import type { Traffic } from './traffic.ts'
import { ENVELOPE_BYTES, type Envelope, Kind, type SystemEnvelope } from './wire.ts'

/** User messages that may wait for one peer, and their bytes. */
const MAX_MESSAGES = 4096
const MAX_BYTES = 8 * 1024 * 1024
/** Bytes of answers that may wait. Far above what any healthy pair has under way. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024
/** A batch is cut when it has grown to this, in bytes; a turn that sends more does not wait for its end. */
export const BATCH_BYTES: number = 64 * 1024

/** With so many waiting, most that come are turned down, and one that is not may lie among their bytes. */
const CROWDED = 3_072
const CROWDED_LANE = 1_024

type Item = OutgoingMessage | OutgoingAnswer | Notice

/** What was under way when a connection was lost: it has not arrived as a whole, and never will. */
export interface Lost {
  readonly messages: readonly OutgoingMessage[]
  readonly questions: readonly Question[]
}

/**
 * What waits to be sent to one peer. The system's own goes first, whatever else there is; user messages, answers and
 * notices go in order, but for those to an actor that does not keep up, or that a large message is on its way to: these wait
 * in a lane of their own and hold up nobody else. User messages are counted and turned down, the rest is not.
 */
export class Outbox {
  readonly lanes: Lanes = new Lanes()
  readonly #system = new Ring<SystemMessage>()
  readonly #items = new Ring<Item>()
  readonly #chunking = new Chunking()
  /** Whether the peer takes pieces and offers, and gives credit. */
  #hasFlow = false
  /** Of what is not parked. */
  #sizeBytes = 0
  #messages = 0
  #messageBytes = 0
  #answers = 0
  #answerBytes = 0
  #notices = 0
  readonly #traffic: Traffic

  constructor(traffic: Traffic) {
    this.#traffic = traffic
  }

  /** Nothing could be sent now. */
  get isIdle(): boolean {
    return this.#items.size === 0 && this.#system.size === 0 && !this.lanes.hasReady && this.#chunking.isIdle
  }

  /** Whether a whole batch is waiting. */
  get hasBatch(): boolean {
    return this.#sizeBytes >= BATCH_BYTES
  }

  /** How many of the system's own messages are waiting. */
  get systemMessages(): number {
    return this.#system.size + this.#notices
  }

  get answersOverflow(): boolean {
    return this.#answerBytes > MAX_ANSWER_BYTES
  }

  /** User messages that wait. */
  get messages(): number {
    return this.#messages
  }

  get messageBytes(): number {
    return this.#messageBytes
  }

  pushSystem(envelope: Envelope, payloadBytes: number): void {
    this.#system.push(new SystemMessage(envelope, payloadBytes))
    this.#sizeBytes += payloadBytes + ENVELOPE_BYTES
  }

  /** @param by who is told, and has to get before that what was sent before: 0 where that may be anybody */
  pushNotice(envelope: SystemEnvelope, by: number): void {
    this.#notices++
    this.#add(new Notice(envelope, by))
  }

  pushAnswer(envelope: Envelope, payloadBytes: number, question: Question): void {
    this.#answers++
    this.#answerBytes += payloadBytes + ENVELOPE_BYTES
    this.#add(new OutgoingAnswer(envelope, payloadBytes, question))
  }

  /**
   * @param offered whether it has waited for its turn: then no offer waits before it
   * @returns false when too much is waiting already: the message was not taken
   */
  push(message: OutgoingMessage, offered = false): boolean {
    if (this.#messages >= MAX_MESSAGES) return false
    if (this.#messages > 0 && this.#messageBytes + message.payloadBytes > MAX_BYTES) return false
    const lane = this.lanes.of(message.to)
    if (lane.isFull || (!offered && lane.hasOffers)) return false
    if (this.lanes.hasNoRoomFor(lane)) {
      this.lanes.changed(lane)
      return false
    }
    if (this.#messages >= CROWDED) message.compact()
    this.#queue(message, lane)
    return true
  }

  /** The lane of an actor to which a message may go before all that is here; null where it has to be queued. */
  straightLane(to: number): Lane | null {
    // An answer or a notice that waits was there before.
    if (!this.#hasFlow || this.#items.size > 0) return null
    const lane = this.lanes.of(to)
    return lane.isFree && !this.lanes.hasNoRoomFor(lane) ? lane : null
  }

  /** A message goes past what is here. */
  wentStraight(lane: Lane, payloadBytes: number): void {
    this.#traffic.sent++
    lane.countSent(payloadBytes)
  }

  /** Messages that went straight and were not sent after all: they are first of all that waits. */
  putBack(messages: readonly OutgoingMessage[]): void {
    const behind = this.#takeItems(() => true)
    for (const message of messages) {
      const lane = this.lanes.of(message.to)
      this.#traffic.sent--
      lane.takeBack(message.payloadBytes)
      this.#queue(message, lane)
    }
    for (const item of behind) this.#add(item)
  }

  /**
   * Fills the next batch. Asks that are over are left out; the rest count as sent from here on.
   *
   * @param begun bytes that are in its frame already
   */
  takeBatch(batch: Envelope[], begun = 0): void {
    let bytes = begun
    for (let item = this.#system.peek(); item !== undefined && bytes < BATCH_BYTES; item = this.#system.peek()) {
      this.#system.shift()
      this.#sizeBytes -= item.payloadBytes + ENVELOPE_BYTES
      bytes += item.payloadBytes + ENVELOPE_BYTES
      batch.push(item.envelope)
    }
    while (bytes < BATCH_BYTES) {
      const lane = this.lanes.nextReady()
      if (lane === null) break
      bytes = this.#goOn(lane, batch, bytes)
    }
    while (bytes < BATCH_BYTES) {
      const item = this.#shift()
      if (item === undefined) break
      bytes += this.#take(item, batch)
    }
    if (!this.#chunking.isIdle) this.#takePiece(batch)
  }

  /** Takes out every ask: what waits without a connection must not wait for nothing. Tells stay. */
  takeAsks(): OutgoingMessage[] {
    return this.#takeOut((message) => message.pending !== null)
  }

  /** Takes out every user message. */
  takeAll(): OutgoingMessage[] {
    return this.#takeOut(() => true)
  }

  connected(hasFlow: boolean): void {
    this.#hasFlow = hasFlow
  }

  /** The connection is lost: answers are dropped, as nobody waits for them any more, and what was on its way in pieces. */
  disconnected(): Lost {
    const answers: OutgoingAnswer[] = []
    const messages: OutgoingMessage[] = []
    const isAnswer = (item: object): boolean => item instanceof OutgoingAnswer
    for (const item of this.#chunking.abort()) {
      this.#letGo(item)
      if (item instanceof OutgoingMessage) messages.push(item)
      else answers.push(item)
    }
    for (const item of this.#chunking.drop(isAnswer)) {
      answers.push(item as OutgoingAnswer)
    }
    if (this.#answers > 0) answers.push(...(this.#takeItems(isAnswer) as OutgoingAnswer[]))
    this.#answers = 0
    this.#answerBytes = 0
    this.lanes.disconnected()
    return { messages, questions: answers.map(({ question }) => question) }
  }

  #queue(message: OutgoingMessage, lane: Lane): void {
    message.lane = lane
    lane.queued++
    lane.queuedBytes += message.payloadBytes
    this.#messages++
    this.#messageBytes += message.payloadBytes
    this.#add(message)
  }

  /** Sends an item, or puts it where it has to wait. @returns about how many bytes it has in the batch */
  #take(item: Item, batch: Envelope[]): number {
    if (item instanceof OutgoingMessage) {
      const lane = item.lane!
      if (!lane.isHeld && (lane.hasCredit || !lane.isCounted)) return this.#send(item, lane, batch)
      if (lane.parked >= CROWDED_LANE) item.compact()
      lane.park(item)
      return 0
    }
    if (item instanceof Notice) return this.#takeNotice(item, batch)
    if (this.#hasFlow && item.payloadBytes > MOST_WHOLE_BYTES) {
      this.#chunking.add(item)
      return 0
    }
    this.#finish(item)
    batch.push(item.envelope)
    return item.payloadBytes + ENVELOPE_BYTES
  }

  #send(message: OutgoingMessage, lane: Lane, batch: Envelope[]): number {
    const { pending, payloadBytes } = message
    if (pending?.settled) {
      this.#finish(message)
      return 0
    }
    if (this.#hasFlow && payloadBytes > MOST_WHOLE_BYTES) {
      lane.isBusy = true
      this.#chunking.add(message)
      return 0
    }
    this.#begin(message, lane)
    const leaving = message.leaving()
    batch.push(leaving[0] === Kind.offer && !this.#hasFlow ? [Kind.tell, leaving[1], leaving[2], leaving[3]] : leaving)
    this.#finish(message)
    return payloadBytes + ENVELOPE_BYTES
  }

  #takeNotice(notice: Notice, batch: Envelope[]): number {
    const { by } = notice
    const lane = by === 0 ? null : this.lanes.known(by)
    const before = by === 0 ? this.lanes.all : lane === null ? [] : [lane]
    for (const lane of before) {
      if (!lane.isHeld) continue
      notice.waitsFor++
      lane.park(notice)
    }
    return notice.waitsFor > 0 ? 0 : this.#sendNotice(notice, batch)
  }

  #sendNotice({ envelope }: Notice, batch: Envelope[]): number {
    this.#notices--
    batch.push(envelope)
    return ENVELOPE_BYTES
  }

  /** Sends what waits in a lane, as far as it can. @returns how large the batch is then */
  #goOn(lane: Lane, batch: Envelope[], bytes: number): number {
    while (bytes < BATCH_BYTES && lane.canGoOn) {
      const item = lane.next() as OutgoingMessage | Notice
      if (item instanceof OutgoingMessage) bytes += this.#send(item, lane, batch)
      else if (--item.waitsFor === 0) bytes += this.#sendNotice(item, batch)
    }
    this.lanes.changed(lane)
    return bytes
  }

  #takePiece(batch: Envelope[]): void {
    const done = this.#chunking.take(batch, (item, isWanted) => {
      if (isWanted && item instanceof OutgoingMessage) this.#begin(item, item.lane!)
      // A large message under way is no part of what waits: others have all of the room.
      this.#finish(item)
    })
    if (done !== null) this.#letGo(done)
  }

  /** From here on the peer has it, or nobody knows. */
  #begin({ pending, payloadBytes }: OutgoingMessage, lane: Lane): void {
    this.#traffic.sent++
    if (pending !== null) pending.markSent()
    if (this.#hasFlow && lane.isCounted) lane.countSent(payloadBytes)
  }

  /** It takes no room any more. */
  #finish(item: Large): void {
    if (item instanceof OutgoingMessage) {
      const lane = item.lane!
      this.#messages--
      this.#messageBytes -= item.payloadBytes
      lane.queuedBytes -= item.payloadBytes
      // The usual one is remembered for its credit.
      if (--lane.queued === 0 && lane.sent === 0) this.lanes.changed(lane)
    } else {
      this.#answers--
      this.#answerBytes -= item.payloadBytes + ENVELOPE_BYTES
    }
  }

  /** A large message is sent, or will not be: what comes behind it goes on. */
  #letGo(item: Large): void {
    if (!(item instanceof OutgoingMessage)) return
    const lane = item.lane!
    lane.isBusy = false
    this.lanes.changed(lane)
  }

  #takeOut(isWanted: (message: OutgoingMessage) => boolean): OutgoingMessage[] {
    const wanted = (item: object): boolean => item instanceof OutgoingMessage && isWanted(item)
    const large = this.#chunking.drop(wanted) as OutgoingMessage[]
    const lanes = [...this.lanes.all]
    const parked = lanes.flatMap((lane) => lane.take(wanted)) as OutgoingMessage[]
    const rest = this.#takeItems(wanted) as OutgoingMessage[]
    for (const message of large) this.#letGo(message)
    for (const message of [...large, ...parked, ...rest]) this.#finish(message)
    for (const lane of lanes) this.lanes.changed(lane)
    return [...large, ...parked, ...rest]
  }

  #takeItems(isWanted: (item: Item) => boolean): Item[] {
    const taken: Item[] = []
    for (let left = this.#items.size; left > 0; left--) {
      const item = this.#shift()!
      if (isWanted(item)) taken.push(item)
      else this.#add(item)
    }
    return taken
  }

  #add(item: Item): void {
    this.#items.push(item)
    this.#sizeBytes += item.payloadBytes + ENVELOPE_BYTES
  }

  #shift(): Item | undefined {
    const item = this.#items.shift()
    if (item !== undefined) this.#sizeBytes -= item.payloadBytes + ENVELOPE_BYTES
    return item
  }
}
