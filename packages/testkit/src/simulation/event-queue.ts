/** Something that is to happen at an instant of virtual time. The queue owns its `slot`. */
export interface Queued {
  /** Where it stands in the queue; -1 while it is in none. */
  slot: number
}

const FIRST_CAPACITY = 256
/** Children per node of the heap: four keys lie in one or two cache lines, and the heap is half as deep. */
const ARITY = 4

/**
 * What is to come, earliest first: an indexed 4-ary heap over (time, tie, order of insertion), so that equal calls
 * give equal orders. Adding, taking and removing are O(log n); what is removed leaves nothing behind. Keys stand in
 * typed arrays by slot, and the heap holds slots.
 */
export class EventQueue<T extends Queued> {
  #times = new Float64Array(FIRST_CAPACITY)
  #ties = new Uint32Array(FIRST_CAPACITY)
  #sequences = new Float64Array(FIRST_CAPACITY)
  #items: (T | null)[] = new Array<T | null>(FIRST_CAPACITY).fill(null)
  /** Slots, as a heap. */
  #heap = new Int32Array(FIRST_CAPACITY)
  /** Where in the heap each slot stands. */
  #places = new Int32Array(FIRST_CAPACITY)
  /** Slots that hold nothing, as a stack. */
  #free = Int32Array.from({ length: FIRST_CAPACITY }, (_, i) => FIRST_CAPACITY - 1 - i)
  #size = 0
  #sequence = 0

  get size(): number {
    return this.#size
  }

  /** Instant of the first event; infinite when there is none. */
  get nextTime(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#times[this.#heap[0]!]!
  }

  /**
   * @param time a whole number, in whatever unit the others have
   * @param tie 32 bits: of two at one instant, the lower one goes first, and of equal ones the one added first
   */
  add(item: T, time: number, tie: number): void {
    if (this.#size === this.#items.length) this.#grow()
    const slot = this.#free[this.#items.length - 1 - this.#size]!
    item.slot = slot
    this.#times[slot] = time
    this.#ties[slot] = tie
    this.#sequences[slot] = this.#sequence++
    this.#items[slot] = item
    this.#rise(slot, this.#size++)
  }

  /** Takes the first event out. @returns null when there is none */
  take(): T | null {
    if (this.#size === 0) return null
    const item = this.#items[this.#heap[0]!]!
    this.#removeAt(0)
    return item
  }

  /** Takes an event out, wherever it stands; does nothing to one that is in no queue. */
  remove(item: T): void {
    if (item.slot !== -1) this.#removeAt(this.#places[item.slot]!)
  }

  #removeAt(place: number): void {
    const heap = this.#heap
    const slot = heap[place]!
    const item = this.#items[slot]!
    item.slot = -1
    this.#items[slot] = null
    const last = --this.#size
    this.#free[this.#items.length - 1 - last] = slot
    if (place === last) return
    const moved = heap[last]!
    // What comes from the end may belong above the gap, when the gap was not on its way down.
    if (place > 0 && this.#before(moved, heap[((place - 1) / ARITY) | 0]!)) this.#rise(moved, place)
    else this.#sink(moved, place)
  }

  #before(a: number, b: number): boolean {
    const times = this.#times
    if (times[a]! !== times[b]!) return times[a]! < times[b]!
    const ties = this.#ties
    if (ties[a]! !== ties[b]!) return ties[a]! < ties[b]!
    return this.#sequences[a]! < this.#sequences[b]!
  }

  #rise(slot: number, from: number): void {
    const heap = this.#heap
    const places = this.#places
    let place = from
    while (place > 0) {
      const parent = ((place - 1) / ARITY) | 0
      const above = heap[parent]!
      if (!this.#before(slot, above)) break
      heap[place] = above
      places[above] = place
      place = parent
    }
    heap[place] = slot
    places[slot] = place
  }

  #sink(slot: number, from: number): void {
    const heap = this.#heap
    const places = this.#places
    const size = this.#size
    let place = from
    for (;;) {
      const first = place * ARITY + 1
      if (first >= size) break
      const end = Math.min(first + ARITY, size)
      let least = first
      for (let child = first + 1; child < end; child++) if (this.#before(heap[child]!, heap[least]!)) least = child
      const below = heap[least]!
      if (!this.#before(below, slot)) break
      heap[place] = below
      places[below] = place
      place = least
    }
    heap[place] = slot
    places[slot] = place
  }

  #grow(): void {
    const old = this.#items.length
    const capacity = old * 2
    this.#times = widened(this.#times, new Float64Array(capacity))
    this.#ties = widened(this.#ties, new Uint32Array(capacity))
    this.#sequences = widened(this.#sequences, new Float64Array(capacity))
    this.#heap = widened(this.#heap, new Int32Array(capacity))
    this.#places = widened(this.#places, new Int32Array(capacity))
    this.#items = [...this.#items, ...new Array<null>(old).fill(null)]
    // Called when no slot is free: the new ones are all that are.
    this.#free = new Int32Array(capacity)
    for (let i = 0; i < old; i++) this.#free[i] = capacity - 1 - i
  }
}

function widened<A extends Float64Array | Uint32Array | Int32Array>(from: A, to: A): A {
  to.set(from)
  return to
}
