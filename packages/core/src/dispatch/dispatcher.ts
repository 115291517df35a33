import { Ring } from '../mailbox/ring.ts'
import type { Clock } from '../runtime/clock.ts'
import type { DispatchStrategy } from '../runtime/dispatch-strategy.ts'
import type { Scheduler } from '../runtime/scheduler.ts'
import type { TimerQueue } from '../runtime/timer-queue.ts'

/** Something that takes turns: an actor's cell. */
export interface Runnable {
  /** Takes one entry that was posted for it. It must not throw. */
  receive(head: unknown, payload: unknown): void
  /** Takes a step of its life, posted in the system lane. It must not throw. */
  obey(signal: unknown): void
  /** For reports. */
  readonly path: string
}

/** Slots per entry of the ring: for whom, what is behind it or its name, and the payload. */
const STRIDE = 3
const FIRST_CAPACITY = 64
/** An empty ring larger than this is given back. */
const KEPT_CAPACITY = 131_072

/** Most messages of one actor that are handled before every other ready actor has had a turn. */
export const TURN_MESSAGES = 128
/** Time one visit to an actor may take, in ms. */
const VISIT_MS = 2
/** Time after which timers and sockets have their turn, in ms. */
const SLICE_MS = 5
/** A look at the clock costs as much as four messages: one per 64, and one each where handlers are slow. */
const MESSAGES_PER_LOOK = 64
/** More than are ever handled between two looks. */
const TURNS_PER_LOOK = 2 * MESSAGES_PER_LOOK
/** Time between two looks that is fine, in ms: shorter, and fewer looks would do; longer, and more are needed. */
const STRETCH_MS = 0.1
/** At this pace 128 messages take 2 ms: one after the other is looked at, and nobody gets a whole turn at once. */
const SLOW_MESSAGE_MS = VISIT_MS / TURN_MESSAGES

export interface DispatcherOptions {
  /** A turn that holds up the process for as long as this is reported, in ms. */
  readonly slowTurnMs: number
  /** @param exact whether the actor ran alone in that time */
  onSlowTurn(path: string, tookMs: number, exact: boolean): void
  /** Who is next, if not whoever has been ready longest. */
  readonly strategy?: DispatchStrategy | undefined
}

/**
 * One ring for all that is told on a node: entries are handled in the order they were posted, and the host's
 * event loop has its turn after at most 5 ms of work. The first drain after idling starts at the end of the
 * current JavaScript turn. The system lane goes first.
 */
export class Dispatcher {
  readonly #clock: Clock
  readonly #scheduler: Scheduler
  readonly #timers: TimerQueue
  readonly #options: DispatcherOptions
  readonly #quantum: number
  readonly #drain: () => void
  readonly #resume: () => void
  readonly #endSlice: () => void
  #slots: unknown[] = new Array<unknown>(FIRST_CAPACITY * STRIDE).fill(undefined)
  #mask = FIRST_CAPACITY - 1
  #head = 0
  #length = 0
  /** The system lane: for whom, and then what, in turn. */
  readonly #signals = new Ring<unknown>()
  #signalled = 0
  #awake = false
  /** A slice lasts until timers and I/O have had their turn: drains in microtasks alone would starve them. */
  #inSlice = false
  #sliceStartMs = 0
  /** A visit has found that the slice is over. */
  #over = false
  /** Time of the last look at the clock, in ms: at most a slice ago while anybody runs. */
  lastLookMs = 0
  #sinceLook = 0
  /** Slices begun and looks taken. */
  #looks = 0
  #stretch = 1
  #visitStartMs = 0
  #visitLeft = 0
  /** Messages handled up to the last look. */
  #handled = 0
  /** How many actors have run since the last look at the clock, give or take. */
  #switches = 0
  /** Who has the turn; null between drains. What it is told, for `forward` and `stash`. */
  running: Runnable | null = null
  head: unknown = undefined
  payload: unknown = undefined
  /** Handlers are slow just now: an actor with more to do should let the others have a turn. */
  slow = false

