import type { Asked, PendingAsk } from '../actor/pending-ask.ts'
import type { Question } from './answer-route.ts'
import { withPayload } from './envelope-payload.ts'
import type { Lane, Parked } from './lane.ts'
import { type Envelope, Kind, type SystemEnvelope, type To } from './wire.ts'

export type MessageEnvelope = Extract<
  Envelope,
  readonly [typeof Kind.tell | typeof Kind.ask | typeof Kind.offer, ...unknown[]]
>

/** A user message on its way out, kept until it is sent: it may have to be reported as undelivered. */
export class OutgoingMessage implements Parked {
  #envelope: MessageEnvelope
  readonly payloadBytes: number
  readonly payload: unknown
  /** Where it goes; a text once somebody wants to read it. */
  readonly target: Asked
  /** The ask behind it, null for a tell. */
  readonly pending: PendingAsk | null
  /** Where it waits; null until it does. */
  lane: Lane | null = null

  constructor(
    envelope: MessageEnvelope,
    payloadBytes: number,
    payload: unknown,
    target: Asked,
    pending: PendingAsk | null,
  ) {
    this.#envelope = envelope
    this.payloadBytes = payloadBytes
    this.payload = payload
    this.target = target
    this.pending = pending
  }

  get isNotice(): boolean {
    return false
  }

  get envelope(): MessageEnvelope {
    return this.#envelope
  }

  get to(): To {
    return this.#envelope[1]
  }

  get name(): string {
    return this.#envelope[2]
  }

  /** It may wait for long: keeps its own bytes, and not those of others among which they lie. */
  compact(): void {
    const { bytes, start, end } = this.#envelope[3]
    if (bytes.buffer.byteLength <= 2 * (end - start)) return
    const payload = { bytes: bytes.slice(start, end), start: 0, end: end - start }
    this.#envelope = withPayload(this.#envelope, payload) as MessageEnvelope
  }

  /**
   * As it leaves now. The time for an answer is counted from there: clocks of two nodes are never compared. In whole ms,
   * which take 3 bytes instead of 9.
   */
  leaving(): Envelope {
    const { pending } = this
    const envelope = this.#envelope
    if (envelope[0] !== Kind.ask || pending === null) return envelope
    const [kind, to, name, payload, correlation] = envelope
    return [kind, to, name, payload, correlation, Math.floor(pending.remainingMs() ?? 0)]
  }
}

/** An answer on its way out, kept until it is sent: it may have to be reported as late. */
export class OutgoingAnswer {
  readonly envelope: Envelope
  readonly payloadBytes: number
  readonly question: Question

  constructor(envelope: Envelope, payloadBytes: number, question: Question) {
    this.envelope = envelope
    this.payloadBytes = payloadBytes
    this.question = question
  }

  leaving(): Envelope {
    return this.envelope
  }
}

/** One of the system's own. */
export class SystemMessage {
  readonly envelope: Envelope
  readonly payloadBytes: number

  constructor(envelope: Envelope, payloadBytes: number) {
    this.envelope = envelope
    this.payloadBytes = payloadBytes
  }
}

/** That an actor has ended: it comes behind all that was sent before to whoever is to be told. */
export class Notice implements Parked {
  readonly envelope: SystemEnvelope
  readonly payloadBytes = 0
  /** Who is told, 0 where that may be anybody. */
  readonly by: number
  /** Lanes that have something to send first. */
  waitsFor = 0

  constructor(envelope: SystemEnvelope, by: number) {
    this.envelope = envelope
    this.by = by
  }

  get isNotice(): boolean {
    return true
  }
}
