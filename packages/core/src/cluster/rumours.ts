/** Each rumour is passed on this many times the logarithm of the number of members: then nearly all have heard it. */
const TIMES_LOG = 2

/** What is to be passed on with the next messages: the freshest first, each a number of times that grows with log n. */
export class Rumours {
  /** Uids that were passed on as often as their index says since they changed; each in the order in which they wait. */
  readonly #waiting: Set<string>[] = [new Set()]
  /** Per uid, how often it was passed on. */
  readonly #sent = new Map<string, number>()

  get size(): number {
    return this.#sent.size
  }

  /** What is known of `uid` has changed: that replaces whatever was to be passed on of it. */
  add(uid: string): void {
    this.delete(uid)
    this.#put(uid, 0)
  }

  delete(uid: string): void {
    const times = this.#sent.get(uid)
    if (times === undefined) return
    this.#waiting[times]!.delete(uid)
    this.#sent.delete(uid)
  }

  /**
   * The uids to tell of in one message; they count as passed on.
   *
   * @param most how many at most
   * @param members how many there are to be told
   */
  take(most: number, members: number): string[] {
    const taken: string[] = []
    if (this.#sent.size === 0) return taken
    const limit = TIMES_LOG * bitLength(members)
    for (const waiting of this.#waiting) {
      for (const uid of waiting) {
        if (taken.length >= most) break
        taken.push(uid)
      }
    }
    for (const uid of taken) {
      const times = this.#sent.get(uid)! + 1
      this.delete(uid)
      if (times < limit) this.#put(uid, times)
    }
    return taken
  }

  #put(uid: string, times: number): void {
    while (this.#waiting.length <= times) this.#waiting.push(new Set())
    this.#waiting[times]!.add(uid)
    this.#sent.set(uid, times)
  }
}

/** The number of bits of a count: a logarithm in whole numbers, 1 for 1. */
export function bitLength(count: number): number {
  return 32 - Math.clz32(Math.max(1, count))
}
