import type { Overflow } from '@troupe/core'

/** A message, as a twin of a mailbox knows it. */
export interface Item {
  readonly id: number
  /** The lowest comes first, where there are priorities. */
  readonly urgency: number
}

/** What a mailbox is to do with a message. */
type Fate = 'queued' | 'waits' | 'rejected' | 'dropped'

export interface TwinOptions {
  readonly capacity: number
  readonly overflow: Overflow
  readonly hasPriorities: boolean
}

/** What docs/semantics.md says of mailboxes, by one who sees each message being sent and each handler begin. */
export class MailboxTwin {
  readonly #options: TwinOptions
  #waiting: Item[] = []
  #offers: Item[] = []

  constructor(options: TwinOptions) {
    this.#options = options
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#offers.length === 0
  }

  /** @returns what becomes of it, and the one that is dropped, itself or an older one */
  send(item: Item): { readonly fate: Fate; readonly dropped: Item | null } {
    if (!this.#isFull) {
      this.#waiting.push(item)
      return { fate: 'queued', dropped: null }
    }
    if (this.#options.overflow === 'reject') return { fate: 'rejected', dropped: null }
    if (this.#options.overflow === 'drop-newest') return { fate: 'dropped', dropped: item }
    this.#waiting.push(item)
    return { fate: 'queued', dropped: this.#waiting.shift()! }
  }

  offer(item: Item): Fate {
    const isFull = this.#isFull
    if (isFull) this.#offers.push(item)
    else this.#waiting.push(item)
    return isFull ? 'waits' : 'queued'
  }

  /** @returns false when it is queued by now */
  withdraw(id: number): boolean {
    const before = this.#offers.length
    this.#offers = this.#offers.filter((item) => item.id !== id)
    return this.#offers.length < before
  }

  /** A handler begins. @returns the message whose turn it is; undefined when none waits */
  begin(id: number): number | undefined {
    const due = this.#next()?.id
    this.#waiting = this.#waiting.filter((item) => item.id !== id)
    // The room is for those who wait for it, before anybody can tell anything else.
    while (!this.#isFull && this.#offers.length > 0) this.#waiting.push(this.#offers.shift()!)
    return due
  }

  get #isFull(): boolean {
    return this.#waiting.length >= this.#options.capacity
  }

  #next(): Item | undefined {
    if (!this.#options.hasPriorities) return this.#waiting[0]
    const least = Math.min(...this.#waiting.map(({ urgency }) => urgency))
    return this.#waiting.find(({ urgency }) => urgency === least)
  }
}