  constructor(clock: Clock, scheduler: Scheduler, timers: TimerQueue, options: DispatcherOptions) {
    this.#clock = clock
    this.#scheduler = scheduler
    this.#timers = timers
    this.#options = options
    const { strategy } = options
    this.#quantum = strategy === undefined ? TURN_MESSAGES : Math.max(1, Math.trunc(strategy.quantum))
    // Two loops, so that the usual one need not ask which it is.
    const work = strategy === undefined ? () => this.#work() : () => this.#workByChoice(strategy)
    this.#drain = () => this.#tryWork(work)
    this.#endSlice = () => {
      this.#inSlice = false
      this.startCounting()
    }
    this.#resume = () => {
      this.#inSlice = false
      this.#tryWork(work)
    }
  }

  /** Messages handled so far, by all actors together. */
  get handled(): number {
    return this.#handled + this.#sinceLook
  }

  /** Puts an entry behind all that were posted before. */
  post(cell: Runnable, head: unknown, payload: unknown): void {
    if (this.#length > this.#mask) this.#grow()
    const at = ((this.#head + this.#length++) & this.#mask) * STRIDE
    const slots = this.#slots
    slots[at] = cell
    slots[at + 1] = head
    slots[at + 2] = payload
    if (!this.#awake) this.#wake()
  }

  /** Posts a step of the cell's life: taken as soon as the present message has been handled. */
  signal(cell: Runnable, signal: unknown): void {
    this.#signals.push(cell)
    this.#signals.push(signal)
    this.#signalled++
    if (!this.#awake) this.#wake()
  }

  /** Sees to it that the clock is looked at soon, and the deadlines that wait for it begin to count. */
  lookSoon(): void {
    if (!this.#awake && !this.#inSlice) this.#wake()
  }

  /** A number that no other message handled on this node has: made of what is counted anyway. */
  get turn(): number {
    return this.#looks * TURNS_PER_LOOK + this.#sinceLook
  }

  /** The entry just taken was not handled: its cost says nothing about handlers. */
  putAside(): void {
    this.#sinceLook--
  }

  /** Whether an actor takes a step of its life just now: there is no message at hand. */
  get inStep(): boolean {
    return this.running !== null && this.head === undefined
  }

  /** The entry just taken is a step of a life. It is no message, though it counts for looks at the clock. */
  beginStep(): void {
    this.#handled--
    this.head = undefined
    this.payload = undefined
  }

  // For a cell that handles several messages in one visit

  beginVisit(): void {
    this.#visitStartMs = this.lastLookMs
    this.#visitLeft = this.#quantum
  }

  /** Called after each message of a visit but the last. @returns true when the visit has lasted long enough */
  visitOver(): boolean {
    if (this.#signalled > 0 || --this.#visitLeft <= 0) return true
    if (++this.#sinceLook < this.#stretch) return false
    if (this.#sliceOver()) {
      // The drain has to see that too, at once, and not by a look of its own: that one would find no time gone by.
      this.#over = true
      this.#stretch = 0
    } else if (this.lastLookMs - this.#visitStartMs < VISIT_MS) return false
    // The visit's last message is counted where the visit is.
    this.#handled--
    return true
  }

  #wake(): void {
    this.#awake = true
    this.#scheduler.defer(this.#drain)
  }

  /** What throws here is a mistake of ours: it shows, and the node goes on. */
  #tryWork(work: () => void): void {
    let done = false
    try {
      work()
      done = true
    } finally {
      if (!done) this.#scheduler.yield(this.#resume)
    }
  }

  #work(): void {
    const first = !this.#inSlice
    if (first) this.#beginSlice()
    for (;;) {
      if (this.#signalled > 0) this.#obey()
      else if (this.#length > 0) this.#next()
      else break
      if (++this.#sinceLook >= this.#stretch && (this.#over || this.#sliceOver())) {
        this.#forget()
        this.#scheduler.yield(this.#resume)
        return
      }
    }
    this.#rest(first)
  }

  /** The same, with the choice of who is next left to a strategy. */
  #workByChoice(strategy: DispatchStrategy): void {
    const first = !this.#inSlice
    if (first) this.#beginSlice()
    for (;;) {
      if (this.#signalled > 0) this.#obey()
      else if (this.#length > 0) {
        if (this.#length > 1) this.#bringForward(strategy.choose(this.#length))
        this.#next()
      } else break
      if (++this.#sinceLook >= this.#stretch && (this.#over || this.#sliceOver())) {
        this.#forget()
        this.#scheduler.yield(this.#resume)
        return
      }
    }
    this.#rest(first)
  }

  /** Nothing is left to do. @param first it was the first drain of its slice, which timers and I/O are to end */
  #rest(first: boolean): void {
    if (first) {
      this.#look()
      // What comes now are promises, and what they wake: they may be slow though the handlers were fast.
      this.#stretch = 1
      this.#scheduler.yield(this.#endSlice)
    }
    this.#forget()
    this.#awake = false
  }

  /** Moves an entry to the front of the ring; those before it keep their order. */
  #bringForward(chosen: number): void {
    const slots = this.#slots
    const at = (i: number): number => ((this.#head + i) & this.#mask) * STRIDE
    const from = at(chosen)
    const entry = slots.slice(from, from + STRIDE)
    for (let i = chosen; i > 0; i--) slots.copyWithin(at(i), at(i - 1), at(i - 1) + STRIDE)
    for (let i = 0; i < STRIDE; i++) slots[at(0) + i] = entry[i]
  }

  #next(): void {
    const slots = this.#slots
    const at = this.#head * STRIDE
    const cell = slots[at] as Runnable
    const head = slots[at + 1]
    const payload = slots[at + 2]
    // The ring must not keep alive what has been handled.
    slots[at] = undefined
    slots[at + 1] = undefined
    slots[at + 2] = undefined
    this.#head = (this.#head + 1) & this.#mask
    this.#length--
    if (cell !== this.running) {
      this.running = cell
      this.#switches++
    }
    cell.receive(head, payload)
  }

  #obey(): void {
    this.#signalled--
    const cell = this.#signals.shift() as Runnable
    this.running = cell
    this.beginStep()
    cell.obey(this.#signals.shift())
  }

  #beginSlice(): void {
    this.#inSlice = true
    this.#over = false
    this.#sliceStartMs = this.lastLookMs = this.#clock.now()
    this.#handled += this.#sinceLook
    this.#sinceLook = 0
    this.#looks++
    this.#switches = 0
    // Whatever came meanwhile may be slow: the first few are looked at more closely.
    this.#stretch = 1
    this.#timers.startCounting(this.lastLookMs)
  }

  /** Looks at the clock. @returns true when timers and sockets are due for a turn */
  #sliceOver(): boolean {
    this.#look()
    return this.lastLookMs - this.#sliceStartMs >= SLICE_MS
  }

  #look(): void {
    const nowMs = this.#clock.now()
    const tookMs = nowMs - this.lastLookMs
    this.slow = tookMs > SLOW_MESSAGE_MS * this.#stretch
    if (tookMs >= this.#options.slowTurnMs && this.running !== null) {
      this.#options.onSlowTurn(this.running.path, tookMs, this.#switches <= 1)
    }
    this.#switches = 0
    if (this.slow) this.#stretch = 1
    else if (tookMs < STRETCH_MS / 2) this.#stretch = Math.min(MESSAGES_PER_LOOK, this.#stretch * 2)
    else if (tookMs > STRETCH_MS) this.#stretch = Math.max(1, this.#stretch >> 1)
    this.lastLookMs = nowMs
    this.#handled += this.#sinceLook
    this.#sinceLook = 0
    this.#looks++
    if (this.slow) this.#timers.startCounting(nowMs)
    else this.#timers.tell(nowMs)
  }

  startCounting(): void {
    this.#timers.startCounting(this.#clock.now())
  }

  /** An idle node must not keep the last thing it was told. */
  #forget(): void {
    this.running = null
    this.head = undefined
    this.payload = undefined
    if (this.#length === 0 && this.#mask >= KEPT_CAPACITY) {
      this.#slots = new Array<unknown>(FIRST_CAPACITY * STRIDE).fill(undefined)
      this.#mask = FIRST_CAPACITY - 1
      this.#head = 0
    }
  }

  #grow(): void {
    const old = this.#slots
    const start = this.#head * STRIDE
    // Filled at once: an array with holes is slower to read for as long as it lives.
    const slots = old.slice(start).concat(old.slice(0, start), new Array<unknown>(old.length).fill(undefined))
    this.#slots = slots
    this.#head = 0
    this.#mask = slots.length / STRIDE - 1
  }
}
