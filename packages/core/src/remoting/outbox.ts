import type { PendingAsk } from '../actor/pending-ask.ts'
import { Ring } from '../mailbox/ring.ts'
import type { Question } from './answer-route.ts'
import { ENVELOPE_BYTES, type Envelope } from './wire.ts'

/** User messages that may wait for one peer, and their bytes. */
const MAX_MESSAGES = 4096
const MAX_BYTES = 8 * 1024 * 1024
/** The system's own messages that may wait: more are proof of a peer that has stopped to take part. */
const MAX_SYSTEM = 20_000
/** Bytes of answers that may wait. Far above what any healthy pair has under way. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024
/** A batch is cut when it has grown to this, in bytes; a turn that sends more does not wait for its end. */
const BATCH_BYTES = 64 * 1024

/** A user message on its way out, kept until it is sent: it may have to be reported as undelivered. */
export interface OutgoingMessage {
  readonly name: string
  readonly payload: unknown
  readonly target: string
  /** The ask behind it, null for a tell. */
  readonly pending: PendingAsk | null
}

/** An answer on its way out, kept until it is sent: it may have to be reported as late. */
class Answering {
  readonly question: Question

  constructor(question: Question) {
    this.question = question
  }
}

interface Item {
  readonly envelope: Envelope
  readonly sizeBytes: number
  /** What it is for: user messages are counted and turned down, the rest is not. */
  readonly message: OutgoingMessage | Answering | 'system'
}

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

  /** Whether more of the system's own messages are waiting than may. */
  get systemOverflows(): boolean {
    return this.#items.size - this.#messages - this.#answers > MAX_SYSTEM
  }

  get answersOverflow(): boolean {
    return this.#answerBytes > MAX_ANSWER_BYTES
  }

  pushSystem(envelope: Envelope, payloadBytes: number): void {
    this.#add({ envelope, sizeBytes: payloadBytes + ENVELOPE_BYTES, message: 'system' })
  }

  pushAnswer(envelope: Envelope, payloadBytes: number, question: Question): void {
    this.#add({ envelope, sizeBytes: payloadBytes + ENVELOPE_BYTES, message: new Answering(question) })
  }

  /** @returns false when too much is waiting already: the message was not taken */
  push(envelope: Envelope, payloadBytes: number, message: OutgoingMessage): boolean {
    if (this.#messages >= MAX_MESSAGES) return false
    if (this.#messages > 0 && this.#messageBytes + payloadBytes > MAX_BYTES) return false
    this.#add({ envelope, sizeBytes: payloadBytes + ENVELOPE_BYTES, message })
    return true
  }

  /** Takes the next batch. Asks that are over are left out; the rest count as sent from here on. */
  takeBatch(): Envelope[] {
    const batch: Envelope[] = []
    for (let bytes = 0; bytes < BATCH_BYTES; ) {
      const item = this.#shift()
      if (item === undefined) break
      const pending = isUsers(item.message) ? item.message.pending : null
      if (pending?.settled) continue
      bytes += item.sizeBytes
      batch.push(pending === null ? item.envelope : withTimeLeft(item.envelope, pending))
      if (pending !== null) pending.markSent()
    }
    return batch
  }

  /** Takes out every ask: what waits without a connection must not wait for nothing. Tells stay. */
  takeAsks(): OutgoingMessage[] {
    return messagesOf(this.#take(({ message }) => isUsers(message) && message.pending !== null))
  }

  /** Takes out every user message. */
  takeAll(): OutgoingMessage[] {
    return messagesOf(this.#take(({ message }) => isUsers(message)))
  }

  /** Drops the answers: nobody waits for them any more. @returns what they would have answered */
  dropAnswers(): readonly Question[] {
    if (this.#answers === 0) return []
    const dropped = this.#take(({ message }) => message instanceof Answering)
    return dropped.map(({ message }) => (message as Answering).question)
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

  #count({ sizeBytes, message }: Item, sign: 1 | -1): void {
    this.#sizeBytes += sign * sizeBytes
    if (isUsers(message)) {
      this.#messages += sign
      this.#messageBytes += sign * (sizeBytes - ENVELOPE_BYTES)
    } else if (message !== 'system') {
      this.#answers += sign
      this.#answerBytes += sign * sizeBytes
    }
  }
}

function isUsers(message: Item['message']): message is OutgoingMessage {
  return typeof message === 'object' && !(message instanceof Answering)
}

function messagesOf(items: readonly Item[]): OutgoingMessage[] {
  return items.map(({ message }) => message).filter(isUsers)
}

/** The time for an answer is counted from when the ask leaves: clocks of two nodes are never compared. */
function withTimeLeft(envelope: Envelope, pending: PendingAsk): Envelope {
  const [kind, to, name, payload, correlation] = envelope as Extract<Envelope, readonly [1, ...unknown[]]>
  return [kind, to, name, payload, correlation, pending.remainingMs() ?? 0]
}
