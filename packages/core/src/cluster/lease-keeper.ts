import type { Logger } from '../actor/logger.ts'
import { toError } from '../errors.ts'
import type { Deadline, TimerQueue } from '../runtime/timer-queue.ts'
import type { LeaseTerms } from './split-brain.ts'

/** A lease is renewed so many times in its life. */
const RENEWALS = 3
/** Whoever is refused tries so many times in the life of a lease. */
const TRIES = 5
/** For so many lives: a dead owner's has ended by then. */
const PATIENCE = 1.5

export interface LeaseKeeperHost {
  readonly uid: string
  readonly timers: TimerQueue
  readonly log: Logger
  /** Whether the claim was granted. Once for each, unless it was given up. */
  claimed(isTaken: boolean): void
  /** Another one has the lease that this node had. */
  lost(): void
}

/** One node's dealings with the lease of its cluster: one question at a time. */
export class LeaseKeeper {
  readonly #terms: LeaseTerms
  readonly #host: LeaseKeeperHost
  /** When the claim began; null without one. */
  #sinceMs: number | null = null
  #isHolding = false
  #isAsking = false
  #next: Deadline | null = null
  #closed = false

  constructor(terms: LeaseTerms, host: LeaseKeeperHost) {
    this.#terms = terms
    this.#host = host
  }

  /** Tries to take the lease, for one and a half times its life. */
  claim(): void {
    this.#sinceMs = this.#nowMs
    this.#planIn(0)
  }

  /** The claim is of no use any more. */
  giveUp(): void {
    if (this.#sinceMs === null) return
    this.#sinceMs = null
    this.#next?.cancel()
    // One that was taken for nothing ends by itself. Given back, it could be given back after it was taken again.
    if (this.#isHolding) this.#planIn(this.#terms.ttlMs / RENEWALS)
  }

  /** The node stops. */
  close(): void {
    this.#closed = true
    this.#next?.cancel()
    // It ends by itself, if that is lost.
    const { lease } = this.#terms
    if (this.#isHolding) promised(() => lease.release(this.#host.uid)).catch(() => {})
  }

  get #nowMs(): number {
    return this.#host.timers.nowMs()
  }

  #planIn(delayMs: number): void {
    this.#next?.cancel()
    this.#next = this.#host.timers.after(delayMs, () => void this.#step())
  }

  async #step(): Promise<void> {
    // Whoever is asking goes on by itself when the answer is there.
    if (this.#closed || this.#isAsking) return
    this.#isAsking = true
    const beganMs = this.#nowMs
    const isClaim = this.#sinceMs !== null
    const { lease, ttlMs } = this.#terms
    const { uid } = this.#host
    const ask = (): Promise<boolean> => (isClaim ? lease.acquire(uid, ttlMs) : lease.renew(uid, ttlMs))
    const answer = await this.#inTime(promised(ask))
    this.#isAsking = false
    if (isClaim) this.#acquired(answer, beganMs)
    else this.#renewed(answer)
  }

  #acquired(answer: boolean | null, beganMs: number): void {
    const nowMs = this.#nowMs
    const { ttlMs } = this.#terms
    if (this.#closed) return
    if (this.#sinceMs === null) {
      if (this.#isHolding) this.#planIn(ttlMs / RENEWALS)
      return
    }
    // One that has waited for as long as the lease lives, because this node had no time, says nothing of now.
    if (answer === true && nowMs - beganMs < ttlMs) {
      this.#sinceMs = null
      this.#isHolding = true
      this.#planIn(ttlMs / RENEWALS)
      return this.#host.claimed(true)
    }
    if (nowMs - this.#sinceMs < PATIENCE * ttlMs) return this.#planIn(ttlMs / TRIES)
    this.#sinceMs = null
    this.#host.claimed(false)
  }

  #renewed(answer: boolean | null): void {
    if (this.#closed) return
    if (answer === false) {
      this.#isHolding = false
      this.#host.lost()
    } else this.#planIn(this.#sinceMs === null ? this.#terms.ttlMs / RENEWALS : 0)
  }

  /** @returns null when nobody can tell, or not in time */
  #inTime(asked: Promise<boolean>): Promise<boolean | null> {
    return new Promise((resolve) => {
      const late = this.#host.timers.after(this.#terms.ttlMs / RENEWALS, () => resolve(null))
      asked.then(
        (answer) => {
          late.cancel()
          resolve(answer)
        },
        (error) => {
          late.cancel()
          this.#host.log.warn(`the lease of this cluster cannot be reached: ${toError(error).message}`)
          resolve(null)
        },
      )
    })
  }
}

/** A lease may be anybody's code: what it throws is a rejection, and what it returns an answer. */
function promised<T>(ask: () => Promise<T>): Promise<T> {
  return new Promise((resolve) => resolve(ask()))
}
