/** Notes how late a timer is that is set again and again. */
export class Lateness {
  readonly #lateMs: number[] = []
  #dueMs = Number.POSITIVE_INFINITY
  #turns = 0

  /** A timer is set now. @returns for how long, in ms: 5, but not always, or it could keep step with the flood */
  set(): number {
    const delayMs = 4 + (this.#turns++ % 3)
    this.#dueMs = performance.now() + delayMs
    return delayMs
  }

  /** It has run. */
  due(): void {
    this.#lateMs.push(performance.now() - this.#dueMs)
  }

  /** All that were late, with the last one as late as it is by now: one that never ran must not look punctual. */
  end(): readonly number[] {
    const lateMs = performance.now() - this.#dueMs
    return lateMs > 0 ? [...this.#lateMs, lateMs] : this.#lateMs
  }
}
