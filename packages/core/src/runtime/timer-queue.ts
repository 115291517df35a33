import type { Clock } from './clock.ts'
import type { Cancellable, Scheduler } from './scheduler.ts'

/** Slots per level of the wheel; each level's slot is as wide as the whole level below. */
const SLOTS = 64
/** Six levels reach 2^36 ms, two years. What is due later is never due. */
const LEVELS = 6
const WIDTH = Array.from({ length: LEVELS + 1 }, (_, level) => SLOTS ** level)
/** Beyond every slot: deadlines that are never due. */
const NEVER = SLOTS * LEVELS
/** In no list: not in a queue, or about to be called. */
const NONE = -1
/** Deadlines nearer than this are counted from the next look at the clock, not from the end of the slice. In ms. */
const SHORT_MS = 50
/** As many wait at most to be counted. */
const MOST_UNCOUNTED = 4096

/** Something that happens at an instant unless it is cancelled first. */
export abstract class Deadline implements Cancellable {
  /** Whole ms of the queue's clock, rounded up. */
  due = 0
  /** Order of insertion: of two due at once, the earlier added comes first. */
  sequence = 0
  /** Which list of the queue it is in. */
  slot: number = NONE
  previous: Deadline | null = null
  next: Deadline | null = null
  queue: TimerQueue | null = null

  /** Called once, at or after its instant. It must not throw. */
  abstract expire(): void

  cancel(): void {
    if (this.queue !== null) this.queue.remove(this)
  }
}

/** Something with a deadline whose time has not begun. */
export interface Uncounted {
  /** It is over: nothing will be counted. */
  readonly settled: boolean
  /** Its time begins: puts its deadline in, unless it is over. */
  count(queue: TimerQueue, nowMs: number): void
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
 * All deadlines of a system behind one timer of the host: a hierarchical timing wheel. Adding and cancelling
 * are O(1) at any number of deadlines, about 15 ns; a host timer costs 350 ns and more to make and clear, and
 * most ask deadlines never fire. Deadlines are kept in whole ms, rounded up: never early, late by less than 1 ms.
 *
 * @see Varghese & Lauck 1987, "Hashed and Hierarchical Timing Wheels", scheme 7
 */
export class TimerQueue {
  readonly #clock: Clock
  readonly #scheduler: Scheduler
  /** First deadline of each list; lists are circles, so that a first one knows its last. */
  readonly #lists: (Deadline | null)[] = new Array<Deadline | null>(NEVER + 1).fill(null)
  /** What waits for its time to begin. */
  readonly #uncounted: Uncounted[] = []
  /** Everything due before this instant has been called; slots are counted from here. */
  #now = 0
  #size = 0
  #sequence = 0
  /** The shortest delay among them. */
  #shortestMs = Number.POSITIVE_INFINITY
  /** The last time it was told. */
  #toldMs = 0
  #armed: Cancellable | null = null
  #armedFor = Number.POSITIVE_INFINITY

  constructor(clock: Clock, scheduler: Scheduler) {
    this.#clock = clock
    this.#scheduler = scheduler
    this.#now = Math.floor(clock.now())
  }

  get size(): number {
    return this.#size
  }

