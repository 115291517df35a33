import type { Origin } from '../actor/origin.ts'

/** Slots per message in the ring: name, payload, origin. No object is made for a message. */
const STRIDE = 3
const FIRST_CAPACITY = 8 * STRIDE
/** A ring that grew beyond this is given back once it is empty. */
const KEPT_CAPACITY = 1024 * STRIDE

type Slot = unknown

/**
 * The user lane of one actor: a ring that doubles when full. Unbounded; about 10 ns a message at any depth.
 * The memory for it appears with the first message, so that an idle actor has none.
 */
export class Mailbox {
  #ring: Slot[] | null = null
  #head = 0
  #length = 0
  #mask = 0
  /** Of the message taken last: read these before the next `take`. */
  name = ''
  payload: unknown = undefined
  origin: Origin | null = null

  /** Messages queued. */
  get size(): number {
    return this.#length
  }

  push(name: string, payload: unknown, origin: Origin | null): void {
    const ring = this.#ring === null || (this.#length + 1) * STRIDE > this.#ring.length ? this.#grow() : this.#ring
    const at = ((this.#head + this.#length++) & this.#mask) * STRIDE
    ring[at] = name
    ring[at + 1] = payload
    ring[at + 2] = origin
  }

  /** Moves the first message into `name`, `payload` and `origin`. @returns false when there is none */
  take(): boolean {
    if (this.#length === 0) return false
    const ring = this.#ring!
    const at = this.#head * STRIDE
    this.name = ring[at] as string
    this.payload = ring[at + 1]
    this.origin = ring[at + 2] as Origin | null
    // The ring must not keep a payload alive that has been handled.
    ring[at + 1] = undefined
    ring[at + 2] = null
    this.#head = (this.#head + 1) & this.#mask
    if (--this.#length === 0 && ring.length > KEPT_CAPACITY) {
      this.#ring = null
      this.#head = 0
    }
    return true
  }

  /** Lets go of the message taken last. */
  forget(): void {
    this.payload = undefined
    this.origin = null
  }

  #grow(): Slot[] {
    const old = this.#ring
    const capacity = old === null ? FIRST_CAPACITY : old.length * 2
    // Filled at once: an array with holes is slower to read for as long as it lives.
    const ring: Slot[] = new Array<Slot>(capacity).fill(null)
    if (old !== null) {
      const start = this.#head * STRIDE
      for (let i = 0; i < old.length; i++) ring[i] = old[(start + i) % old.length]
    }
    this.#ring = ring
    this.#head = 0
    this.#mask = capacity / STRIDE - 1
    return ring
  }
}
