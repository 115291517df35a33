import type { Random } from '../runtime/random.ts'

/**
 * In which order members are probed: everyone once a round, each round in another order. So none waits for longer than
 * two rounds, which a choice by chance alone would not promise.
 *
 * @see Das, Gupta & Motivala 2002, "SWIM", §4.3
 */
export class ProbeOrder {
  readonly #random: Random
  readonly #uids: string[] = []
  #next = 0

  constructor(random: Random) {
    this.#random = random
  }

  /** Somewhere in the round: nodes that hear of it at the same time do not probe it at the same time. */
  add(uid: string): void {
    const at = this.#random.below(this.#uids.length + 1)
    this.#uids.splice(at, 0, uid)
    if (at < this.#next) this.#next++
  }

  delete(uid: string): void {
    const at = this.#uids.indexOf(uid)
    if (at === -1) return
    this.#uids.splice(at, 1)
    if (at < this.#next) this.#next--
  }

  get uids(): readonly string[] {
    return this.#uids
  }

  /** @returns null when there is nobody */
  next(): string | null {
    if (this.#uids.length === 0) return null
    if (this.#next >= this.#uids.length) {
      shuffle(this.#uids, this.#random)
      this.#next = 0
    }
    return this.#uids[this.#next++]!
  }

  /** Up to `count` of them, by chance, those left out for which `isFit` is false. */
  some(count: number, isFit: (uid: string) => boolean): string[] {
    const fit = this.#uids.filter(isFit)
    // The first few of a shuffle are enough.
    for (let i = 0; i < Math.min(count, fit.length); i++) {
      const other = i + this.#random.below(fit.length - i)
      const uid = fit[i]!
      fit[i] = fit[other]!
      fit[other] = uid
    }
    return fit.slice(0, count)
  }
}

/** Fisher and Yates. */
function shuffle(items: string[], random: Random): void {
  for (let i = items.length - 1; i > 0; i--) {
    const other = random.below(i + 1)
    const item = items[i]!
    items[i] = items[other]!
    items[other] = item
  }
}
