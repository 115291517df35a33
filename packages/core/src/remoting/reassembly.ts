import type { Encoded } from '../codec/encoded.ts'
import { MalformedFrameError } from '../errors.ts'
import type { Deadline, TimerQueue } from '../runtime/timer-queue.ts'
import { STREAMS } from './chunking.ts'
import { payloadOf, withPayload } from './envelope-payload.ts'
import { type Envelope, Kind, MAX_MESSAGE_BYTES } from './wire.ts'

/** A message of which nothing has come for this long ends its link, in ms. An honest side sends as long as it may. */
const IDLE_MS = 30_000
const FIRST_BYTES = 256 * 1024

/** A payload of which not all pieces are here. */
class Partial {
  readonly totalBytes: number
  #bytes: Uint8Array
  length = 0
  lastMs = 0

  constructor(totalBytes: number) {
    this.totalBytes = totalBytes
    this.#bytes = new Uint8Array(Math.min(FIRST_BYTES, totalBytes))
  }

  /** What is held grows with what has come, not with what was promised. */
  add({ bytes, start, end }: Encoded): void {
    const length = this.length + end - start
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.min(this.totalBytes, Math.max(length, 2 * this.#bytes.length)))
      grown.set(this.#bytes)
      this.#bytes = grown
    }
    this.#bytes.set(bytes.subarray(start, end), this.length)
    this.length = length
  }

  get whole(): Encoded {
    return { bytes: this.#bytes, start: 0, end: this.totalBytes }
  }
}

/**
 * Puts the pieces of large payloads together that come over one connection. It holds at most 4 of 16 MiB, all of them
 * only once so much has come; a peer that breaks the rules of pieces loses its link.
 */
export class Reassembly {
  readonly #timers: TimerQueue
  readonly #onStuck: (why: string) => void
  readonly #streams: (Partial | null)[] = new Array<Partial | null>(STREAMS).fill(null)
  /** The pieces before the payload of the next envelope. */
  #joining: Partial | null = null
  #check: Deadline | null = null

  /** @param onStuck hears of a message that does not go on */
  constructor(timers: TimerQueue, onStuck: (why: string) => void) {
    this.#timers = timers
    this.#onStuck = onStuck
  }

  /**
   * Takes one envelope after the other.
   *
   * @returns the envelope with the whole of its payload; null for a piece of one
   * @throws {MalformedFrameError} for pieces that no honest side sends
   */
  whole(envelope: Envelope): Envelope | null {
    if (this.#joining !== null) return this.#joined(this.#joining, envelope)
    if (envelope[0] === Kind.chunk) {
      this.#add(envelope[1], envelope[2], envelope[3], envelope[4])
      return null
    }
    if (envelope[0] !== Kind.join) return envelope
    this.#joining = this.#streams[envelope[1]] ?? null
    if (this.#joining === null) throw new MalformedFrameError(`the end of message ${envelope[1]}, which has not begun`)
    this.#streams[envelope[1]] = null
    return null
  }

  /** @throws {MalformedFrameError} when what was to be joined is not there */
  frameEnds(): void {
    if (this.#joining !== null) throw new MalformedFrameError('the end of a message without a message')
  }

  /** The connection is over, and whatever has come of messages is for nothing. */
  close(): void {
    this.#streams.fill(null)
    this.#joining = null
    this.#check?.cancel()
    this.#check = null
  }

  #add(number: number, totalBytes: number, offset: number, piece: Encoded): void {
    const known = this.#streams[number]
    if (known === undefined)
      throw new MalformedFrameError(`a piece of message ${number}: 0 to ${STREAMS - 1} may be open`)
    if (!Number.isInteger(totalBytes) || totalBytes < 1 || totalBytes > MAX_MESSAGE_BYTES)
      throw new MalformedFrameError(`a message of ${totalBytes} bytes: ${MAX_MESSAGE_BYTES} are the limit`)
    const stream = known ?? new Partial(totalBytes)
    if (totalBytes !== stream.totalBytes)
      throw new MalformedFrameError(`a message of ${stream.totalBytes} bytes has ${totalBytes} all at once`)
    if (offset !== stream.length)
      throw new MalformedFrameError(`a piece that begins at ${offset}, where ${stream.length} is due`)
    const length = piece.end - piece.start
    // The end of it comes with the envelope.
    if (length === 0 || offset + length >= totalBytes)
      throw new MalformedFrameError(`a piece of ${length} bytes at ${offset} of ${totalBytes}`)
    stream.add(piece)
    stream.lastMs = this.#timers.nowMs()
    this.#streams[number] = stream
    this.#check ??= this.#timers.after(IDLE_MS, () => this.#look())
  }

  #joined(stream: Partial, envelope: Envelope): Envelope {
    this.#joining = null
    const last = payloadOf(envelope)
    if (last === null) throw new MalformedFrameError('the end of a message without a message')
    const length = last.end - last.start
    if (stream.length + length !== stream.totalBytes)
      throw new MalformedFrameError(`a message of ${stream.totalBytes} bytes has ${stream.length + length}`)
    stream.add(last)
    return withPayload(envelope, stream.whole)
  }

  #look(): void {
    this.#check = null
    const open = this.#streams.filter((stream) => stream !== null)
    if (open.length === 0) return
    const firstMs = Math.min(...open.map(({ lastMs }) => lastMs))
    const leftMs = firstMs + IDLE_MS - this.#timers.nowMs()
    if (leftMs <= 0) this.#onStuck(`a message of which nothing has come for ${IDLE_MS} ms`)
    else this.#check = this.#timers.after(leftMs, () => this.#look())
  }
}
