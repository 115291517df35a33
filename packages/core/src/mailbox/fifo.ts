/** Slots per message: what is behind it or its name, and the payload. No object is made for a message. */
const STRIDE = 2
/** Slots of the first chunk and of the largest; the last slot of each leads to the next one. */
const FIRST_SLOTS = 8
const LAST_SLOTS = 16_384
/** An empty chunk larger than this is given back. */
const KEPT_SLOTS = 4_096
/** Largest chunks kept for the next long queue, whosever it is: 4 MiB. The host takes its time to hand out new ones. */
const SPARE_CHUNKS = 32

type Chunk = unknown[]

const spare: Chunk[] = []

/**
 * An unbounded first-in first-out queue of messages, in chunks each twice as large as the one before, up to
 * 128 KiB. Nothing is ever copied, so a queue of a million grows as cheaply as one of ten. One that was never
 * used has no memory of its own.
 */
export class Fifo {
  /** Where the next message is taken, and where the next one is put. */
  #first: Chunk = NONE
  #from = 0
  #last: Chunk = NONE
  #to = 0
  /** Messages in the chunks. */
  protected count = 0
  /** Of the message taken last. */
  head: unknown = undefined
  payload: unknown = undefined

  /** Messages queued. */
  get size(): number {
    return this.count
  }

  push(head: unknown, payload: unknown): void {
    if (this.#to >= this.#last.length - 1) this.#grow()
    const chunk = this.#last
    const at = this.#to
    chunk[at] = head
    chunk[at + 1] = payload
    this.#to = at + STRIDE
    this.count++
  }

  /** Moves the first message into `head` and `payload`. @returns false when there is none */
  take(): boolean {
    if (this.count === 0) return false
    if (this.#from >= this.#first.length - 1) this.#advance()
    const chunk = this.#first
    const at = this.#from
    this.head = chunk[at]
    this.payload = chunk[at + 1]
    // A chunk must not keep alive what has been handled.
    chunk[at] = undefined
    chunk[at + 1] = undefined
    this.#from = at + STRIDE
    if (--this.count === 0) this.#emptied()
    return true
  }

  /** Lets go of the message taken last. */
  forget(): void {
    this.head = undefined
    this.payload = undefined
  }

  #grow(): void {
    const before = this.#last.length
    const slots = before <= 1 ? FIRST_SLOTS : Math.min(LAST_SLOTS, (before - 1) * 2)
    const chunk = (slots === LAST_SLOTS ? spare.pop() : undefined) ?? new Array<unknown>(slots + 1).fill(undefined)
    if (before <= 1) this.#first = chunk
    else this.#last[before - 1] = chunk
    this.#last = chunk
    this.#to = 0
  }

  #advance(): void {
    const done = this.#first
    this.#first = done[done.length - 1] as Chunk
    this.#from = 0
    recycle(done)
  }

  #emptied(): void {
    this.#from = 0
    this.#to = 0
    if (this.#last.length - 1 <= KEPT_SLOTS) {
      this.#first = this.#last
      return
    }
    recycle(this.#last)
    this.#first = NONE
    this.#last = NONE
  }
}

const NONE: Chunk = [undefined]

function recycle(chunk: Chunk): void {
  if (chunk.length !== LAST_SLOTS + 1 || spare.length >= SPARE_CHUNKS) return
  chunk[LAST_SLOTS] = undefined
  spare.push(chunk)
}
