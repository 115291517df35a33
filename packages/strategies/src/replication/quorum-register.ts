import { InvalidOptionError, is, type OptionCheck, type Ref, requireOptions } from '@troupe/core'
import { defined } from '../defined.ts'
import type { Guarantee } from './guarantee.ts'
import { majority } from './majority.ts'
import { compareStamps, type RegisterEntry, type Stamp } from './register-entry.ts'
import type { RegisterReplica } from './register-replica.ts'

export interface QuorumRegisterOptions {
  /** The replicas; a function where they come and go, called at each operation. */
  readonly replicas: readonly Ref<RegisterReplica>[] | (() => readonly Ref<RegisterReplica>[])
  /**
   * How many replicas there are, reachable or not: a majority is more than half of it. Every client must use
   * the same number. Needed with a function; default otherwise: as many as given.
   */
  readonly size?: number
  /** Names this client in stamps. Must be new at each start of the program: a system's `uid` will do. */
  readonly writer: string
  /** How long each of the two rounds of an operation may take, in ms. Default 2,000. */
  readonly timeoutMs?: number
  /**
   * `linearizable` (default): a read hands what it found to a majority before it answers. `regular`: it does
   * not, which saves a round when writes are about; then two reads may see two writes in the wrong order.
   */
  readonly reads?: 'linearizable' | 'regular'
}

/** Two round trips within one site take a few ms; 2 s is a pause no healthy replica makes. */
const DEFAULTS = { timeoutMs: 2_000, reads: 'linearizable' } as const

/**
 * Registers, one per key, each agreed upon by majority voting: no leader, no election, no log. Any client may
 * read and write any key; each operation is linearizable as long as a majority of the replicas answers and
 * keeps what it saved. A write costs two rounds, a read one, or two while a write is about.
 *
 * An operation on one key says nothing about other keys: there are no transactions, and no compare-and-set.
 * @see Attiya, Bar-Noy & Dolev 1995, "Sharing Memory Robustly in Message-Passing Systems"; Lynch & Shvartsman
 *   1997 for many writers
 */
export class QuorumRegister<V = unknown> {
  readonly guarantee: Guarantee
  readonly #replicas: () => readonly Ref<RegisterReplica>[]
  readonly #size: number
  readonly #writer: string
  readonly #timeoutMs: number
  readonly #writeBack: boolean
  /** Ids of all replicas that ever answered. */
  readonly #met = new Set<string>()
  /** Highest counter this client has used: two writes under way at once must not share one. */
  #counter = 0

  /** @throws {InvalidOptionError | UnknownOptionError} */
  constructor(options: QuorumRegisterOptions) {
    const { replicas: isReplicas, writer: isWriter, ...optional } = quorumOptionChecks
    requireOptions('QuorumRegister', options, { replicas: isReplicas, writer: isWriter }, optional)
    const { replicas, writer, timeoutMs, reads } = { ...DEFAULTS, ...defined(options) }
    if (typeof replicas === 'function')
      requireOptions('QuorumRegister', { size: options.size }, { size: is.integer(1) })
    this.#replicas = typeof replicas === 'function' ? replicas : () => replicas
    this.#size = options.size ?? this.#replicas().length
    this.#writer = writer
    this.#timeoutMs = timeoutMs
    this.#writeBack = reads === 'linearizable'
    this.guarantee = this.#writeBack ? LINEARIZABLE : REGULAR
  }

