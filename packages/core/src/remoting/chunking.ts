import type { Encoded } from '../codec/encoded.ts'
import { Ring } from '../mailbox/ring.ts'
import { payloadOf, withPayload } from './envelope-payload.ts'
import { type OutgoingAnswer, OutgoingMessage } from './outgoing.ts'
import { type Envelope, Kind } from './wire.ts'

/** A payload above this goes in pieces, in bytes: with what else is in its frame, the rest stays below 256 KiB. */
export const MOST_WHOLE_BYTES: number = 128 * 1024
/** Bytes of payload in one piece; a frame has one. */
const PIECE_BYTES = 56 * 1024
/** Large messages under way at a time, and the numbers that they have. More wait. */
export const STREAMS = 4

export type Large = OutgoingMessage | OutgoingAnswer

/** A large message of which some pieces have been sent. */
class Stream {
  readonly item: Large
  readonly payload: Encoded
  at: number

  constructor(item: Large) {
    this.item = item
    // Nothing without a payload is large.
    this.payload = payloadOf(item.envelope)!
    this.at = this.payload.start
  }
}

/** Sends large payloads in pieces, each of those under way in turn, so that what else there is to send goes between. */
export class Chunking {
  readonly #waiting = new Ring<Large>()
  readonly #streams: (Stream | null)[] = new Array<Stream | null>(STREAMS).fill(null)
  #open = 0
  #turn = 0

  /** Nothing is under way and nothing waits. */
  get isIdle(): boolean {
    return this.#open === 0 && this.#waiting.size === 0
  }

  add(item: Large): void {
    this.#waiting.push(item)
  }

  /**
   * Puts the next piece into a batch.
   *
   * @param onBegun hears of a message before its first piece, and of one that nobody wants any more in place of it
   * @returns the message, if nothing more of it is to be sent
   */
  take(batch: Envelope[], onBegun: (item: Large, isWanted: boolean) => void): Large | null {
    this.#turn = (this.#turn + 1) % STREAMS
    for (let tried = 0; this.#streams[this.#turn] === null && tried < STREAMS; tried++) {
      if (this.#waiting.size > 0) {
        const next = this.#waiting.shift()!
        const isWanted = !(next instanceof OutgoingMessage && next.pending?.settled)
        onBegun(next, isWanted)
        if (!isWanted) return next
        this.#streams[this.#turn] = new Stream(next)
        this.#open++
      } else this.#turn = (this.#turn + 1) % STREAMS
    }
    const stream = this.#streams[this.#turn]
    if (stream === undefined || stream === null) return null
    const { item, payload, at } = stream
    if (payload.end - at <= PIECE_BYTES) {
      batch.push([Kind.join, this.#turn], withPayload(item.leaving(), { ...payload, start: at }))
      this.#end(this.#turn)
      return item
    }
    stream.at = at + PIECE_BYTES
    const piece = { bytes: payload.bytes, start: at, end: stream.at }
    batch.push([Kind.chunk, this.#turn, payload.end - payload.start, at - payload.start, piece])
    return null
  }

  /** The connection is lost. @returns what was under way; what waits goes on waiting */
  abort(): Large[] {
    const aborted: Large[] = []
    for (const [number, stream] of this.#streams.entries()) {
      if (stream === null) continue
      aborted.push(stream.item)
      this.#end(number)
    }
    return aborted
  }

  /** Takes out what waits, if it is wanted. */
  drop(isWanted: (item: Large) => boolean): Large[] {
    const dropped: Large[] = []
    for (let left = this.#waiting.size; left > 0; left--) {
      const item = this.#waiting.shift()!
      if (isWanted(item)) dropped.push(item)
      else this.#waiting.push(item)
    }
    return dropped
  }

  #end(number: number): void {
    this.#streams[number] = null
    this.#open--
  }
}
