import { codeOf } from '../actor/ask.ts'
import type { Logger } from '../actor/logger.ts'
import type { Cbor, NoteRef } from '../codec/cbor.ts'
import type { Encoded } from '../codec/encoded.ts'
import { toError } from '../errors.ts'
import { type Envelope, encodePayload, Kind } from './wire.ts'

/** The news that there will be no answer. */
export type Failure = Extract<Envelope, readonly [typeof Kind.failure, ...unknown[]]>
/** What ends an ask. */
export type Answer = Extract<Envelope, readonly [typeof Kind.reply, ...unknown[]]> | Failure

/** What an answer answers, for reports. */
export interface Question {
  readonly target: string
  readonly message: string
}

/** The way back over one connection: over a later one its answers would find nobody. */
export class AnswerRoute {
  /** When its connection was lost, for reports. */
  endedMs = 0
  readonly #logger: Logger
  readonly #cbor: Cbor
  readonly #note: NoteRef | null
  readonly #maxBytes: number
  readonly #send: (answer: Answer, sizeBytes: number, question: Question) => void

  /**
   * @param note hears of the refs in answers
   * @param maxBytes the largest answer that the asking side takes
   * @param send takes an answer and about how many bytes it holds; drops it when that connection is gone
   */
  constructor(
    logger: Logger,
    cbor: Cbor,
    note: NoteRef | null,
    maxBytes: number,
    send: (answer: Answer, sizeBytes: number, question: Question) => void,
  ) {
    this.#logger = logger
    this.#cbor = cbor
    this.#note = note
    this.#maxBytes = maxBytes
    this.#send = send
  }

  /** Sends what the handler answered, or the news that it has no CBOR form. */
  reply(correlation: number, value: unknown, question: Question): void {
    let encoded: Encoded
    try {
      encoded = encodePayload(this.#cbor, value, 'reply', this.#note, this.#maxBytes)
    } catch (thrown) {
      const error = toError(thrown)
      this.#logger.error('an answer cannot be sent', error)
      this.fail([Kind.failure, correlation, 'handler', error.message, error.name, codeOf(error)], question)
      return
    }
    this.#send([Kind.reply, correlation, encoded], encoded.end - encoded.start, question)
  }

  fail(failure: Failure, question: Question): void {
    this.#send(failure, failure[3].length, question)
  }
}
