import type { PendingAsk } from '../actor/ask.ts'
import type { AbandonReason } from '../actor/origin.ts'

/** The asks to one peer that are not over, by the number their answers will bear. */
export class OpenAsks {
  readonly #pending = new Map<number, PendingAsk>()
  #last = 0

  /** @returns its number, never used before */
  add(pending: PendingAsk): number {
    const correlation = ++this.#last
    pending.atEnd(() => this.#pending.delete(correlation))
    this.#pending.set(correlation, pending)
    return correlation
  }

  /** @returns null when that ask is over, or never was */
  get(correlation: number): PendingAsk | null {
    return this.#pending.get(correlation) ?? null
  }

  /** Those that have been sent will get no answer. */
  abandonSent(reason: AbandonReason): void {
    for (const pending of [...this.#pending.values()]) if (pending.sent) pending.abandoned(reason)
  }
}
