import { ProtocolMismatchError, RefusedError } from '../errors.ts'
import type { Deadline, TimerQueue } from '../runtime/timer-queue.ts'

/** How often a seed that does not answer is tried again, in ms. */
const RETRY_MS = 1_000
/** Longest wait before a seed that refuses is asked again, in ms: it takes a restart of either side to change that. */
const MAX_REFUSED_MS = 60_000

/** Connects to the seeds, now and whenever one of them is not connected, until it is stopped. */
export class Seeds {
  readonly #timers: TimerQueue
  readonly #connect: (address: string) => Promise<unknown>
  readonly #waiting = new Set<Deadline>()
  #stopped = false

  /** @param connect makes a connection to an address, or does nothing if there is one */
  constructor(timers: TimerQueue, connect: (address: string) => Promise<unknown>) {
    this.#timers = timers
    this.#connect = connect
  }

  start(addresses: Iterable<string>): void {
    for (const address of new Set(addresses)) this.#try(address, RETRY_MS)
  }

  stop(): void {
    this.#stopped = true
    for (const deadline of this.#waiting) deadline.cancel()
    this.#waiting.clear()
  }

  #try(address: string, refusedMs: number): void {
    this.#connect(address).then(
      () => this.#later(address, RETRY_MS, RETRY_MS),
      (error) => {
        if (error instanceof RefusedError && error.reason === 'self') return
        const refused =
          error instanceof ProtocolMismatchError || (error instanceof RefusedError && error.reason !== 'duplicate')
        if (refused) this.#later(address, refusedMs, Math.min(MAX_REFUSED_MS, refusedMs * 2))
        else this.#later(address, RETRY_MS, RETRY_MS)
      },
    )
  }

  #later(address: string, waitMs: number, refusedMs: number): void {
    if (this.#stopped) return
    const deadline = this.#timers.after(waitMs, () => {
      this.#waiting.delete(deadline)
      this.#try(address, refusedMs)
    })
    this.#waiting.add(deadline)
  }
}
