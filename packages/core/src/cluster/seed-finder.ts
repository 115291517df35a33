import type { Random } from '../runtime/random.ts'
import type { Deadline, TimerQueue } from '../runtime/timer-queue.ts'
import type { Discovery } from './discovery.ts'

/** How long a look may take, in ms. */
const LOOKUP_TIMEOUT_MS = 5_000
/** Each is dialled: so many are no cluster, but a name server that is not well. */
const MOST_ADDRESSES = 4_096
/** While nobody is missing, one look in so many periods. */
const CALM = 10

export interface SeedFinderTerms {
  readonly periodMs: number
  readonly random: Random
  /** Whether somebody is still looked for. */
  isSearching(): boolean
  /** @param addresses null when the look has failed, or took too long */
  found(addresses: readonly string[] | null, failure: unknown): void
}

/** Asks a {@link Discovery} again and again, one question at a time. */
export class SeedFinder {
  readonly #discovery: Discovery
  readonly #timers: TimerQueue
  readonly #terms: SeedFinderTerms
  #abort: AbortController | null = null
  #next: Deadline | null = null
  #stopped = false

  constructor(discovery: Discovery, timers: TimerQueue, terms: SeedFinderTerms) {
    this.#discovery = discovery
    this.#timers = timers
    this.#terms = terms
  }

  start(): void {
    this.#look()
  }

  stop(): void {
    this.#stopped = true
    this.#next?.cancel()
    this.#abort?.abort()
  }

  #look(): void {
    if (this.#stopped) return
    const abort = new AbortController()
    this.#abort = abort
    const late = new Error(`no answer within ${LOOKUP_TIMEOUT_MS} ms`)
    this.#next = this.#timers.after(LOOKUP_TIMEOUT_MS, () => this.#ended(abort, null, late))
    // Also what it throws is a failure to tell.
    new Promise<readonly string[]>((resolve) => resolve(this.#discovery.lookup(abort.signal))).then(checked).then(
      (addresses) => this.#ended(abort, addresses, null),
      (error: unknown) => this.#ended(abort, null, error),
    )
  }

  #ended(abort: AbortController, addresses: readonly string[] | null, failure: unknown): void {
    // An answer to a question that was given up.
    if (this.#stopped || this.#abort !== abort) return
    this.#abort = null
    this.#next?.cancel()
    abort.abort()
    this.#terms.found(addresses, failure)
    if (this.#stopped) return
    const { periodMs, random } = this.#terms
    const waitMs = this.#terms.isSearching() ? periodMs : periodMs * CALM
    // Nodes that start together need not ask together.
    this.#next = this.#timers.after((waitMs * (900 + random.below(201))) / 1000, () => this.#look())
  }
}

/** It may be anybody's code that has looked. */
function checked(found: readonly string[]): readonly string[] {
  const isList = Array.isArray(found) && found.every((address) => typeof address === 'string' && address !== '')
  if (!isList) throw new TypeError('what was looked up is not an array of addresses, none empty')
  if (found.length <= MOST_ADDRESSES) return found
  throw new RangeError(`${found.length} addresses, where ${MOST_ADDRESSES.toLocaleString('en')} are the limit`)
}