  /**
   * Puts `deadline` in, due `delayMs` from now; Infinity is never.
   *
   * @throws {RangeError} for NaN, which has no place in an order
   */
  add(deadline: Deadline, delayMs: number): void {
    // Of the sum, because an undefined delay becomes NaN only there.
    const due = Math.ceil(this.#clock.now() + delayMs)
    if (Number.isNaN(due)) throw new RangeError(`a delay must be a number of ms, got ${delayMs}`)
    this.#enter(deadline)
    this.#count(deadline, due)
  }

  /** Puts `deadline` in, due at `dueMs`, a whole number of ms on the queue's clock. */
  addAt(deadline: Deadline, dueMs: number): void {
    this.#enter(deadline)
    this.#count(deadline, dueMs)
  }

  /**
   * Remembers something whose time begins at the next call of {@link startCounting}: saves a look at the clock,
   * and mostly a deadline, because most of what is remembered is over by then.
   *
   * @returns true when it is the first of those that wait for that call
   */
  addUncounted(task: Uncounted, delayMs: number): boolean {
    if (delayMs < this.#shortestMs) this.#shortestMs = delayMs
    return this.#uncounted.push(task) === 1
  }

  /** The time as this queue was told it last: it is later by now, by no more than a few handlers take. */
  get toldMs(): number {
    return this.#toldMs
  }

  nowMs(): number {
    return this.#clock.now()
  }

  /** The time of what has waited for it begins: at `nowMs`. */
  startCounting(nowMs: number): void {
    this.#toldMs = nowMs
    const uncounted = this.#uncounted
    if (uncounted.length === 0) return
    for (let i = 0; i < uncounted.length; i++) uncounted[i]!.count(this, nowMs)
    uncounted.length = 0
    this.#shortestMs = Number.POSITIVE_INFINITY
  }

  /**
   * Tells the time in the midst of a slice. Most deadlines are cancelled within one: unless they are short, or
   * many, they need not be put into the wheel before its end.
   */
  tell(nowMs: number): void {
    if (this.#shortestMs < SHORT_MS) return this.startCounting(nowMs)
    this.#toldMs = nowMs
    if (this.#uncounted.length <= MOST_UNCOUNTED) return
    this.#forgetSettled()
    if (this.#uncounted.length > MOST_UNCOUNTED / 2) this.startCounting(nowMs)
  }

  /** Most are over by now: those need no deadline, and must not be kept alive. */
  #forgetSettled(): void {
    const uncounted = this.#uncounted
    let kept = 0
    for (let i = 0; i < uncounted.length; i++) {
      const task = uncounted[i]!
      if (!task.settled) uncounted[kept++] = task
    }
    uncounted.length = kept
  }

  /** Time until `deadline` is due, in ms; negative when it is late. */
  remainingMs(deadline: Deadline): number {
    return deadline.due - this.#clock.now()
  }

  /** Calls `task` once, `delayMs` from now. */
  after(delayMs: number, task: () => void): Deadline {
    const timeout = new Timeout(task)
    this.add(timeout, delayMs)
    return timeout
  }

  remove(deadline: Deadline): void {
    if (deadline.queue !== this) return
    this.#unlink(deadline)
    deadline.queue = null
    deadline.slot = NONE
    // The host's timer stays armed: firing for nothing once is cheaper than moving it at each cancel.
    // Only an empty queue calls it off, so that an idle process can end.
    if (--this.#size === 0) this.#disarm()
  }

  /** Drops every deadline without calling it. */
  clear(): void {
    this.#uncounted.length = 0
    for (const [slot, first] of this.#lists.entries()) {
      if (first === null) continue
      for (let deadline = this.#detach(slot); deadline !== null; ) {
        const next: Deadline | null = deadline.next
        this.#release(deadline)
        deadline = next
      }
    }
    this.#disarm()
  }

  #fire(): void {
    this.#armed = null
    this.#armedFor = Number.POSITIVE_INFINITY
    const now = Math.floor(this.#clock.now())
    let called = Number.NEGATIVE_INFINITY
    for (let instant = this.#nextInstant(); instant <= now; instant = this.#nextInstant()) {
      // Once each: a deadline of 0 ms that renews itself must not hold the loop.
      if (instant === called) break
      called = instant
      this.#now = instant
      this.#cascade(instant)
      this.#call(instant)
    }
    if (called < now && this.#nextInstant() > now) this.#now = Math.max(this.#now, now)
    this.#arm(this.#nextInstant())
  }

  /** Calls what is due at `instant`, in the order in which it was added. */
  #call(instant: number): void {
    const due: Deadline[] = []
    for (let deadline = this.#detach(instant % SLOTS); deadline !== null; deadline = deadline.next) due.push(deadline)
    // What came down from the level above was added before some of what was here already.
    due.sort((a, b) => a.sequence - b.sequence)
    for (const deadline of due) {
      deadline.previous = deadline
      deadline.next = deadline
      deadline.slot = NONE
    }
    for (const deadline of due) {
      // One called before it may have cancelled it.
      if (deadline.queue !== this || deadline.slot !== NONE) continue
      this.#release(deadline)
      deadline.expire()
    }
  }

  /** Moves what is in the slots that begin at `instant` down to the levels below. */
  #cascade(instant: number): void {
    for (let level = LEVELS - 1; level > 0; level--) {
      const width = WIDTH[level]!
      if (instant % width !== 0) continue
      for (let deadline = this.#detach(level * SLOTS + ((instant / width) % SLOTS)); deadline !== null; ) {
        const next: Deadline | null = deadline.next
        this.#append(deadline, this.#slotOf(deadline.due))
        deadline = next
      }
    }
  }

  /** When something is due next, or a slot has to be moved down; Infinity when never. */
  #nextInstant(): number {
    let nearest = Number.POSITIVE_INFINITY
    for (let level = 0; level < LEVELS; level++) {
      const width = WIDTH[level]!
      const present = Math.floor(this.#now / width)
      // The present slot of level 0 may hold what is due at once; that of a higher one has been moved down.
      for (let i = level === 0 ? 0 : 1; i <= SLOTS; i++) {
        if (this.#lists[level * SLOTS + ((present + i) % SLOTS)] === null) continue
        nearest = Math.min(nearest, (present + i) * width)
        break
      }
    }
    return nearest
  }

  #count(deadline: Deadline, due: number): void {
    // An empty wheel can be turned to any instant.
    if (this.#size === 1) this.#now = Math.max(this.#now, Math.floor(this.#clock.now()))
    deadline.due = Math.max(due, this.#now)
    this.#append(deadline, this.#slotOf(deadline.due))
    if (deadline.due < this.#armedFor) this.#arm(deadline.due)
  }

  #slotOf(due: number): number {
    const ahead = due - this.#now
    for (let level = 0; level < LEVELS; level++) {
      if (ahead < WIDTH[level + 1]!) return level * SLOTS + (Math.floor(due / WIDTH[level]!) % SLOTS)
    }
    return NEVER
  }

  #arm(instant: number): void {
    if (instant === Number.POSITIVE_INFINITY) return
    this.#armed?.cancel()
    this.#armedFor = instant
    // Hosts count whole milliseconds and may fire a fraction early: round up, never down.
    this.#armed = this.#scheduler.after(Math.max(0, Math.ceil(instant - this.#clock.now())), () => this.#fire())
  }

  #disarm(): void {
    this.#armed?.cancel()
    this.#armed = null
    this.#armedFor = Number.POSITIVE_INFINITY
  }

  #enter(deadline: Deadline): void {
    deadline.queue?.remove(deadline)
    deadline.queue = this
    deadline.sequence = this.#sequence++
    this.#size++
  }

  #release(deadline: Deadline): void {
    deadline.queue = null
    deadline.slot = NONE
    deadline.previous = null
    deadline.next = null
    if (--this.#size === 0) this.#disarm()
  }

  #append(deadline: Deadline, slot: number): void {
    const first = this.#lists[slot]!
    deadline.slot = slot
    if (first === null) {
      deadline.previous = deadline
      deadline.next = deadline
      this.#lists[slot] = deadline
      return
    }
    const last = first.previous!
    deadline.previous = last
    deadline.next = first
    last.next = deadline
    first.previous = deadline
  }

  #unlink(deadline: Deadline): void {
    const next = deadline.next!
    if (next === deadline) {
      if (deadline.slot !== NONE) this.#lists[deadline.slot] = null
    } else {
      const previous = deadline.previous!
      previous.next = next
      next.previous = previous
      if (this.#lists[deadline.slot] === deadline) this.#lists[deadline.slot] = next
    }
    deadline.previous = null
    deadline.next = null
  }

  /** Empties a list. @returns its first deadline; the chain ends with null */
  #detach(slot: number): Deadline | null {
    const first = this.#lists[slot]!
    if (first === null) return null
    this.#lists[slot] = null
    first.previous!.next = null
    return first
  }
}
