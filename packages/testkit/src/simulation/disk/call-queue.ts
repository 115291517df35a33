/** A call under way: when it ends, and what it does then. A call has its effect as it begins, a sync as it ends. */
export interface Call<T> {
  readonly latencyMs: number
  end(): T
}

/** Begins a call once those before it in the queue are over, and settles as it ends. */
export type Carry = <T>(queue: CallQueue, begin: () => Call<T>) => Promise<T>

/** Calls that are carried out one after another. */
export class CallQueue {
  #waiting: ((done: () => void) => void)[] = []
  #busy = false

  /** @param work calls `done` when the next one may begin */
  add(work: (done: () => void) => void): void {
    this.#waiting.push(work)
    if (!this.#busy) this.#next()
  }

  readonly #next = (): void => {
    const work = this.#waiting.shift()
    this.#busy = work !== undefined
    work?.(this.#next)
  }
}

/** A call that ends with `error`. */
export function failing(latencyMs: number, error: unknown): Call<never> {
  return {
    latencyMs,
    end: () => {
      throw error
    },
  }
}
