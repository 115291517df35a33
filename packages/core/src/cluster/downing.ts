import { Agreement } from './agreement.ts'
import { toWire } from './gossip.ts'
import {
  CONDEMNED,
  DOWN,
  isNominated,
  JOINING,
  LEAVING,
  type Member,
  type MemberRecord,
  memberOf,
  UNREACHABLE,
  UP,
} from './member.ts'
import type { MemberChanges } from './member-changes.ts'
import type { MembershipEffects } from './membership-effects.ts'
import type { MembershipSettings } from './membership-settings.ts'
import type { Roster } from './roster.ts'
import type { SplitDecision } from './split-brain.ts'

/**
 * As many of the oldest decide for their side. In a small cluster that is each for itself; in a large one, all would have
 * to hear all others first.
 */
const DECIDERS = 8

/**
 * Decides what becomes of those who are out of reach: once the view has been the same for a while, and all others have
 * answered a call. Probes find those who are out of reach one after the other: without the call, whoever was not
 * probed yet would count as on this side.
 *
 * Those who are to be down are condemned first, and down once all on this side know it: else a part of it that is parted
 * from the rest right then could take them back.
 */
export class Downing {
  readonly #settings: MembershipSettings
  readonly #roster: Roster
  readonly #changes: MemberChanges
  readonly #effects: MembershipEffects
  /** When members were last heard, by themselves or by an answer on their behalf. */
  readonly #heardMs = new Map<string, number>()
  readonly #agreement: Agreement
  /** When those who have not been heard since are called. */
  #nextMs: number
  /** The view that a roll was called for, and since when who was heard has answered it. */
  #rolled = -1
  #rollMs = 0
  /** The view that the strategy has decided on. */
  #decided = -1
  /** Who tries to take the lease for this side, as it was known last; null without a decision that needs it. */
  #claimant: MemberRecord | null = null

  constructor(
    settings: MembershipSettings,
    roster: Roster,
    changes: MemberChanges,
    effects: MembershipEffects,
    nowMs: number,
  ) {
    this.#settings = settings
    this.#roster = roster
    this.#changes = changes
    this.#effects = effects
    this.#agreement = new Agreement(settings, roster, effects)
    this.#nextMs = nowMs
  }

