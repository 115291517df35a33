import type { Clock } from './clock.ts'
import type { Cancellable, Scheduler } from './scheduler.ts'

/** Something that happens at an instant unless it is cancelled first. */
export abstract class Deadline implements Cancellable {
  /** Monotonic ms; set when the deadline is put into a queue. */
  dueMs = 0
  /** Order of insertion: of two due at once, the earlier added comes first. */
  sequence = 0
  /** Place in the heap; -1 when in none. */
  place = -1
  queue: TimerQueue | null = null

  /** Called once, at or after `dueMs`. It must not throw. */
  abstract expire(): void

  cancel(): void {
    this.queue?.remove(this)
  }
}

/** A deadline that calls a function: where there are few of them. */
export class Timeout extends Deadline {
  readonly #task: () => void

  constructor(task: () => void) {
    super()
    this.#task = task
  }

  expire(): void {
    this.#task()
  }
}

/**
 * All deadlines of a system behind one timer of the host: a binary heap, O(log n) to add and to cancel.
 * A host timer costs 350 ns and more to make and clear; most ask deadlines never fire.
 */
export class TimerQueue {
  readonly #clock: Clock
  readonly #scheduler: Scheduler
  readonly #heap: Deadline[] = []
  #sequence = 0
  #armed: Cancellable | null = null
  #armedForMs = Number.POSITIVE_INFINITY

  constructor(clock: Clock, scheduler: Scheduler) {
    this.#clock = clock
    this.#scheduler = scheduler
  }

  get size(): number {
    return this.#heap.length
  }

  /**
   * Puts `deadline` in, due `delayMs` from now; Infinity is never.
   *
   * @throws {RangeError} for NaN, which has no place in an order and would block all behind it
   */
  add(deadline: Deadline, delayMs: number): void {
    const dueMs = this.#clock.now() + delayMs
    // Of the sum, because an undefined delay becomes NaN only there.
    if (Number.isNaN(dueMs)) throw new RangeError(`a delay must be a number of ms, got ${delayMs}`)
    deadline.dueMs = dueMs
    deadline.sequence = this.#sequence++
    deadline.queue = this
    deadline.place = this.#heap.length
    this.#heap.push(deadline)
    this.#rise(deadline)
    if (deadline.dueMs < this.#armedForMs) this.#arm(deadline.dueMs)
  }

  /** Time until `deadline` is due, in ms; negative when it is late. */
  remainingMs(deadline: Deadline): number {
    return deadline.dueMs - this.#clock.now()
  }

  /** Calls `task` once, `delayMs` from now. */
  after(delayMs: number, task: () => void): Deadline {
    const timeout = new Timeout(task)
    this.add(timeout, delayMs)
    return timeout
  }

  remove(deadline: Deadline): void {
    if (deadline.queue !== this) return
    const place = deadline.place
    const last = this.#heap.pop()!
    deadline.queue = null
    deadline.place = -1
    if (last !== deadline) {
      last.place = place
      this.#heap[place] = last
      this.#rise(last)
      this.#sink(last)
    }
    // The host's timer stays armed: firing for nothing once is cheaper than moving it at each cancel.
    // Only an empty queue calls it off, so that an idle process can end.
    if (this.#heap.length === 0) this.#disarm()
  }

  /** Drops every deadline without calling it. */
  clear(): void {
    for (const deadline of this.#heap) {
      deadline.queue = null
      deadline.place = -1
    }
    this.#heap.length = 0
    this.#disarm()
  }

  #fire(): void {
    this.#armed = null
    this.#armedForMs = Number.POSITIVE_INFINITY
    const now = this.#clock.now()
    // Only what was there at the start: a deadline of 0 ms that renews itself must not hold the loop.
    const before = this.#sequence
    for (
      let first = this.#heap[0];
      first !== undefined && first.dueMs <= now && first.sequence < before;
      first = this.#heap[0]
    ) {
      this.remove(first)
      first.expire()
    }
    const next = this.#heap[0]
    if (next !== undefined && next.dueMs < this.#armedForMs) this.#arm(next.dueMs)
  }

  #arm(dueMs: number): void {
    this.#armed?.cancel()
    this.#armedForMs = dueMs
    // Hosts count whole milliseconds and may fire a fraction early: round up, never down.
    this.#armed = this.#scheduler.after(Math.max(0, Math.ceil(dueMs - this.#clock.now())), () => this.#fire())
  }

  #disarm(): void {
    this.#armed?.cancel()
    this.#armed = null
    this.#armedForMs = Number.POSITIVE_INFINITY
  }

  #rise(deadline: Deadline): void {
    let place = deadline.place
    while (place > 0) {
      const parentPlace = (place - 1) >> 1
      const parent = this.#heap[parentPlace]!
      if (!before(deadline, parent)) break
      this.#put(parent, place)
      place = parentPlace
    }
    this.#put(deadline, place)
  }

  #sink(deadline: Deadline): void {
    const size = this.#heap.length
    let place = deadline.place
    for (;;) {
      let childPlace = 2 * place + 1
      if (childPlace >= size) break
      const right = this.#heap[childPlace + 1]
      if (right !== undefined && before(right, this.#heap[childPlace]!)) childPlace++
      const child = this.#heap[childPlace]!
      if (!before(child, deadline)) break
      this.#put(child, place)
      place = childPlace
    }
    this.#put(deadline, place)
  }

  #put(deadline: Deadline, place: number): void {
    this.#heap[place] = deadline
    deadline.place = place
  }
}

function before(a: Deadline, b: Deadline): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.sequence < b.sequence)
}
