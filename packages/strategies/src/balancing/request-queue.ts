import type { Cancellable, Deferred } from '@troupe/core'

/** A request that waits for a target, or for its answer. */
export interface Request {
  /** Order of arrival. */
  readonly sequence: number
  readonly name: string
  readonly payload: unknown
  readonly key: string | undefined
  /** Null for a tell. */
  readonly reply: Deferred<unknown> | null
  /** Monotonic ms by when it must be answered. */
  readonly dueMs: number
  /** While it is queued. */
  timer: Cancellable | null
}

/** First in, first out by order of arrival: a request that comes back takes its old place. */
export class RequestQueue {
  #items: (Request | null)[] = []
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Puts a request in its place: nearly always the end, or the front when it comes back. */
  add(request: Request): void {
    this.#size++
    const last = this.#items.at(-1)
    if (this.#items.length === this.#head || (last !== null && last!.sequence < request.sequence)) {
      this.#items.push(request)
      return
    }
    let at = this.#head
    for (let other = this.#items[at]; at < this.#items.length; other = this.#items[++at]) {
      if (other !== null && other!.sequence > request.sequence) break
    }
    this.#items.splice(at, 0, request)
  }

  /** Takes the oldest request out. */
  shift(): Request | null {
    while (this.#head < this.#items.length) {
      const request = this.#items[this.#head]!
      this.#items[this.#head++] = null
      if (this.#head > 512 && this.#head * 2 > this.#items.length) this.#compact()
      if (request === null) continue
      this.#size--
      return request
    }
    this.#compact()
    return null
  }

  /** Takes a request out of the middle. O(queued), for those that expire. */
  remove(request: Request): boolean {
    const at = this.#items.indexOf(request, this.#head)
    if (at === -1) return false
    // A hole, not a splice: many expire at once, and each splice would move all the others.
    this.#items[at] = null
    this.#size--
    return true
  }

  #compact(): void {
    this.#items = this.#items.slice(this.#head)
    this.#head = 0
  }
}
