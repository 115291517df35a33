import type { Asked, PendingAsk } from '../actor/pending-ask.ts'
import { Ring } from '../mailbox/ring.ts'
import type { Question } from './answer-route.ts'
import { ENVELOPE_BYTES, type Envelope, type Kind } from './wire.ts'

/** User messages that may wait for one peer, and their bytes. */
const MAX_MESSAGES = 4096
const MAX_BYTES = 8 * 1024 * 1024
/** Bytes of answers that may wait. Far above what any healthy pair has under way. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024
/** A batch is cut when it has grown to this, in bytes; a turn that sends more does not wait for its end. */
const BATCH_BYTES = 64 * 1024

/** A user message on its way out, kept until it is sent: it may have to be reported as undelivered. */
export class OutgoingMessage {
  readonly envelope: Envelope
  readonly payloadBytes: number
  readonly payload: unknown
  /** Where it goes; a text once somebody wants to read it. */
  readonly target: Asked
  /** The ask behind it, null for a tell. */
  readonly pending: PendingAsk | null

  constructor(
    envelope: MessageEnvelope,
    payloadBytes: number,
    payload: unknown,
    target: Asked,
    pending: PendingAsk | null,
  ) {
    this.envelope = envelope
    this.payloadBytes = payloadBytes
    this.payload = payload
    this.target = target
    this.pending = pending
  }

  get name(): string {
    return (this.envelope as MessageEnvelope)[2]
  }
}

type MessageEnvelope = Extract<Envelope, readonly [typeof Kind.tell | typeof Kind.ask, ...unknown[]]>

/** An answer on its way out, kept until it is sent: it may have to be reported as late. */
class Answering {
  readonly envelope: Envelope
  readonly payloadBytes: number
  readonly question: Question

  constructor(envelope: Envelope, payloadBytes: number, question: Question) {
    this.envelope = envelope
    this.payloadBytes = payloadBytes
    this.question = question
  }
}

/** One of the system's own. */
class Internal {
  readonly envelope: Envelope
  readonly payloadBytes: number

  constructor(envelope: Envelope, payloadBytes: number) {
    this.envelope = envelope
    this.payloadBytes = payloadBytes
  }
}

/** User messages are counted and turned down, the rest is not. */
type Item = OutgoingMessage | Answering | Internal

/** What waits to be sent to one peer, in order: user messages, answers, and the system's own. */
export class Outbox {
  readonly #items = new Ring<Item>()
  #sizeBytes = 0
  #messages = 0
  #messageBytes = 0
  #answers = 0
  #answerBytes = 0

  get empty(): boolean {
    return this.#items.size === 0
  }

  /** Whether a whole batch is waiting. */
  get hasBatch(): boolean {
    return this.#sizeBytes >= BATCH_BYTES
  }

  /** How many of the system's own messages are waiting. */
  get systemMessages(): number {
    return this.#items.size - this.#messages - this.#answers
  }

  get answersOverflow(): boolean {
    return this.#answerBytes > MAX_ANSWER_BYTES
  }

  pushSystem(envelope: Envelope, payloadBytes: number): void {
    this.#add(new Internal(envelope, payloadBytes))
  }

  pushAnswer(envelope: Envelope, payloadBytes: number, question: Question): void {
    this.#add(new Answering(envelope, payloadBytes, question))
  }

  /** @returns false when too much is waiting already: the message was not taken */
  push(message: OutgoingMessage): boolean {
    if (this.#messages >= MAX_MESSAGES) return false
    if (this.#messages > 0 && this.#messageBytes + message.payloadBytes > MAX_BYTES) return false
    this.#add(message)
    return true
  }

  /** Takes the next batch. Asks that are over are left out; the rest count as sent from here on. */
  takeBatch(): Envelope[] {
    const batch: Envelope[] = []
    for (let bytes = 0; bytes < BATCH_BYTES; ) {
      const item = this.#shift()
      if (item === undefined) break
      const pending = item instanceof OutgoingMessage ? item.pending : null
      if (pending?.settled) continue
      bytes += item.payloadBytes + ENVELOPE_BYTES
      batch.push(pending === null ? item.envelope : withTimeLeft(item.envelope, pending))
      if (pending !== null) pending.markSent()
    }
    return batch
  }

  /** Takes out every ask: what waits without a connection must not wait for nothing. Tells stay. */
  takeAsks(): OutgoingMessage[] {
    return this.#take((item) => item instanceof OutgoingMessage && item.pending !== null) as OutgoingMessage[]
  }

  /** Takes out every user message. */
  takeAll(): OutgoingMessage[] {
    return this.#take((item) => item instanceof OutgoingMessage) as OutgoingMessage[]
  }

  /** Drops the answers: nobody waits for them any more. @returns what they would have answered */
  dropAnswers(): readonly Question[] {
    if (this.#answers === 0) return []
    const dropped = this.#take((item) => item instanceof Answering) as Answering[]
    return dropped.map(({ question }) => question)
  }

  #take(isWanted: (item: Item) => boolean): Item[] {
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
    this.#count(item, 1)
  }

  #shift(): Item | undefined {
    const item = this.#items.shift()
    if (item !== undefined) this.#count(item, -1)
    return item
  }

  #count(item: Item, sign: 1 | -1): void {
    const sizeBytes = item.payloadBytes + ENVELOPE_BYTES
    this.#sizeBytes += sign * sizeBytes
    if (item instanceof OutgoingMessage) {
      this.#messages += sign
      this.#messageBytes += sign * item.payloadBytes
    } else if (item instanceof Answering) {
      this.#answers += sign
      this.#answerBytes += sign * sizeBytes
    }
  }
}

/**
 * The time for an answer is counted from when the ask leaves: clocks of two nodes are never compared. In whole ms, which
 * take 3 bytes instead of 9.
 */
function withTimeLeft(envelope: Envelope, pending: PendingAsk): Envelope {
  const [kind, to, name, payload, correlation] = envelope as Extract<Envelope, readonly [1, ...unknown[]]>
  return [kind, to, name, payload, correlation, Math.floor(pending.remainingMs() ?? 0)]
}
