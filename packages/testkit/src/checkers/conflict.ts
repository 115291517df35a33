import { eventsOf, type HistoryEvent, type Operation } from './history.ts'
import type { Model } from './model.ts'
import { OrderSearch } from './order-search.ts'

/**
 * The smallest conflict that is found within a number of steps, as events of the history.
 *
 * An operation may not simply be removed: without a write, a good read of its value becomes a bad one. So one that
 * is left out is *loosened*: it may take effect at any time after its call, or never, and answers nothing. Whatever
 * order explains a history also explains it with some operations loosened; so if the rest still allows no order, the
 * history does not either. For a read, being loosened is being removed.
 *
 * First the history is cut after the earliest end that makes it illegal, and what is then under way is loosened; then
 * as many other operations as possible are. Of the loosened ones, those are shown that the longest order makes use of:
 * they wrote what was read.
 *
 * @param all the operations of one key that allow no order
 */
export function smallestConflict<S>(
  history: readonly HistoryEvent[],
  all: readonly Operation[],
  model: Model<S>,
  steps: number,
): HistoryEvent[] {
  const trial = new Trial(all, model, steps)
  const cut = cutShort(trial, all)
  const upToCut = all.filter(({ calledAt }) => calledAt < cut)
  const kept = keepFewest(
    trial,
    upToCut.filter(({ returnedAt }) => returnedAt <= cut),
    cut,
  )
  const shown = new Set<Operation>([...kept, ...trial.used(kept, cut)])
  return eventsOf(
    history.slice(0, cut + 1),
    upToCut.filter((operation) => shown.has(operation)),
  )
}

/** @returns the place of the earliest end up to which the operations allow no order */
function cutShort<S>(trial: Trial<S>, all: readonly Operation[]): number {
  const ends = all.map(({ returnedAt }) => returnedAt).filter(Number.isFinite)
  ends.sort((a, b) => a - b)
  // What holds for a prefix holds for longer ones, so halving finds the place.
  let low = 0
  let high = ends.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    const cut = ends[middle]!
    const ended = all.filter(({ returnedAt }) => returnedAt <= cut)
    if (trial.isIllegal(ended, cut)) high = middle
    else low = middle + 1
  }
  return ends[low]!
}

/** Loosens halves, quarters, ... and single ones, last ones first, as long as no order becomes possible. */
function keepFewest<S>(trial: Trial<S>, ended: readonly Operation[], cut: number): readonly Operation[] {
  let kept = ended
  for (let size = kept.length >> 1; size >= 1; ) {
    const before = kept.length
    for (let end = kept.length; end > 0; end -= size) {
      const start = Math.max(0, end - size)
      const fewer = [...kept.slice(0, start), ...kept.slice(end)]
      if (fewer.length > 0 && trial.isIllegal(fewer, cut)) kept = fewer
    }
    if (size > 1) size = Math.min(size >> 1, Math.max(1, kept.length >> 1))
    else if (kept.length === before || trial.isOver) return kept
  }
  return kept
}

/** Searches within one budget: each may use a part of what is left. */
class Trial<S> {
  readonly #all: readonly Operation[]
  readonly #model: Model<S>
  #left: number

  constructor(all: readonly Operation[], model: Model<S>, steps: number) {
    this.#all = all
    this.#model = model
    this.#left = steps
  }

  get isOver(): boolean {
    return this.#left <= 0
  }

  /** Whether no order is possible when of the operations called before the cut all but some are loosened. */
  isIllegal(kept: readonly Operation[], cut: number): boolean {
    if (this.isOver) return false
    const search = new OrderSearch(this.#loosened(kept, cut), this.#model)
    const verdict = search.run(Math.ceil(this.#left / 8))
    // Making a search costs about as much as a step per operation.
    this.#left -= search.steps + this.#all.length
    return verdict === 'illegal'
  }

  /** The loosened operations that the longest order makes use of. */
  used(kept: readonly Operation[], cut: number): Operation[] {
    const search = new OrderSearch(this.#loosened(kept, cut), this.#model, true)
    search.run(Math.max(this.#left, 100_000))
    const places = new Set(search.longest.map(({ calledAt }) => calledAt))
    return this.#all.filter(({ calledAt }) => places.has(calledAt))
  }

  #loosened(kept: readonly Operation[], cut: number): Operation[] {
    const strict = new Set(kept)
    const found: Operation[] = []
    for (const operation of this.#all) {
      if (operation.calledAt >= cut) break
      if (strict.has(operation)) found.push(operation)
      else if (!this.#model.isRead(operation.f) && operation.outcome !== 'refused')
        found.push({ ...operation, outcome: 'unknown', output: undefined, returnedAt: Number.POSITIVE_INFINITY })
    }
    return found
  }
}
