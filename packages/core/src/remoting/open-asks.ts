import type { AbandonReason } from '../actor/origin.ts'
import type { PendingAsk } from '../actor/pending-ask.ts'

/** Asks given up lately of which an answer may yet come: so many are remembered. */
const MOST_GIVEN_UP = 1_000

/** The asks to one peer that are not over, by the number their answers will bear. */
export class OpenAsks {
  readonly #pending = new Map<number, PendingAsk>()
  /** Those that were sent and given up: an answer to one of them comes late, and can be named. */
  readonly #givenUp = new Map<number, PendingAsk>()
  #last = 0

  /** @returns its number, never used before */
  add(pending: PendingAsk): number {
    const correlation = ++this.#last
    pending.atEnd(() => this.#ended(correlation, pending))
    this.#pending.set(correlation, pending)
    return correlation
  }

  /**
   * The ask that this answer ends, or comes too late for; settling it says so by itself.
   *
   * @returns null for one nobody knows: it was answered, was given up too long ago, or never was
   */
  take(correlation: number): PendingAsk | null {
    const late = this.#givenUp.get(correlation)
    if (late === undefined) return this.#pending.get(correlation) ?? null
    this.#givenUp.delete(correlation)
    return late
  }

  /** The connection is lost: those that have been sent will get no answer. */
  abandonSent(reason: AbandonReason): void {
    this.#givenUp.clear()
    for (const pending of [...this.#pending.values()]) if (pending.sent) pending.abandoned(reason)
  }

  #ended(correlation: number, pending: PendingAsk): void {
    this.#pending.delete(correlation)
    if (!pending.givenUp || !pending.sent) return
    if (this.#givenUp.size >= MOST_GIVEN_UP) this.#givenUp.delete(this.#givenUp.keys().next().value!)
    this.#givenUp.set(correlation, pending)
  }
}
