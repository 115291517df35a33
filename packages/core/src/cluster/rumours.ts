/** Each rumour is passed on this many times the logarithm of the number of members: then nearly all have heard it. */
const TIMES_LOG = 2

/** What is to be passed on with the next messages: the freshest first, each a number of times that grows with log n. */
export class Rumours {
  /** Per uid, how often what is known of it was passed on since it changed. In the order of change. */
  readonly #sent = new Map<string, number>()

  get size(): number {
    return this.#sent.size
  }

  /** What is known of `uid` has changed: that replaces whatever was to be passed on of it. */
  add(uid: string): void {
    this.#sent.delete(uid)
    this.#sent.set(uid, 0)
  }

  delete(uid: string): void {
    this.#sent.delete(uid)
  }

  /**
   * The uids to tell of in one message; they count as passed on.
   *
   * @param most how many at most
   * @param members how many there are to be told
   */
  take(most: number, members: number): string[] {
    if (this.#sent.size === 0 || most <= 0) return []
    const limit = TIMES_LOG * bitLength(members)
    // Sorting is stable: of those told equally often, the one that has waited longest comes first.
    const taken = [...this.#sent].sort((a, b) => a[1] - b[1]).slice(0, most)
    for (const [uid, times] of taken) {
      if (times + 1 >= limit) this.#sent.delete(uid)
      else this.#sent.set(uid, times + 1)
    }
    return taken.map(([uid]) => uid)
  }
}

/** The number of bits of a count: a logarithm in whole numbers, 1 for 1. */
export function bitLength(count: number): number {
  return 32 - Math.clz32(Math.max(1, count))
}
