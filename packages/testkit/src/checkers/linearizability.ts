import { type HistoryEvent, type Operation, operations } from './history.ts'

/** What an object does when it is used by one caller at a time. Deterministic; states are values. */
export interface Model<S> {
  readonly initial: S
  /** The state after the operation, or null when it could not have answered `output` in this state. */
  step(state: S, operation: Operation): { readonly state: S } | null
  /** Equal texts for equal states, different ones for different states. */
  identify(state: S): string
  /** Whether an operation leaves the state alone: such a one without an answer says nothing and is dropped. */
  isRead(f: string): boolean
}

export interface CheckOptions {
  /** Steps of the search for all keys together; beyond it the verdict is `unknown`. Default 1,000,000. */
  readonly maxSteps?: number
}

export type Verdict =
  | { readonly verdict: 'linearizable' }
  | { readonly verdict: 'unknown'; readonly key: string }
  /** `prefix` is the longest order found for the key; `stuck` what could not be put behind it. */
  | {
      readonly verdict: 'illegal'
      readonly key: string
      readonly prefix: readonly Operation[]
      readonly stuck: readonly Operation[]
    }

const SLICE = 2_000

/**
 * Is there an order of the operations that explains every answer and keeps real time?
 *
 * Worst case exponential in the operations that overlap; histories without many `info` take linear time.
 * Keys are checked apart, in turns, so that one hard key does not hide the verdict of an easy one.
 * @see Wing & Gong 1993, "Testing and Verifying Concurrent Objects"; Lowe 2017, "Testing for Linearizability"
 */
export function checkLinearizable<S>(
  history: readonly HistoryEvent[],
  model: Model<S>,
  options: CheckOptions = {},
): Verdict {
  const byKey = new Map<string, Operation[]>()
  for (const operation of operations(history)) {
    if (operation.returnedAt === Number.POSITIVE_INFINITY && model.isRead(operation.f)) continue
    const same = byKey.get(operation.key)
    if (same === undefined) byKey.set(operation.key, [operation])
    else same.push(operation)
  }
  let searches = [...byKey].map(([key, same]) => ({ key, search: new Search(same, model) }))
  let steps = 0
  while (searches.length > 0) {
    for (const { key, search } of searches) {
      const result = search.run(SLICE)
      if (result === 'illegal') return { verdict: 'illegal', key, prefix: search.longest, stuck: search.stuck }
    }
    steps += SLICE * searches.length
    searches = searches.filter(({ search }) => !search.done)
    if (steps >= (options.maxSteps ?? 1_000_000) && searches.length > 0) {
      return { verdict: 'unknown', key: searches[0]!.key }
    }
  }
  return { verdict: 'linearizable' }
}

/** A call or a return in a doubly linked list, so that an operation is lifted out and put back in O(1). */
class Entry {
  readonly index: number
  readonly operation: Operation
  readonly isCall: boolean
  /** The return of a call; null when the operation never returned. */
  match: Entry | null = null
  previous: Entry | null = null
  next: Entry | null = null

  constructor(index: number, operation: Operation, isCall: boolean) {
    this.index = index
    this.operation = operation
    this.isCall = isCall
  }

  unlink(): void {
    if (this.previous !== null) this.previous.next = this.next
    if (this.next !== null) this.next.previous = this.previous
  }

  relink(): void {
    if (this.previous !== null) this.previous.next = this
    if (this.next !== null) this.next.previous = this
  }
}

/** The search for one key, which can be interrupted. */
class Search<S> {
  readonly #model: Model<S>
  readonly #head: Entry
  readonly #lifted: { entry: Entry; before: S }[] = []
  readonly #seen = new Set<string>()
  readonly #bits: Uint32Array
  #state: S
  #entry: Entry | null
  done = false
  longest: readonly Operation[] = []
  stuck: readonly Operation[] = []

  constructor(all: readonly Operation[], model: Model<S>) {
    this.#model = model
    this.#state = model.initial
    this.#bits = new Uint32Array((all.length >> 5) + 1)
    this.#head = link(all)
    this.#entry = this.#head.next
  }

  run(most: number): 'ok' | 'illegal' | 'unfinished' {
    for (let i = 0; i < most && !this.done; i++) {
      const entry = this.#entry
      if (entry === null)
        this.done = true // no return is left, so every answer is explained
      else if (entry.isCall) this.#entry = this.#lift(entry) ? this.#head.next : entry.next
      else if (!this.#backtrack(entry)) return 'illegal'
    }
    return this.done ? 'ok' : 'unfinished'
  }

  /** Takes the operation as the next in the order, if the model accepts it and this is not known to fail. */
  #lift(entry: Entry): boolean {
    const stepped = this.#model.step(this.#state, entry.operation)
    if (stepped === null) return false
    this.#flip(entry.index)
    const here = `${this.#bits.join()} ${this.#model.identify(stepped.state)}`
    if (this.#seen.has(here)) {
      this.#flip(entry.index)
      return false
    }
    this.#seen.add(here)
    this.#lifted.push({ entry, before: this.#state })
    this.#state = stepped.state
    entry.unlink()
    entry.match?.unlink()
    return true
  }

  /** A return stands first whose call is not in the order yet: undo the last choice. */
  #backtrack(blocking: Entry): boolean {
    if (this.#lifted.length >= this.longest.length) {
      this.longest = this.#lifted.map(({ entry }) => entry.operation)
      this.stuck = callsBefore(this.#head.next, blocking)
    }
    const last = this.#lifted.pop()
    if (last === undefined) return false
    this.#state = last.before
    this.#flip(last.entry.index)
    last.entry.match?.relink()
    last.entry.relink()
    this.#entry = last.entry.next
    return true
  }

  #flip(index: number): void {
    this.#bits[index >> 5]! ^= 1 << (index & 31)
  }
}

function link(all: readonly Operation[]): Entry {
  const timed: { at: number; entry: Entry }[] = []
  all.forEach((operation, index) => {
    const call = new Entry(index, operation, true)
    timed.push({ at: operation.calledAt, entry: call })
    if (operation.returnedAt === Number.POSITIVE_INFINITY) return
    call.match = new Entry(index, operation, false)
    timed.push({ at: operation.returnedAt, entry: call.match })
  })
  timed.sort((a, b) => a.at - b.at)
  const head = new Entry(-1, { process: '', f: '', key: '', input: 0, output: 0, calledAt: -1, returnedAt: -1 }, true)
  let last = head
  for (const { entry } of timed) {
    last.next = entry
    entry.previous = last
    last = entry
  }
  return head
}

function callsBefore(from: Entry | null, end: Entry): Operation[] {
  const found: Operation[] = []
  for (let entry = from; entry !== null && entry !== end; entry = entry.next) found.push(entry.operation)
  return found
}
