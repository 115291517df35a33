/** What a tell can cost at the very least: one ring of who and what, and one call. */
export class BareLoop {
  readonly #who: ({ note: (payload: number) => void } | null)[]
  readonly #what: number[]
  readonly #mask: number
  #head = 0
  #tail = 0

  /** @param capacity a power of two */
  constructor(capacity: number) {
    this.#who = new Array<null>(capacity).fill(null)
    this.#what = new Array<number>(capacity).fill(0)
    this.#mask = capacity - 1
  }

  tell(actor: { note: (payload: number) => void }, payload: number): void {
    const at = this.#tail++ & this.#mask
    this.#who[at] = actor
    this.#what[at] = payload
  }

  drain(): void {
    while (this.#head !== this.#tail) {
      const at = this.#head++ & this.#mask
      const actor = this.#who[at]!
      this.#who[at] = null
      actor.note(this.#what[at]!)
    }
  }
}
