/** Slots per message: what is behind it or its name, and the payload. No object is made for a message. */
const STRIDE = 2
/** Messages that fit into the first block, and into the largest. */
const FIRST_CAPACITY = 4
const LAST_CAPACITY = 16_384
/** An empty block larger than this is given back. */
const KEPT_CAPACITY = 1_024

/** A ring of fixed capacity, and the next one, where it was full. */
class Block {
  readonly slots: unknown[]
  readonly mask: number
  head = 0
  length = 0
  next: Block | null = null

  constructor(capacity: number) {
    // Filled at once: an array with holes is slower to read for as long as it lives.
    this.slots = new Array<unknown>(capacity * STRIDE).fill(undefined)
    this.mask = capacity - 1
  }
}

/**
 * An unbounded first-in first-out queue of messages: rings in a chain, each twice as large as the one before.
 * Nothing is ever copied, so a queue of a million grows as cheaply as one of ten. An empty one that was never
 * used has no memory of its own.
 */
export class Fifo {
  #first: Block | null = null
  #last: Block | null = null
  #size = 0
  /** Of the message taken last. */
  head: unknown = undefined
  payload: unknown = undefined

  /** Messages queued. */
  get size(): number {
    return this.#size
  }

  push(head: unknown, payload: unknown): void {
    let block = this.#last
    if (block === null || block.length > block.mask) block = this.#grow()
    const at = ((block.head + block.length++) & block.mask) * STRIDE
    block.slots[at] = head
    block.slots[at + 1] = payload
    this.#size++
  }

  /** Moves the first message into `head` and `payload`. @returns false when there is none */
  take(): boolean {
    if (this.#size === 0) return false
    let block = this.#first!
    if (block.length === 0) {
      block = block.next!
      this.#first = block
    }
    const at = block.head * STRIDE
    this.head = block.slots[at]
    this.payload = block.slots[at + 1]
    // A ring must not keep alive what has been handled.
    block.slots[at] = undefined
    block.slots[at + 1] = undefined
    block.head = (block.head + 1) & block.mask
    block.length--
    if (--this.#size === 0 && block.mask >= KEPT_CAPACITY) {
      this.#first = null
      this.#last = null
    }
    return true
  }

  /** Lets go of the message taken last. */
  forget(): void {
    this.head = undefined
    this.payload = undefined
  }

  #grow(): Block {
    const last = this.#last
    const block = new Block(last === null ? FIRST_CAPACITY : Math.min(LAST_CAPACITY, (last.mask + 1) * 2))
    if (last === null) this.#first = block
    else last.next = block
    this.#last = block
    return block
  }
}
