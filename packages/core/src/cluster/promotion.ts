import { Agreement } from './agreement.ts'
import { PAGE_RECORDS } from './gossip.ts'
import { ALIVE, isNominated, JOINING, type MemberRecord, UP } from './member.ts'
import type { MemberChanges } from './member-changes.ts'
import type { MembershipEffects } from './membership-effects.ts'
import type { MembershipSettings } from './membership-settings.ts'
import type { Roster } from './roster.ts'

/**
 * Takes in those who join: the oldest member nominates them, calls the roll, and they are up once all who count and all
 * who are nominated have answered that they know of the same ones. So nobody counts for one side of a partition that
 * the other side has never heard of.
 */
export class Promotion {
  readonly #settings: MembershipSettings
  readonly #roster: Roster
  readonly #changes: MemberChanges
  /** Until when to wait for others before this node begins a cluster of its own. */
  readonly #aloneUntilMs: number
  readonly #agreement: Agreement
  /** Whether this node may begin a cluster; null where that is for the lowest uid to do. */
  #mayFound: boolean | null = null

  /** @param aloneUntilMs until when to wait for others before this node begins a cluster of its own */
  constructor(
    settings: MembershipSettings,
    roster: Roster,
    changes: MemberChanges,
    effects: MembershipEffects,
    aloneUntilMs: number,
  ) {
    this.#settings = settings
    this.#roster = roster
    this.#changes = changes
    this.#aloneUntilMs = aloneUntilMs
    this.#agreement = new Agreement(settings, roster, effects)
  }

  /** @param soonMs when to look again whether this node may begin alone */
  nextMs(soonMs: number): number {
    const isWaiting = this.#changes.own.state === JOINING
    return Math.min(this.#agreement.nextMs, isWaiting ? Math.max(this.#aloneUntilMs, soonMs) : Number.POSITIVE_INFINITY)
  }

  /** `uid` knows the electorate of this digest. */
  answered(uid: string, digest: number): void {
    this.#agreement.answered(uid, digest)
  }

  /** Whether this node is the one to begin a cluster, where addresses decide that and not uids. */
  mayFound(may: boolean): void {
    this.#mayFound = may
  }

  pass(nowMs: number): void {
    if (!this.#isDue(nowMs)) return this.#agreement.rest()
    const electorate = this.#roster.electorate()
    const nominated = electorate.filter(isNominated)
    const { uid } = this.#changes.own.info
    const others = electorate.filter(({ info }) => info.uid !== uid)
    if (!this.#agreement.isReached(others, nominated, nowMs)) return
    this.#agreement.rest()
    for (const record of nominated) this.#changes.change({ ...record, state: UP }, nowMs)
  }

  /** Whether somebody is nominated, now that those are who may be; and it is for this node to take them in. */
  #isDue(nowMs: number): boolean {
    const roster = this.#roster
    // While somebody who counts is unreachable, another side might take in others.
    if (roster.joiningCount === 0 || roster.missedCount + roster.condemnedCount > 0) return false
    const eldest = roster.eldest()
    const { uid } = this.#changes.own.info
    if (eldest !== undefined && eldest.info.uid !== uid) return false
    if (roster.nominatedCount > 0) return true
    const joining = roster.listed().filter(({ state, opinion }) => state === JOINING && opinion === ALIVE)
    if (joining.length === 0) return false
    if (eldest === undefined) {
      if (this.#founder(joining, nowMs) !== uid) return false
      if (joining.length < this.#settings.minMembers) return false
    }
    this.#nominate(joining, eldest === undefined, nowMs)
    return true
  }

  /** Who is to begin a cluster of their own; null while it is not known, or not this node. */
  #founder(joining: readonly MemberRecord[], nowMs: number): string | null {
    if (this.#mayFound !== null) return this.#mayFound ? this.#changes.own.info.uid : null
    if (joining.length === 1 && nowMs < this.#aloneUntilMs) return null
    return joining.reduce((a, b) => (b.info.uid < a.info.uid ? b : a)).info.uid
  }

  #nominate(joining: readonly MemberRecord[], isBeginning: boolean, nowMs: number): void {
    const { uid } = this.#changes.own.info
    let last = this.#roster.electorate().reduce((most, { upNumber }) => Math.max(most, upNumber), 0)
    // This node is the first one of its cluster, if it is new itself.
    const isBefore = (a: MemberRecord, b: MemberRecord): boolean =>
      a.info.uid === uid || (b.info.uid !== uid && a.info.uid < b.info.uid)
    const order = [...joining].sort((a, b) => (isBefore(a, b) ? -1 : 1))
    // As many again as there are: so the number of rolls that are called for n joiners grows with log n.
    const most = Math.max(PAGE_RECORDS, this.#roster.electorate().length, isBeginning ? this.#settings.minMembers : 0)
    for (const record of order.slice(0, most)) this.#changes.change({ ...record, upNumber: ++last }, nowMs)
  }
}
