import { DialError, ProtocolMismatchError, RefusedError, SystemStoppedError, toError } from '../errors.ts'
import type { Deadline, TimerQueue } from '../runtime/timer-queue.ts'
import type { Peer } from './peer-event.ts'

/** Longest wait between two attempts, in ms: somebody is waiting for the node to come up. */
const MAX_WAIT_MS = 1_000

/** One call of `connect`: attempts until one succeeds, one says that none ever will, or time is up. */
export class Connecting {
  readonly done: Promise<Peer>
  readonly #timers: TimerQueue
  readonly #attempt: () => Promise<Peer>
  readonly #end: Deadline
  #waitMs: number
  #next: Deadline | null = null
  #lastError: Error | null = null
  #resolve!: (peer: Peer) => void
  #reject!: (error: Error) => void

  constructor(
    timers: TimerQueue,
    attempt: () => Promise<Peer>,
    { address, timeoutMs, minMs }: { readonly address: string; readonly timeoutMs: number; readonly minMs: number },
  ) {
    this.#timers = timers
    this.#attempt = attempt
    this.#waitMs = minMs
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.#end = timers.after(timeoutMs, () => {
      this.fail(this.#lastError ?? new DialError(address, `no answer within ${timeoutMs} ms`))
    })
    this.#try()
  }

  /** Gives up. */
  fail(error: Error): void {
    this.#stop()
    this.#reject(error)
  }

  #try(): void {
    this.#attempt().then(
      (peer) => {
        this.#stop()
        this.#resolve(peer)
      },
      (thrown) => {
        const error = toError(thrown)
        if (mayRetry(error)) this.#later(error)
        else this.fail(error)
      },
    )
  }

  #later(error: Error): void {
    this.#lastError = error
    // Not in any queue any more: it has expired or was cancelled.
    if (this.#end.queue === null) return
    this.#next = this.#timers.after(this.#waitMs, () => this.#try())
    this.#waitMs = Math.min(MAX_WAIT_MS, this.#waitMs * 2)
  }

  #stop(): void {
    this.#end.cancel()
    this.#next?.cancel()
  }
}

/** Whether another attempt may end otherwise. */
function mayRetry(error: Error): boolean {
  if (error instanceof RefusedError) return PASSING.has(error.reason)
  return !(error instanceof ProtocolMismatchError || error instanceof SystemStoppedError)
}

const PASSING: ReadonlySet<string> = new Set(['duplicate', 'stopping', 'busy'])
