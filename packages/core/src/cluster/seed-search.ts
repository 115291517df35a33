import type { Logger } from '../actor/logger.ts'
import { toError } from '../errors.ts'
import type { Peer } from '../remoting/peer-event.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { TimerQueue } from '../runtime/timer-queue.ts'
import type { Discovery } from './discovery.ts'
import { Founding } from './founding.ts'
import { SeedFinder } from './seed-finder.ts'

/** How long one thing keeps a node from being in a cluster before the log hears of it, in ms. */
const WARN_AFTER_MS = 10_000
/** So many periods without a look, and nothing is known to have been the same. */
const BLIND_PERIODS = 3

export interface SeedSearchHost {
  readonly runtime: Runtime
  readonly timers: TimerQueue
  readonly log: Logger
}

/** What a search needs of the connections. */
export interface SeedLinks {
  readonly peers: readonly Peer[]
  followSeeds(addresses: readonly string[]): void
  isSelf(address: string): boolean
  /** @returns null when nobody there is connected */
  peerAt(address: string): Peer | null
}

/** What it needs of the membership. */
export interface SeedMembers {
  readonly isUp: boolean
  knows(uid: string): boolean
  mayFound(may: boolean): void
}

export interface SeedSearchTerms {
  readonly periodMs: number
  readonly foundAfterMs: number
  readonly aloneAfterMs: number
}

/** Looks for seeds as long as the node runs, and says when this node is the one to begin a cluster. */
export class SeedSearch {
  readonly #discovery: Discovery
  readonly #host: SeedSearchHost
  readonly #links: SeedLinks
  readonly #members: SeedMembers | null
  readonly #founding: Founding
  readonly #finder: SeedFinder
  #missing = ''
  #missingSinceMs = 0
  #isWarned = false

  /** @param members null where nobody keeps a list of them, and nothing is to be begun */
  constructor(
    discovery: Discovery,
    host: SeedSearchHost,
    links: SeedLinks,
    members: SeedMembers | null,
    terms: SeedSearchTerms,
  ) {
    const { periodMs, foundAfterMs, aloneAfterMs } = terms
    this.#discovery = discovery
    this.#host = host
    this.#links = links
    this.#members = members
    const blindMs = Math.max(BLIND_PERIODS * periodMs, foundAfterMs)
    this.#founding = new Founding({ foundAfterMs, aloneAfterMs, blindMs })
    this.#finder = new SeedFinder(discovery, host.timers, {
      periodMs,
      random: host.runtime.random.stream('seeds'),
      isSearching: () => (members === null ? links.peers.length === 0 : !members.isUp),
      found: (addresses, failure) => this.#found(addresses, failure),
    })
  }

  start(): void {
    this.#finder.start()
  }

  stop(): void {
    this.#finder.stop()
  }

  #found(addresses: readonly string[] | null, failure: unknown): void {
    const nowMs = this.#host.runtime.clock.now()
    // What could not be looked up says nothing of those who are known.
    if (addresses !== null) this.#links.followSeeds(addresses)
    if (this.#members === null || this.#members.isUp) {
      return this.#report(failure === null ? null : toError(failure).message, nowMs)
    }
    this.#founding.found(addresses, nowMs)
    const missing = this.#founding.missing(
      {
        isSelf: (address) => this.#links.isSelf(address),
        isAnswering: (address) => this.#isAnswering(address),
      },
      nowMs,
    )
    this.#members.mayFound(missing === null)
    this.#report(failure === null ? missing : `${missing}: ${toError(failure).message}`, nowMs)
  }

  /** A connection alone tells nothing: whoever is there may be in a cluster already. */
  #isAnswering(address: string): boolean {
    const peer = this.#links.peerAt(address)
    return peer !== null && this.#members?.knows(peer.uid) === true
  }

  /** Says once what keeps a node alone. */
  #report(missing: string | null, nowMs: number): void {
    if (missing !== this.#missing) {
      this.#missing = missing ?? ''
      this.#missingSinceMs = nowMs
      this.#isWarned = false
    }
    if (this.#missing === '' || this.#isWarned || nowMs - this.#missingSinceMs < WARN_AFTER_MS) return
    this.#isWarned = true
    this.#host.log.warn(`${this.#discovery.name}: ${this.#missing}`)
  }
}
