import type { CellHost } from '../actor/cell-host.ts'
import type { Deadline } from '../runtime/timer-queue.ts'

/** A peer that has been silent, or has taken nothing, for this many periods is no longer connected. */
const MOST_PERIODS = 4

/** Watches one open connection: tries it when it is silent, and says so when it is silent or full for too long. */
export class Heartbeat {
  readonly #host: Pick<CellHost, 'timers' | 'runtime'>
  readonly #periodMs: number
  readonly #ping: () => void
  readonly #onDead: (why: string) => void
  readonly #startMs: number
  #lastHeardMs: number
  #lastBeatMs: number
  /** Since when the link is full; null while it is not. */
  #fullMs: number | null = null
  #next: Deadline

  constructor(
    host: Pick<CellHost, 'timers' | 'runtime'>,
    periodMs: number,
    ping: () => void,
    onDead: (why: string) => void,
  ) {
    this.#host = host
    this.#periodMs = periodMs
    this.#ping = ping
    this.#onDead = onDead
    this.#startMs = this.#lastHeardMs = this.#lastBeatMs = host.runtime.clock.now()
    this.#next = host.timers.after(periodMs, () => this.#beat())
  }

  /** How long it has been watching. */
  get ageMs(): number {
    return this.#host.runtime.clock.now() - this.#startMs
  }

  heard(): void {
    this.#lastHeardMs = this.#host.runtime.clock.now()
  }

  full(): void {
    this.#fullMs ??= this.#host.runtime.clock.now()
  }

  drained(): void {
    this.#fullMs = null
  }

  stop(): void {
    this.#next.cancel()
  }

  #beat(): void {
    const nowMs = this.#host.runtime.clock.now()
    // A node that was itself stalled must not accuse: what the others sent meanwhile is still unread.
    if (nowMs - this.#lastBeatMs > 2 * this.#periodMs) {
      this.#lastHeardMs = nowMs
      if (this.#fullMs !== null) this.#fullMs = nowMs
    }
    this.#lastBeatMs = nowMs
    const silentMs = nowMs - this.#lastHeardMs
    const fullMs = nowMs - (this.#fullMs ?? nowMs)
    const limitMs = MOST_PERIODS * this.#periodMs
    if (silentMs >= limitMs) return this.#onDead(`silent for ${Math.round(silentMs)} ms`)
    if (fullMs >= limitMs) return this.#onDead(`took nothing for ${Math.round(fullMs)} ms`)
    this.#next = this.#host.timers.after(this.#periodMs, () => this.#beat())
    if (silentMs >= this.#periodMs / 2) this.#ping()
  }
}
