/** A frame on its way. */
export class Arrival {
  readonly bytes: Uint8Array
  /** Which frame of its direction it is. */
  readonly n: number
  /** When it arrives, in microseconds of the receiver's clock. */
  dueUs: number

  constructor(bytes: Uint8Array, n: number, dueUs: number) {
    this.bytes = bytes
    this.n = n
    this.dueUs = dueUs
  }
}

/** What is on its way to one end of a link, first due first; of two due at once, the one added first. */
export class Inbox {
  #arrivals: Arrival[] = []
  /** Those before it have been taken. */
  #head = 0

  get size(): number {
    return this.#arrivals.length - this.#head
  }

  first(): Arrival | undefined {
    return this.#arrivals[this.#head]
  }

  /** O(1) for what is due last, as everything on an ordered link is. */
  add(arrival: Arrival): void {
    const arrivals = this.#arrivals
    let at = arrivals.length
    arrivals.push(arrival)
    for (; at > this.#head && arrivals[at - 1]!.dueUs > arrival.dueUs; at--) arrivals[at] = arrivals[at - 1]!
    arrivals[at] = arrival
  }

  /** Takes the first one out. */
  shift(): void {
    this.#head++
    if (this.#head === this.#arrivals.length) {
      this.#arrivals.length = 0
      this.#head = 0
    } else if (this.#head >= 64 && this.#head * 2 >= this.#arrivals.length) {
      // Never more than half of it is behind the head, so that each arrival is moved once at most.
      this.#arrivals.splice(0, this.#head)
      this.#head = 0
    }
  }

  /** Nothing arrives before `dueUs`. */
  postpone(dueUs: number): void {
    for (let i = this.#head; i < this.#arrivals.length; i++) {
      const arrival = this.#arrivals[i]!
      if (arrival.dueUs >= dueUs) return
      arrival.dueUs = dueUs
    }
  }

  /** Empties it. @returns what was in it */
  takeAll(): Arrival[] {
    const rest = this.#arrivals.slice(this.#head)
    this.#arrivals.length = 0
    this.#head = 0
    return rest
  }
}
