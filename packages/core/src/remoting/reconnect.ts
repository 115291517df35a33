import type { CellHost } from '../actor/cell-host.ts'
import type { Deadline } from '../runtime/timer-queue.ts'
import type { Association } from './association.ts'

/** Longest wait between two attempts, in ms. */
const MAX_WAIT_MS = 10_000

/**
 * Tries to get a lost connection back: at once, then after waits that double, with jitter, until it is back
 * or the grace period is over. Then the peer counts as down.
 */
export class Reconnect {
  readonly #host: CellHost
  readonly #association: Association
  readonly #dial: (() => Promise<unknown>) | null
  readonly #graceMs: number
  #waitMs: number
  #grace: Deadline | null = null
  #next: Deadline | null = null
  #stopped = false

  /** @param dial null when the peer cannot be dialled: then only it can come back */
  constructor(
    host: CellHost,
    association: Association,
    dial: (() => Promise<unknown>) | null,
    { graceMs, minMs }: { readonly graceMs: number; readonly minMs: number },
  ) {
    this.#host = host
    this.#association = association
    this.#dial = dial
    this.#graceMs = graceMs
    this.#waitMs = minMs
  }

  start(): void {
    this.#grace = this.#host.timers.after(this.#graceMs, () => this.#association.end('node-down'))
    // The node with the lower uid goes first, so that the two do not dial each other at the same moment.
    if (this.#host.uid < this.#association.peer.uid) this.#attempt()
    else this.#later()
  }

  stop(): void {
    this.#stopped = true
    this.#grace?.cancel()
    this.#next?.cancel()
  }

  #attempt(): void {
    if (this.#stopped || this.#dial === null) return
    this.#dial().catch(() => {
      if (this.#stopped) return
      this.#association.unreachable()
      this.#later()
    })
  }

  #later(): void {
    const spread = 0.8 + this.#host.runtime.random.below(401) / 1000
    this.#next = this.#host.timers.after(this.#waitMs * spread, () => this.#attempt())
    this.#waitMs = Math.min(MAX_WAIT_MS, this.#waitMs * 2)
  }
}
