import type { CellHost } from '../actor/cell-host.ts'
import { RefusedError } from '../errors.ts'
import type { Deadline } from '../runtime/timer-queue.ts'
import type { Association } from './association.ts'

/** Longest wait between two attempts: in ms, and as a share of the grace, or a link mended early would be missed. */
const MAX_WAIT_MS = 10_000
const MAX_WAIT_SHARE = 0.1
/** When the last attempt is due at the latest, as a share of the grace. */
const LAST_ATTEMPT_SHARE = 0.95
/** The grace is counted in pieces of this, in ms; one that took as much longer was a stall of this node. */
const PIECE_MS = 1_000

export interface ReconnectTerms {
  readonly graceMs: number
  readonly minMs: number
  /** Whether it is for somebody else to say when the peer is down: then attempts go on beyond the grace. */
  readonly judged: () => boolean
}

/**
 * Tries to get a lost connection back: at once, then after waits that double, with jitter, until it is back
 * or the grace period is over. Then the peer counts as down.
 */
export class Reconnect {
  readonly #host: CellHost
  readonly #association: Association
  readonly #dial: (() => Promise<unknown>) | null
  #graceMs: number
  readonly #judged: () => boolean
  readonly #maxWaitMs: number
  readonly #lastAttemptMs: number
  #waitMs: number
  /** When the present piece of the grace began. */
  #startMs = 0
  #grace: Deadline | null = null
  #next: Deadline | null = null
  #stopped = false

  /** @param dial null when the peer cannot be dialled: then only it can come back */
  constructor(
    host: CellHost,
    association: Association,
    dial: (() => Promise<unknown>) | null,
    { graceMs, minMs, judged }: ReconnectTerms,
  ) {
    this.#host = host
    this.#association = association
    this.#dial = dial
    this.#graceMs = graceMs
    this.#maxWaitMs = Math.max(minMs, Math.min(MAX_WAIT_MS, graceMs * MAX_WAIT_SHARE))
    this.#lastAttemptMs = graceMs * (1 - LAST_ATTEMPT_SHARE)
    this.#judged = judged
    this.#waitMs = minMs
  }

  /** @param atOnce false to wait before the first attempt */
  start(atOnce: boolean): void {
    this.#countDown()
    // The node with the lower uid goes first, so that the two do not dial each other at the same moment.
    if (atOnce && this.#host.uid < this.#association.peer.uid) this.#attempt()
    else this.#later()
  }

  stop(): void {
    this.#stopped = true
    this.#grace?.cancel()
    this.#next?.cancel()
  }

  /** While this node was stalled it could not have heard from anybody: that time does not count. */
  #countDown(): void {
    const { clock } = this.#host.runtime
    const pieceMs = this.#graceMs > 0 ? Math.min(PIECE_MS, this.#graceMs) : PIECE_MS
    this.#startMs = clock.now()
    this.#grace = this.#host.timers.after(pieceMs, () => {
      const tookMs = clock.now() - this.#startMs
      if (tookMs < pieceMs + PIECE_MS) this.#graceMs -= tookMs
      if (this.#graceMs > 0 || this.#judged()) this.#countDown()
      else this.#association.giveUp()
    })
  }

  #attempt(): void {
    if (this.#stopped || this.#dial === null) return
    this.#dial().catch((error) => {
      if (this.#stopped) return
      // The other side is just making a connection: what waits can go over that.
      if (!(error instanceof RefusedError && error.reason === 'duplicate')) this.#association.unreachable()
      this.#later()
    })
  }

  #later(): void {
    const { timers, runtime } = this.#host
    const spread = 0.8 + runtime.random.below(401) / 1000
    const waitMs = this.#waitMs * spread
    const lastMs = this.#startMs + this.#graceMs - this.#lastAttemptMs - runtime.clock.now()
    this.#next = timers.after(lastMs > 0 ? Math.min(waitMs, lastMs) : waitMs, () => this.#attempt())
    this.#waitMs = Math.min(this.#maxWaitMs, this.#waitMs * 2)
  }
}
