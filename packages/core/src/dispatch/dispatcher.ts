import type { Clock } from '../runtime/clock.ts'
import type { Scheduler } from '../runtime/scheduler.ts'

/** Something with work queued: an actor's cell. */
export interface Runnable {
  /** Units of work that could be done now. */
  readonly backlog: number
  /** Does up to `most` units of work. @returns how many were done */
  run(most: number): number
  /** The visit is over. @returns true to be visited again; false means that it will schedule itself */
  rest(): boolean
}

/** Messages one visit may handle before the next actor has its turn. */
const VISIT_MESSAGES = 128
/** Time one visit may take, in ms. */
const VISIT_MS = 2
/** Time after which timers and sockets have their turn, in ms. */
const SLICE_MS = 5
/** A look at the clock costs as much as five messages: one per 16, and one each where handlers are slow. */
const MESSAGES_PER_LOOK = 16
/** A stretch between two looks that took longer than this had slow handlers in it. */
const SLOW_STRETCH_MS = 0.5

/**
 * Visits the ready cells in turn, each for at most 128 messages or 2 ms, and lets the host's event loop run
 * after at most 5 ms of work. The first drain after idling starts at the end of the current JavaScript turn.
 */
export class Dispatcher {
  readonly #clock: Clock
  readonly #scheduler: Scheduler
  readonly #drain: () => void
  readonly #resume: () => void
  readonly #endSlice: () => void
  #queue: (Runnable | null)[] = new Array<Runnable | null>(64).fill(null)
  #head = 0
  #length = 0
  #awake = false
  /** A slice lasts until timers and I/O have had their turn: drains in microtasks alone would starve them. */
  #inSlice = false
  #sliceStartMs = Number.POSITIVE_INFINITY
  #lastLookMs = 0
  #sinceLook = 0
  #stretch = 1

  constructor(clock: Clock, scheduler: Scheduler) {
    this.#clock = clock
    this.#scheduler = scheduler
    this.#drain = () => this.#work()
    this.#endSlice = () => {
      this.#inSlice = false
      this.#sliceStartMs = Number.POSITIVE_INFINITY
    }
    this.#resume = () => {
      this.#endSlice()
      this.#work()
    }
  }

  /** Puts `cell` at the end of the queue. The caller sees to it that it is there once only. */
  schedule(cell: Runnable): void {
    if (this.#length === this.#queue.length) this.#grow()
    this.#queue[(this.#head + this.#length++) & (this.#queue.length - 1)] = cell
    if (this.#awake) return
    this.#awake = true
    this.#scheduler.defer(this.#drain)
  }

  #work(): void {
    while (this.#length > 0) {
      const cell = this.#queue[this.#head]!
      this.#queue[this.#head] = null
      this.#head = (this.#head + 1) & (this.#queue.length - 1)
      this.#length--
      const sliceOver = this.#visit(cell)
      if (cell.rest()) this.schedule(cell)
      if (sliceOver) {
        this.#scheduler.yield(this.#resume)
        return
      }
    }
    this.#awake = false
    if (this.#inSlice) return
    this.#inSlice = true
    this.#scheduler.yield(this.#endSlice)
  }

  /** @returns true when the slice is over */
  #visit(cell: Runnable): boolean {
    const startMs = this.#lastLookMs
    // Exactly what was queued at the start: an actor that reminds itself must not run ahead of the others.
    let left = Math.min(VISIT_MESSAGES, cell.backlog)
    while (left > 0) {
      const done = cell.run(Math.min(left, this.#stretch))
      if (done === 0) return false
      left -= done
      this.#sinceLook += done
      if (this.#sinceLook < this.#stretch) continue
      const nowMs = this.#look()
      if (nowMs - this.#sliceStartMs >= SLICE_MS) return true
      if (nowMs - startMs >= VISIT_MS) return false
    }
    return false
  }

  #look(): number {
    const nowMs = this.#clock.now()
    const slow = nowMs - this.#lastLookMs > SLOW_STRETCH_MS
    this.#stretch = slow ? 1 : Math.min(MESSAGES_PER_LOOK, this.#stretch * 2)
    this.#lastLookMs = nowMs
    this.#sinceLook = 0
    if (this.#sliceStartMs > nowMs) this.#sliceStartMs = nowMs
    return nowMs
  }

  #grow(): void {
    const old = this.#queue
    const queue = new Array<Runnable | null>(old.length * 2).fill(null)
    for (let i = 0; i < this.#length; i++) queue[i] = old[(this.#head + i) & (old.length - 1)]!
    this.#queue = queue
    this.#head = 0
  }
}
