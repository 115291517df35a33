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
 * with Lowe's memory of configurations, which is what has been put in the order and the state that led to.
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
  /** A doubly linked list: entry i is the call of operation i, entry size + i its return, the last entry the head. */
  readonly #next: Int32Array
  readonly #previous: Int32Array
  readonly #head: number
  #entry: number
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
    this.#head = size + this.#closed
    this.#next = new Int32Array(this.#head + 1)
    this.#previous = new Int32Array(this.#head + 1)
    this.#link()
    this.#entry = this.#next[this.#head]!
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
    const size = this.#operations.length
    for (let i = 0; i < most && this.verdict === null; i++) {
      this.steps++
      const entry = this.#entry
      if (entry === END)
        this.verdict = 'ok' // no return is left, so every answer is explained
      else if (entry < size) this.#call(entry)
      else if (this.#forcing) {
        this.#forcing = false
        const length = this.#chosen.write(this.#state)
        const isNew = this.#seen.add(
          this.#chosen.hash ^ Math.imul(this.#state, 0x27d4eb2f),
          this.#chosen.record,
          length,
        )
        if (isNew) this.#entry = this.#next[this.#head]!
        else this.#backtrack()
      } else this.#backtrack()
    }
    return this.verdict
  }

  #call(index: number): void {
    if (this.#forcing && this.#pure[index] !== 1) {
      this.#entry = this.#next[index]!
      return
    }
    const next = this.#table.step(this.#state, this.#classes[index]!)
    if (this.#forcing) {
      if (next !== NO_STATE) this.#take(index, next, 1)
      this.#entry = this.#next[index]!
      return
    }
    if (next === NO_STATE || this.#decidesNothing(index, next)) {
      this.#entry = this.#next[index]!
      return
    }
    this.#take(index, next, 0)
    this.#forcing = true
    this.#entry = this.#next[this.#head]!
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
    if (index < this.#closed) {
      this.#closedDepth++
      // Before the call, whose next entry may be this one and is where the search goes on.
      this.#unlink(this.#operations.length + index)
    }
    this.#unlink(index)
  }

  /** A return stands first whose call is not in the order: undo the last choice, and go on behind it. */
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
      this.#relink(index)
      if (index < this.#closed) {
        this.#closedDepth--
        this.#relink(this.#operations.length + index)
      }
      this.#entry = this.#next[index]!
      if (this.#forced[this.#depth] === 0) return
    }
  }

  #unlink(entry: number): void {
    const previous = this.#previous[entry]!
    const next = this.#next[entry]!
    this.#next[previous] = next
    if (next !== END) this.#previous[next] = previous
  }

  #relink(entry: number): void {
    this.#next[this.#previous[entry]!] = entry
    const next = this.#next[entry]!
    if (next !== END) this.#previous[next] = entry
  }

  #link(): void {
    const size = this.#operations.length
    const timed = this.#operations.map(({ calledAt }, index) => ({ at: calledAt, entry: index }))
    for (let i = 0; i < this.#closed; i++) timed.push({ at: this.#operations[i]!.returnedAt, entry: size + i })
    timed.sort((a, b) => a.at - b.at)
    let last = this.#head
    for (const { entry } of timed) {
      this.#next[last] = entry
      this.#previous[entry] = last
      last = entry
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