  get nextMs(): number {
    return Math.min(this.#agreement.nextMs, this.#mayDecide ? this.#nextMs : Number.POSITIVE_INFINITY)
  }

  /** `uid` knows the electorate of this digest. */
  answered(uid: string, digest: number): void {
    this.#agreement.answered(uid, digest)
  }

  /** Uid of the member that tries to take the lease for this side; null without a decision that needs it. */
  get claimant(): string | null {
    return this.#claimant?.info.uid ?? null
  }

  /** The claim of this node has been granted, or was refused for as long as it was worth trying. */
  claimed(isTaken: boolean, nowMs: number): void {
    if (this.claimant !== this.#changes.own.info.uid || this.#decided !== this.#changes.views) return
    const electorate = this.#roster.electorate()
    if (isTaken) this.#condemn(electorate, nowMs)
    else this.#giveUp(electorate, nowMs)
    this.#claimant = null
  }

  heard(uid: string, nowMs: number): void {
    this.#heardMs.set(uid, nowMs)
  }

  pass(nowMs: number): void {
    this.#endClaim(nowMs)
    if (this.#changes.own.state >= DOWN) return
    if (this.#mayDecide && this.#nextMs <= nowMs) this.#look(nowMs)
    if (this.#changes.own.state < DOWN) this.#execute(nowMs)
  }

  /** While somebody is suspected it is not known yet on which side that one is. */
  get #mayDecide(): boolean {
    const { unreachableCount, condemnedCount } = this.#roster
    const isOpen = this.#decided !== this.#changes.views && unreachableCount + condemnedCount > 0
    return isOpen && this.#changes.suspectCount === 0
  }

  get #isNewcomer(): boolean {
    const { state, upNumber } = this.#changes.own
    return state === JOINING && upNumber === 0
  }

  #look(nowMs: number): void {
    const { own, stableSinceMs } = this.#changes
    const { probePeriodMs, stableAfterMs } = this.#settings
    // A newcomer decides about itself alone: after those who decide for all.
    const callMs = stableSinceMs + stableAfterMs * (this.#isNewcomer ? 2 : 1)
    this.#nextMs = callMs > nowMs ? callMs : nowMs + probePeriodMs
    if (callMs > nowMs) return
    const electorate = this.#roster.electorate()
    if (this.#isNewcomer) {
      this.#decided = this.#changes.views
      // With nobody left to take it in, it has to begin anew.
      if (electorate.some(isUnreachable)) this.#changes.goDown(nowMs)
      return
    }
    const side = sideOf(electorate)
    if (side.findIndex(({ info }) => info.uid === own.info.uid) >= DECIDERS) return
    if (this.#rolled !== this.#changes.views) {
      this.#rolled = this.#changes.views
      // What was heard longer ago says nothing of a split that has just begun.
      this.#rollMs = nowMs - 2 * probePeriodMs
      this.#forgetTheDead()
    }
    const unheard = side.filter(({ info }) => info.uid !== own.info.uid && !this.#isHeard(info.uid))
    if (unheard.length === 0) this.#decide(electorate, nowMs)
    else for (const { info } of unheard) this.#effects.send('ping', info.uid)
  }

  #isHeard(uid: string): boolean {
    return (this.#heardMs.get(uid) ?? Number.NEGATIVE_INFINITY) > this.#rollMs
  }

  #forgetTheDead(): void {
    for (const uid of this.#heardMs.keys()) {
      if ((this.#roster.get(uid)?.state ?? DOWN) >= DOWN) this.#heardMs.delete(uid)
    }
  }

  #decide(electorate: readonly MemberRecord[], nowMs: number): void {
    this.#decided = this.#changes.views
    const decisions = this.#decisions(electorate)
    if (decisions.every((decision) => decision === GOES_ON)) return this.#condemn(electorate, nowMs)
    if (decisions.some((decision) => decision !== GOES_ON && decision !== 'take-lease'))
      return this.#giveUp(electorate, nowMs)
    this.#claim(electorate)
  }

  /** One for each side, so that it is one owner that has the lease. The others go its way. */
  #claim(electorate: readonly MemberRecord[]): void {
    const side = sideOf(electorate)
    this.#claimant = side.find(({ state }) => state === UP) ?? side[0] ?? null
    if (this.claimant === this.#changes.own.info.uid) this.#effects.claim()
  }

  /** Somebody has come or gone: what was to be decided is so no more. */
  #endClaim(nowMs: number): void {
    const before = this.#claimant
    if (before === null) return
    const { uid } = before.info
    const after = this.#roster.get(uid)
    if (this.#decided === this.#changes.views) return
    this.#claimant = null
    if (uid === this.#changes.own.info.uid) return this.#effects.unclaim()
    // It was refused, and all of its side with it. One that was leaving is down for another reason.
    if (before.state < LEAVING && (after?.state ?? DOWN) >= DOWN) this.#changes.goDown(nowMs)
  }

  #condemn(electorate: readonly MemberRecord[], nowMs: number): void {
    for (const record of electorate) {
      if (isUnreachable(record)) this.#changes.change({ ...record, state: CONDEMNED }, nowMs)
    }
  }

  /** Those who are condemned are down once all on this side know it, and nothing has changed since it was decided. */
  #execute(nowMs: number): void {
    const { unreachableCount, condemnedCount } = this.#roster
    const isOpen = this.#decided === this.#changes.views && unreachableCount + condemnedCount > 0
    if (!isOpen || this.#isNewcomer || this.#claimant !== null) return this.#agreement.rest()
    const electorate = this.#roster.electorate()
    const condemned = electorate.filter(({ state }) => state === CONDEMNED)
    const { uid } = this.#changes.own.info
    const side = sideOf(electorate)
    const others = side.filter(({ info }) => info.uid !== uid)
    if (condemned.length > 0 && !this.#agreement.isReached(others, condemned, nowMs)) return
    this.#agreement.rest()
    for (const record of condemned) this.#changes.change({ ...record, state: DOWN }, nowMs)
    for (const record of this.#roster.unreachable()) this.#changes.change({ ...record, state: DOWN }, nowMs)
  }

  /** The whole side is down: who does not decide is told so. */
  #giveUp(electorate: readonly MemberRecord[], nowMs: number): void {
    const { uid } = this.#changes.own.info
    const side = electorate.filter((record) => !isUnreachable(record))
    if (side.length > DECIDERS || this.#claimant !== null) {
      for (const record of side) {
        const end = toWire({ ...record, state: DOWN })
        if (record.info.uid !== uid) this.#effects.send('news', record.info.uid, 0, '', [end])
      }
    }
    this.#changes.goDown(nowMs)
  }

  /**
   * What becomes of this side whichever of the nominated are up on the other one, and whether or not the condemned are
   * down there: that may have seen it, or may never see it.
   */
  #decisions(electorate: readonly MemberRecord[]): readonly SplitDecision[] {
    let configurations: (readonly MemberRecord[])[] = [electorate]
    // All of a kind at once: what a strategy counts changes one way with each of them.
    for (const isOfKind of KINDS_IN_DOUBT) {
      if (!electorate.some(isOfKind)) continue
      const without = configurations.map((counted) => counted.filter((record) => !isOfKind(record)))
      configurations = [...configurations, ...without]
    }
    return configurations.map((counted) => this.#decision(counted))
  }

  #decision(counted: readonly MemberRecord[]): SplitDecision {
    const unreachable = counted.filter(isUnreachable)
    if (unreachable.length === 0) return GOES_ON
    return this.#settings.splitBrain.decide({
      self: memberOf(this.#changes.own),
      reachable: counted.filter((record) => !isUnreachable(record)).map(asCounted),
      unreachable: unreachable.map(asCounted),
    })
  }
}

const KINDS_IN_DOUBT: readonly ((record: MemberRecord) => boolean)[] = [
  (record) => isNominated(record) && isUnreachable(record),
  (record) => isNominated(record) && !isUnreachable(record),
  (record) => record.state === CONDEMNED && isUnreachable(record),
  (record) => record.state === CONDEMNED && !isUnreachable(record),
]

const GOES_ON: SplitDecision = 'down-unreachable'

function isUnreachable({ opinion }: MemberRecord): boolean {
  return opinion === UNREACHABLE
}

/** Those who decide with this node: whoever is condemned has no say in it. */
function sideOf(electorate: readonly MemberRecord[]): readonly MemberRecord[] {
  return electorate.filter((record) => !isUnreachable(record) && record.state !== CONDEMNED)
}

/** Strategies see members as they count here: whoever is in doubt as if it were up. */
function asCounted(record: MemberRecord): Member {
  return memberOf(isNominated(record) || record.state === CONDEMNED ? { ...record, state: UP } : record)
}
