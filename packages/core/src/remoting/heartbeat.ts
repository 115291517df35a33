import type { CellHost } from '../actor/cell-host.ts'
import type { Deadline } from '../runtime/timer-queue.ts'

/** A peer that has been silent, or has taken nothing, for this many periods is no longer connected. */
const MOST_PERIODS = 4

/** What a heartbeat sees of a connection, and does with it. */
export interface Pulse {
  /** Asks the other side for a word, ahead of all that waits. */
  ping(): void
  /** Another period has gone by. */
  beat(): void
  /** The connection is no good any more. */
  dead(why: string): void
  /** Bytes that it was given so far. */
  sentBytes(): number
  /** Those of them that have left this process. */
  takenBytes(): number
}

/** Watches one open connection: tries it when it is silent, and says so when it is silent or full for too long. */
export class Heartbeat {
  readonly #host: Pick<CellHost, 'timers' | 'runtime'>
  readonly #periodMs: number
  readonly #pulse: Pulse
  readonly #startMs: number
  #lastHeardMs: number
  #lastBeatMs: number
  /** Since when the link is full and takes nothing; null while it is not. */
  #fullMs: number | null = null
  #takenBytes = 0
  /** Where the first ping since the other side was heard ends, in bytes that were sent; 0 when there is none. */
  #askedBytes = 0
  #next: Deadline

  constructor(host: Pick<CellHost, 'timers' | 'runtime'>, periodMs: number, pulse: Pulse) {
    this.#host = host
    this.#periodMs = periodMs
    this.#pulse = pulse
    this.#startMs = this.#lastHeardMs = this.#lastBeatMs = host.runtime.clock.now()
    this.#next = host.timers.after(periodMs, () => this.#beat())
  }

  /** How long it has been watching. */
  get ageMs(): number {
    return this.#host.runtime.clock.now() - this.#startMs
  }

  heard(): void {
    this.#lastHeardMs = this.#host.runtime.clock.now()
    this.#askedBytes = 0
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
    const takenBytes = this.#pulse.takenBytes()
    const isTaking = takenBytes > this.#takenBytes
    this.#takenBytes = takenBytes
    // A node that was itself stalled must not accuse: what the others sent meanwhile is still unread.
    const isStalled = nowMs - this.#lastBeatMs > 2 * this.#periodMs
    // Nor must one whose question is still on this side, behind what a slow link is taking: nobody has been asked.
    if (isStalled || (isTaking && takenBytes < this.#askedBytes)) this.#lastHeardMs = nowMs
    if ((isStalled || isTaking) && this.#fullMs !== null) this.#fullMs = nowMs
    this.#lastBeatMs = nowMs
    const silentMs = nowMs - this.#lastHeardMs
    const fullMs = nowMs - (this.#fullMs ?? nowMs)
    const limitMs = MOST_PERIODS * this.#periodMs
    if (silentMs >= limitMs) return this.#pulse.dead(`silent for ${Math.round(silentMs)} ms`)
    if (fullMs >= limitMs) return this.#pulse.dead(`took nothing for ${Math.round(fullMs)} ms`)
    this.#next = this.#host.timers.after(this.#periodMs, () => this.#beat())
    if (silentMs >= this.#periodMs / 2) this.#ping()
    this.#pulse.beat()
  }

  #ping(): void {
    this.#pulse.ping()
    if (this.#askedBytes === 0) this.#askedBytes = this.#pulse.sentBytes()
  }
}
