import { ConfigurationSet } from './configuration-set.ts'
import type { Operation } from './history.ts'
import type { Model } from './model.ts'
import { OrderSet } from './order-set.ts'
import { NO_STATE, StateTable } from './state-table.ts'

/** Behind the last entry of the list. */
const END = -1
/** No operation. */
const NONE = -1

/**
 * The search for an order of the operations of one key, a few steps at a time: Wing and Gong's depth-first search
 * with Lowe's memory of configurations, which is what has been put in the order and the state that led to. What must end
 * soonest is tried first, and what need not be done at all last.
 *
 * Choices that decide nothing are left out:
 * - A read that fits is taken at once and for good, and so is an operation that was refused: in any order that goes on
 *   from here, it can be moved to the front, as it may come now and nothing else notices.
 * - One of unknown outcome that would leave the state alone is not taken: it need not be.
 * - Of two that the model cannot tell apart, the one is not taken before the other if that was called before it and
 *   must not end after it: in any order, they can change places.
 * - After one of unknown outcome nothing is taken that leads to the same state without it: it would have been taken
 *   for nothing. This keeps many open writes from being tried in all combinations.
 *
 * That these may be combined: of all configurations visited from which an order can be completed, take the one with
 * the shortest way to go, and of those one with the fewest open operations taken. What is left out there leads no
 * further than something visited that would be shorter or have fewer, so its way is followed to the end.
 *
 * @see Wing & Gong 1993, "Testing and Verifying Concurrent Objects"; Lowe 2017, "Testing for Linearizability"
 */
export class OrderSearch<S> {
  /** Steps so far. */
  steps = 0
  /** Whether the search goes on: null until it is over. */
  verdict: 'ok' | 'illegal' | null = null
  readonly #operations: readonly Operation[]
  readonly #table: StateTable<S>
  readonly #classes: Int32Array
  /** Per operation: one to be taken before it, or NONE. */
  readonly #twins: Int32Array
  /** Per operation: 1 for one that ended and leaves every state alone. */
  readonly #pure: Uint8Array
  readonly #seen = new ConfigurationSet()
  readonly #chosen: OrderSet
  readonly #closed: number
  /** Place of each call, and of each return of those that ended. */
  readonly #calls: Int32Array
  readonly #returns: Int32Array
  /**
   * Two doubly linked lists of what is not in the order yet: those that ended, by their returns, and the open ones, by
   * their calls. What must end soonest is tried first, and what need not be done at all last. Heads stand at the end.
   */
  readonly #next: Int32Array
  readonly #previous: Int32Array
  readonly #closedHead: number
  readonly #openHead: number
  /** Per operation that ended: the first call among it and those that return later. */
  readonly #firstCall: Int32Array
  /** The next operation to be looked at, of the list that `#inOpen` says. */
  #entry = END
  #inOpen = false
  /** The first return of what is not in the order: only what was called before may come next. */
  #limit = 0
  #state = 0
  /** The order so far; beside each operation the state before it, and whether there was a choice. */
  readonly #order: Int32Array
  readonly #before: Int32Array
  readonly #forced: Uint8Array
  #depth = 0
  /** Whether the entries before the next return are still being looked through for what need be no choice. */
  #forcing = true
  readonly #track: boolean
  #closedDepth = 0
  #deepest: Int32Array = new Int32Array(0)
  #deepestClosed = -1

  /**
   * @param all the operations of one key; reads of unknown outcome say nothing and should not be among them
   * @param track whether to remember the longest order that was tried, for `longest`
   */
  constructor(all: readonly Operation[], model: Model<S>, track = false) {
    // Those that ended come first, so that their numbers lie close together.
    const ended = all.filter(isClosed)
    this.#operations = [...ended, ...all.filter((operation) => !isClosed(operation))]
    const size = all.length
    this.#closed = ended.length
    this.#table = new StateTable(this.#operations, model)
    this.#classes = this.#table.classes
    this.#twins = twins(this.#operations, this.#classes)
    this.#pure = Uint8Array.from(ended, ({ f, outcome }) => Number(outcome === 'refused' || model.isRead(f)))
    this.#chosen = new OrderSet(this.#closed, size)
    this.#order = new Int32Array(size)
    this.#before = new Int32Array(size)
    this.#forced = new Uint8Array(size)
    this.#calls = Int32Array.from(this.#operations, ({ calledAt }) => calledAt)
    this.#returns = Int32Array.from(ended, ({ returnedAt }) => returnedAt)
    this.#closedHead = size
    this.#openHead = size + 1
    this.#next = new Int32Array(size + 2)
    this.#previous = new Int32Array(size + 2)
    this.#firstCall = new Int32Array(this.#closed)
    this.#link()
    this.#moveLimit()
    this.#fromStart()
    this.#track = track
  }

  /** About what the search holds on to. */
  get sizeBytes(): number {
    return this.#seen.sizeBytes + this.#table.sizeBytes
  }

