import type { PendingAsk } from '../actor/ask.ts'
import { Ring } from '../mailbox/ring.ts'
import { ENVELOPE_BYTES, type Envelope } from './wire.ts'

/** User messages that may wait for one peer, and their bytes. */
const MAX_MESSAGES = 4096
const MAX_BYTES = 8 * 1024 * 1024
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

interface Item {
  readonly envelope: Envelope
  readonly sizeBytes: number
  /** Null for messages of the system: those are neither counted nor ever turned down. */
  readonly message: OutgoingMessage | null
}

/** What waits to be sent to one peer, in order: bounded for user messages, without bound for the system's. */
export class Outbox {
  readonly #items = new Ring<Item>()
  #messages = 0
  #bytes = 0

  get empty(): boolean {
    return this.#items.size === 0
  }

  /** Whether a whole batch is waiting. */
  get hasBatch(): boolean {
    return this.#bytes + this.#items.size * ENVELOPE_BYTES >= BATCH_BYTES
  }

  pushSystem(envelope: Envelope): void {
    this.#items.push({ envelope, sizeBytes: ENVELOPE_BYTES, message: null })
  }

  /** @returns false when too much is waiting already: the message was not taken */
  push(envelope: Envelope, payloadBytes: number, message: OutgoingMessage): boolean {
    if (this.#messages >= MAX_MESSAGES || (this.#bytes > 0 && this.#bytes + payloadBytes > MAX_BYTES)) return false
    this.#messages++
    this.#bytes += payloadBytes
    this.#items.push({ envelope, sizeBytes: payloadBytes + ENVELOPE_BYTES, message })
    return true
  }

  /** Takes the next batch. Asks that are over are left out; the rest count as sent from here on. */
  takeBatch(): Envelope[] {
    const batch: Envelope[] = []
    for (let bytes = 0; bytes < BATCH_BYTES; ) {
      const item = this.#shift()
      if (item === undefined) break
      const pending = item.message?.pending ?? null
      if (pending?.settled) continue
      bytes += item.sizeBytes
      batch.push(pending === null ? item.envelope : withTimeLeft(item.envelope, pending))
      if (pending !== null) pending.sent = true
    }
    return batch
  }

  /** Takes out every ask: what waits without a connection must not wait for nothing. Tells stay. */
  takeAsks(): OutgoingMessage[] {
    return this.#takeMessages((message) => message.pending !== null)
  }

  /** Takes out every user message. */
  takeAll(): OutgoingMessage[] {
    return this.#takeMessages(() => true)
  }

  #takeMessages(wanted: (message: OutgoingMessage) => boolean): OutgoingMessage[] {
    const taken: OutgoingMessage[] = []
    for (let left = this.#items.size; left > 0; left--) {
      const item = this.#shift()!
      if (item.message !== null && wanted(item.message)) taken.push(item.message)
      else this.#putBack(item)
    }
    return taken
  }

  #shift(): Item | undefined {
    const item = this.#items.shift()
    if (item !== undefined && item.message !== null) {
      this.#messages--
      this.#bytes -= item.sizeBytes - ENVELOPE_BYTES
    }
    return item
  }

  #putBack(item: Item): void {
    if (item.message === null) this.pushSystem(item.envelope)
    else this.push(item.envelope, item.sizeBytes - ENVELOPE_BYTES, item.message)
  }
}

/** The time for an answer is counted from when the ask leaves: clocks of two nodes are never compared. */
function withTimeLeft(envelope: Envelope, pending: PendingAsk): Envelope {
  const [kind, to, name, payload, correlation] = envelope as Extract<Envelope, readonly [1, ...unknown[]]>
  return [kind, to, name, payload, correlation, pending.remainingMs() ?? 0]
}
