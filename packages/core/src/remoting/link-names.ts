import { MalformedFrameError } from '../errors.ts'

/** Names that a side of a connection gives numbers to: as many as two bytes hold, so that no peer fills anything. */
const MOST_NAMES = 256
/** Longest one, in bytes. Longer ones travel in full each time. */
const MOST_BYTES = 64

/**
 * Numbers for what is sent over one connection again and again, names of messages and paths. The first time it travels in
 * full, and both sides count: the next number stands for it from then on. Whatever is encoded with it must be sent over
 * that connection, in that order.
 */
export class SentNames {
  readonly #numbers = new Map<string, number>()
  #last: string | null = null
  #lastNumber = -1

  /** @returns undefined for one that must travel in full */
  get(name: string): number | undefined {
    return this.#numbers.get(name)
  }

  /** The same for messages, which come in bursts of one name. @returns -1 for one that must travel in full */
  numberOf(name: string): number {
    if (name !== this.#last) {
      const number = this.#numbers.get(name)
      if (number === undefined) return -1
      this.#last = name
      this.#lastNumber = number
    }
    return this.#lastNumber
  }

  /** What the other side knows, once it has all that was written. */
  mirrored(): ReceivedNames {
    return new ReceivedNames([...this.#numbers.keys()])
  }

  /** It has just been written in full, in so many bytes. */
  wrote(name: string, bytes: number): void {
    if (this.#numbers.size < MOST_NAMES && bytes <= MOST_BYTES) this.#numbers.set(name, this.#numbers.size)
  }
}

/** The other end of {@link SentNames}. */
export class ReceivedNames {
  readonly #names: string[]

  constructor(names: string[] = []) {
    this.#names = names
  }

  /** @throws {MalformedFrameError} for a number that stands for nothing yet */
  get(number: number): string {
    const name = this.#names[number]
    if (name === undefined) throw new MalformedFrameError(`name ${number} of ${this.#names.length}`)
    return name
  }

  /** It has just been read in full, in so many bytes. */
  read(name: string, bytes: number): void {
    if (this.#names.length < MOST_NAMES && bytes <= MOST_BYTES) this.#names.push(name)
  }
}

/** Both directions of one connection, as one side sees them. */
export class LinkNames {
  readonly sent: SentNames = new SentNames()
  readonly received: ReceivedNames = new ReceivedNames()
}