  /** Of all orders tried, the one with the most operations that ended. Empty unless the search tracks it. */
  get longest(): Operation[] {
    return Array.from(this.#deepest, (index) => this.#operations[index]!)
  }

  /** Goes on for at most so many steps. */
  run(most: number): 'ok' | 'illegal' | null {
    for (let i = 0; i < most && this.verdict === null; i++) {
      this.steps++
      const entry = this.#inOpen ? this.#openFrom(this.#entry) : this.#closedFrom(this.#entry)
      if (entry === END) this.#endOfList()
      else if (this.#forcing) this.#force(entry)
      else this.#choose(entry)
    }
    return this.verdict
  }

  /** The first operation from here on that may come next. */
  #closedFrom(entry: number): number {
    const limit = this.#limit
    while (entry !== END && this.#calls[entry]! >= limit) {
      if (this.#firstCall[entry]! >= limit) return END
      entry = this.#next[entry]!
    }
    return entry
  }

  #openFrom(entry: number): number {
    return entry !== END && this.#calls[entry]! < this.#limit ? entry : END
  }

  /** Nothing more that may come next is in the list. */
  #endOfList(): void {
    if (this.#next[this.#closedHead] === END)
      this.verdict = 'ok' // no return is left, so every answer is explained
    else if (this.#forcing) {
      const length = this.#chosen.write(this.#state)
      const hash = this.#chosen.hash ^ Math.imul(this.#state, 0x27d4eb2f)
      if (!this.#seen.add(hash, this.#chosen.record, length)) this.#backtrack()
      else {
        this.#forcing = false
        this.#entry = this.#next[this.#closedHead]!
      }
    } else if (this.#inOpen) this.#backtrack()
    else {
      this.#inOpen = true
      this.#entry = this.#next[this.#openHead]!
    }
  }

  #force(index: number): void {
    if (this.#pure[index] === 0 || this.#table.step(this.#state, this.#classes[index]!) === NO_STATE) {
      this.#entry = this.#next[index]!
      return
    }
    const limit = this.#limit
    this.#take(index, this.#state, 1)
    // When the limit has moved, some that were passed by may come next now.
    if (this.#limit === limit) this.#entry = this.#next[index]!
    else this.#fromStart()
  }

  #choose(index: number): void {
    const next = this.#table.step(this.#state, this.#classes[index]!)
    if (next === NO_STATE || this.#decidesNothing(index, next)) {
      this.#entry = this.#next[index]!
      return
    }
    this.#take(index, next, 0)
    this.#fromStart()
  }

  #fromStart(): void {
    this.#forcing = true
    this.#inOpen = false
    this.#entry = this.#next[this.#closedHead]!
  }

  #decidesNothing(index: number, next: number): boolean {
    if (next === this.#state && index >= this.#closed) return true
    const twin = this.#twins[index]!
    if (twin !== NONE && !this.#chosen.has(twin)) return true
    const last = this.#depth === 0 ? NONE : this.#order[this.#depth - 1]!
    return last >= this.#closed && this.#table.step(this.#before[this.#depth - 1]!, this.#classes[index]!) === next
  }

  #take(index: number, next: number, forced: number): void {
    this.#order[this.#depth] = index
    this.#before[this.#depth] = this.#state
    this.#forced[this.#depth++] = forced
    this.#state = next
    this.#chosen.flip(index)
    if (index < this.#closed) this.#closedDepth++
    const before = this.#previous[index]!
    const after = this.#next[index]!
    this.#next[before] = after
    if (after !== END) this.#previous[after] = before
    this.#moveLimit()
  }

  /** Nothing fits that may come next: undo the last choice, and go on behind it. */
  #backtrack(): void {
    if (this.#track && this.#closedDepth > this.#deepestClosed) {
      this.#deepestClosed = this.#closedDepth
      this.#deepest = this.#order.slice(0, this.#depth)
    }
    for (;;) {
      if (this.#depth === 0) {
        this.verdict = 'illegal'
        return
      }
      const index = this.#order[--this.#depth]!
      this.#state = this.#before[this.#depth]!
      this.#chosen.flip(index)
      if (index < this.#closed) this.#closedDepth--
      const after = this.#next[index]!
      this.#next[this.#previous[index]!] = index
      if (after !== END) this.#previous[after] = index
      if (this.#forced[this.#depth] === 1) continue
      this.#moveLimit()
      this.#forcing = false
      this.#inOpen = index >= this.#closed
      this.#entry = after
      return
    }
  }

  #moveLimit(): void {
    const first = this.#next[this.#closedHead]!
    this.#limit = first === END ? Number.MAX_SAFE_INTEGER : this.#returns[first]!
  }

  #link(): void {
    const closed = Array.from(this.#returns.keys()).sort((a, b) => this.#returns[a]! - this.#returns[b]!)
    this.#chain(this.#closedHead, closed)
    const open = Array.from({ length: this.#operations.length - this.#closed }, (_, i) => this.#closed + i)
    this.#chain(this.#openHead, open)
    let first = Number.MAX_SAFE_INTEGER
    for (const index of closed.reverse()) {
      first = Math.min(first, this.#calls[index]!)
      this.#firstCall[index] = first
    }
  }

  #chain(head: number, all: readonly number[]): void {
    let last = head
    for (const index of all) {
      this.#next[last] = index
      this.#previous[index] = last
      last = index
    }
    this.#next[last] = END
  }
}

function isClosed({ returnedAt }: Operation): boolean {
  return returnedAt !== Number.POSITIVE_INFINITY
}

/** For each operation one of its class that was called before it and need not end after it. */
function twins(all: readonly Operation[], classes: Int32Array): Int32Array {
  const found = new Int32Array(all.length).fill(NONE)
  const last = new Map<number, number>()
  // Closed ones come first and each part is in the order of the calls, and a class has operations of one part only.
  for (let i = 0; i < all.length; i++) {
    const earlier = last.get(classes[i]!)
    if (earlier !== undefined && all[earlier]!.returnedAt <= all[i]!.returnedAt) found[i] = earlier
    last.set(classes[i]!, i)
  }
  return found
}
