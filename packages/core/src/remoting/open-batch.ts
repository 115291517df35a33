import type { Asked } from '../actor/pending-ask.ts'
import { plainDecode } from '../codec/plain-decode.ts'
import { decodeBatch } from './decode-batch.ts'
import { FrameWriter } from './frame-writer.ts'
import type { SentNames } from './link-names.ts'
import { type MessageEnvelope, OutgoingMessage } from './outgoing.ts'

/** Batches that may be open at a time: what is told to further peers is queued. */
const MOST_OPEN = 8

/** What is known of the connection that a frame goes over. */
export interface Way {
  /** All frames have left, and their memory may be used again. */
  readonly hasReleased: boolean
}

/** Messages in a row to one actor. */
interface Run {
  readonly target: Asked
  messages: number
}

/**
 * The next frame of a peer for whom nothing waits: what is told is written into it at once, and nothing else is kept of it.
 * If the frame is never sent, it is read again.
 */
export class OpenBatch {
  readonly frame: FrameWriter = new FrameWriter()
  readonly #runs: Run[] = []
  #last: Run | null = null
  /** The link that all frames in the block have gone over; null where there are several. */
  #user: Way | null = null
  #taker: Way | null = null
  #block = this.frame.block

  /** It is for that link now. */
  takenFor(link: Way): void {
    if (this.frame.block !== this.#block) {
      this.#block = this.frame.block
      this.#user = this.#taker
    }
    if (this.#user?.hasReleased) {
      this.frame.rewind()
      this.#user = link
    } else if (this.#user !== link) this.#user = null
    this.#taker = link
  }

  /**
   * @param name the number of its name
   * @param mostBytes of its payload
   * @returns how many bytes that has; less than 0 where it has to be queued
   */
  tell(to: number, target: Asked, name: number, payload: unknown, mostBytes: number): number {
    const sizeBytes = this.frame.tell(to, name, payload, mostBytes)
    if (sizeBytes < 0) return sizeBytes
    const last = this.#last
    if (last !== null && last.target === target) last.messages++
    else this.#runs.push((this.#last = { target, messages: 1 }))
    return sizeBytes
  }

  /** As a frame for the link, which is to be sent next. */
  close(acknowledged: number): Uint8Array {
    this.#last = null
    this.#runs.length = 0
    return this.frame.close(acknowledged)
  }

  /** What was told, where the link is no more. @param names of that link */
  takeBack(names: SentNames): OutgoingMessage[] {
    const targets = this.#runs.flatMap(({ target, messages }) => new Array<Asked>(messages).fill(target))
    const frame = this.close(0)
    this.frame.leaveBlock()
    return decodeBatch(frame, names.mirrored()).map((envelope, i) => {
      const told = envelope as MessageEnvelope
      const { bytes, start, end } = told[3]
      return new OutgoingMessage(told, end - start, plainDecode(bytes, start, end), targets[i]!, null)
    })
  }
}

/** The open batches of one node. A block of memory for each of its peers would be too much where these are many. */
export class OpenBatches {
  readonly #free: OpenBatch[] = []
  #made = 0

  /** @returns null while as many as may be are open */
  take(link: Way): OpenBatch | null {
    const batch = this.#free.pop() ?? this.#another()
    if (batch !== null) batch.takenFor(link)
    return batch
  }

  /** It holds nothing any more. */
  giveBack(batch: OpenBatch): void {
    this.#free.push(batch)
  }

  #another(): OpenBatch | null {
    if (this.#made === MOST_OPEN) return null
    this.#made++
    return new OpenBatch()
  }
}