  /** The value last written, undefined when there is none. @throws {NoMajorityError} */
  async read(key: string): Promise<V | undefined> {
    const what = `read "${key}"`
    const readings = await this.#ask(what, 'not-sent', (replica, options) => replica.ask('read', key, options))
    const latest = readings.map(({ entry }) => entry).reduce(newer)
    // Known to a majority already: every later read will meet it.
    const settled = readings.every(({ entry }) => compareStamps(entry, latest) === 0)
    if (!settled && this.#writeBack) await this.#store(what, 'not-sent', key, latest)
    // Replicas hold what clients of this register wrote: `V` is what they agreed upon.
    return latest.deleted ? undefined : (latest.value as V)
  }

  /** @throws {NoMajorityError} its `outcome` says whether the write may show later nevertheless */
  write(key: string, value: V): Promise<void> {
    return this.#replace(`write "${key}"`, key, false, value)
  }

  /** Deletes a key; its tombstone stays with the replicas. @throws {NoMajorityError} as `write` does */
  delete(key: string): Promise<void> {
    return this.#replace(`delete "${key}"`, key, true, null)
  }

  /**
   * The keys that have a value and begin with `prefix`, sorted. Sees every write and delete that was
   * acknowledged before the call; those under way, or of unknown outcome, may or may not show. Costs a
   * message with all stamps from each replica.
   *
   * @throws {NoMajorityError}
   */
  async keys(prefix = ''): Promise<string[]> {
    const listings = await this.#ask(`keys "${prefix}"`, 'not-sent', (replica, options) =>
      replica.ask('list', prefix, options),
    )
    const latest = new Map<string, Stamp & { readonly deleted: boolean }>()
    for (const { keys } of listings) {
      for (const found of keys) {
        const known = latest.get(found.key)
        if (known === undefined || compareStamps(known, found) < 0) latest.set(found.key, found)
      }
    }
    return [...latest].flatMap(([key, { deleted }]) => (deleted ? [] : [key])).sort()
  }

  async #replace(what: string, key: string, deleted: boolean, value: unknown): Promise<void> {
    const readings = await this.#ask(what, 'not-sent', (replica, options) => replica.ask('read', key, options))
    const seen = Math.max(...readings.map(({ entry }) => entry.counter))
    this.#counter = Math.max(this.#counter, seen) + 1
    const entry: RegisterEntry = { counter: this.#counter, writer: this.#writer, deleted, value }
    await this.#store(what, 'unknown', key, entry)
  }

  async #store(what: string, outcome: 'not-sent' | 'unknown', key: string, entry: RegisterEntry): Promise<void> {
    await this.#ask(what, outcome, (replica, options) => replica.ask('write', { key, entry }, options))
  }

  async #ask<T extends { readonly replica: string }>(
    what: string,
    outcome: 'not-sent' | 'unknown',
    ask: (replica: Ref<RegisterReplica>, options: { timeoutMs: number }) => Promise<T>,
  ): Promise<T[]> {
    const options = { timeoutMs: this.#timeoutMs }
    const replicas = this.#replicas()
    const round = {
      what,
      outcome,
      replicas,
      size: this.#size,
      ask: (replica: Ref<RegisterReplica>) => ask(replica, options),
    }
    const answers = await majority(round)
    for (const { replica } of answers) this.#met.add(replica)
    // Two majorities of too small a number need not meet, and nothing would be linearizable any more.
    if (this.#met.size > this.#size) {
      const ids = [...this.#met].join(', ')
      throw new InvalidOptionError('QuorumRegister', 'size', `the number of all replicas, which are ${ids}`, this.#size)
    }
    return answers
  }
}

const LINEARIZABLE: Guarantee = {
  acknowledged: 'A majority of the replicas has saved the write.',
  reads: 'Linearizable for each key: a read answers the last write acknowledged before it, or one that overlaps it.',
  losesWhen: 'A majority of the replicas loses what it saved.',
}

const REGULAR: Guarantee = {
  ...LINEARIZABLE,
  reads:
    'Regular, not linearizable: a read answers the last write acknowledged before it, or one that overlaps it; ' +
    'of two reads the later one may answer the older write.',
}

/** How each option is checked. `size` must be there when `replicas` is a function. */
export const quorumOptionChecks: Readonly<Record<'replicas' | 'writer' | 'size' | 'timeoutMs' | 'reads', OptionCheck>> =
  {
    replicas: (value: unknown) => (typeof value === 'function' ? null : is.array(value)),
    writer: is.string,
    size: is.integer(1),
    timeoutMs: is.number(1),
    reads: is.oneOf('linearizable', 'regular'),
  }

function newer(a: RegisterEntry, b: RegisterEntry): RegisterEntry {
  return compareStamps(a, b) < 0 ? b : a
}
