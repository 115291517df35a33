import {
  ALIVE,
  DOWN,
  isNominated,
  JOINING,
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
 * Decides what becomes of those who are out of reach: once the view has been the same for a while, and all others have
 * answered a call. Probes find those who are out of reach one after the other: without the call, whoever was not
 * probed yet would count as on this side.
 */
export class Downing {
  readonly #settings: MembershipSettings
  readonly #roster: Roster
  readonly #changes: MemberChanges
  readonly #effects: MembershipEffects
  /** When members were last heard, by themselves or by an answer on their behalf. */
  readonly #heardMs = new Map<string, number>()
  /** When those who have not been heard since are called. */
  #nextMs: number
  /** The view that the strategy has decided on. */
  #decided = -1

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
    this.#nextMs = nowMs
  }

  get nextMs(): number {
    return this.#mayDecide ? this.#nextMs : Number.POSITIVE_INFINITY
  }

  heard(uid: string, nowMs: number): void {
    this.#heardMs.set(uid, nowMs)
  }

  pass(nowMs: number): void {
    if (!this.#mayDecide || this.#nextMs > nowMs) return
    const { probePeriodMs, stableAfterMs } = this.#settings
    const callMs = this.#changes.stableSinceMs + stableAfterMs
    this.#nextMs = callMs > nowMs ? callMs : nowMs + probePeriodMs
    if (callMs > nowMs) return
    this.#forgetTheDead()
    const { uid } = this.#changes.own.info
    const unheard = this.#roster
      .electorate()
      .filter(({ info, opinion }) => opinion === ALIVE && info.uid !== uid && !this.#isFresh(info.uid, nowMs))
    if (unheard.length === 0) this.#decide(nowMs)
    else for (const { info } of unheard) this.#effects.send('ping', info.uid)
  }

  /** While somebody is suspected it is not known yet on which side that one is. */
  get #mayDecide(): boolean {
    return (
      this.#decided !== this.#changes.views && this.#roster.unreachableCount > 0 && this.#changes.suspectCount === 0
    )
  }

  /** What was heard longer ago says nothing of a split that has just begun. */
  #isFresh(uid: string, nowMs: number): boolean {
    return (this.#heardMs.get(uid) ?? Number.NEGATIVE_INFINITY) > nowMs - 2 * this.#settings.probePeriodMs
  }

  #forgetTheDead(): void {
    for (const uid of this.#heardMs.keys()) {
      if ((this.#roster.get(uid)?.state ?? DOWN) >= DOWN) this.#heardMs.delete(uid)
    }
  }

  #decide(nowMs: number): void {
    this.#decided = this.#changes.views
    const { own } = this.#changes
    const electorate = this.#roster.electorate()
    if (own.state === JOINING && own.upNumber === 0) {
      // Who does not count decides nothing about others; and with nobody left to take it in, it has to begin anew.
      if (electorate.some(isUnreachable)) this.#changes.goDown(nowMs)
      return
    }
    if (!this.#goesOn(electorate)) return this.#changes.goDown(nowMs)
    for (const record of this.#roster.unreachable()) this.#changes.change({ ...record, state: DOWN }, nowMs)
  }

  /**
   * Whether this side goes on whichever of the nominated are up on the other one: that may have seen them come up, or
   * may never see it.
   */
  #goesOn(electorate: readonly MemberRecord[]): boolean {
    const nominated = electorate.filter(isNominated)
    const away = nominated.filter(isUnreachable)
    const here = nominated.filter((record) => !isUnreachable(record))
    const leftOut: MemberRecord[][] = [[]]
    if (away.length > 0) leftOut.push(away)
    if (here.length > 0) leftOut.push(here)
    if (away.length > 0 && here.length > 0) leftOut.push(nominated)
    return leftOut.every((out) => this.#decision(electorate.filter((record) => !out.includes(record))) === GOES_ON)
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

const GOES_ON: SplitDecision = 'down-unreachable'

function isUnreachable({ opinion }: MemberRecord): boolean {
  return opinion === UNREACHABLE
}

/** Strategies see members as they count here: a nominated one as if it were up. */
function asCounted(record: MemberRecord): Member {
  return memberOf(isNominated(record) ? { ...record, state: UP } : record)
}
