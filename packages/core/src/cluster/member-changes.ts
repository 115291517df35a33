import {
  ALIVE,
  CONDEMNED,
  DOWN,
  isNominated,
  isSameRecord,
  JOINING,
  LEAVING,
  type MemberRecord,
  merge,
  REMOVED,
  SUSPECT,
  UNREACHABLE,
  UP,
} from './member.ts'
import type { MembershipEffects } from './membership-effects.ts'
import type { MembershipSettings } from './membership-settings.ts'
import type { Probing } from './probing.ts'
import type { Roster } from './roster.ts'
import { bitLength, type Rumours } from './rumours.ts'

/** Among so many a suspect is told by each of the others that it is missed. */
const FEW = 8

/** What one node learns of members, by itself or from others, and all that follows from it: events, rumours, deadlines. */
export class MemberChanges {
  readonly #self: string
  readonly #settings: MembershipSettings
  readonly #roster: Roster
  readonly #rumours: Rumours
  readonly #effects: MembershipEffects
  readonly #probing: Probing
  /** Until when a suspect may contradict. */
  readonly #suspects = new Map<string, number>()
  /** When one that is down is removed. In this order. */
  readonly #removals = new Map<string, number>()
  /** Since when the same members count, and the same of them are unreachable. */
  #stableSinceMs: number
  #views = 0

  constructor(
    own: MemberRecord,
    settings: MembershipSettings,
    roster: Roster,
    rumours: Rumours,
    effects: MembershipEffects,
    probing: Probing,
    nowMs: number,
  ) {
    this.#self = own.info.uid
    this.#settings = settings
    this.#roster = roster
    this.#rumours = rumours
    this.#effects = effects
    this.#probing = probing
    this.#stableSinceMs = nowMs
    roster.put(own)
    rumours.add(this.#self)
  }

  /** What this node says of itself. */
  get own(): MemberRecord {
    return this.#roster.get(this.#self)!
  }

  get suspectCount(): number {
    return this.#suspects.size
  }

  get stableSinceMs(): number {
    return this.#stableSinceMs
  }

  /** Grows whenever somebody comes further, or is out of reach, or in reach again. */
  get views(): number {
    return this.#views
  }

  get nextMs(): number {
    let next = Number.POSITIVE_INFINITY
    for (const dueMs of this.#suspects.values()) next = Math.min(next, dueMs)
    for (const dueMs of this.#removals.values()) return Math.min(next, dueMs)
    return next
  }

  /** Whoever has not contradicted in time is unreachable. */
  passSuspects(nowMs: number): void {
    for (const [uid, dueMs] of this.#suspects) {
      if (dueMs <= nowMs) this.change({ ...this.#roster.get(uid)!, opinion: UNREACHABLE }, nowMs)
    }
  }

  /** Whoever has been down for long is removed. */
  passRemovals(nowMs: number): void {
    for (const [uid, dueMs] of this.#removals) {
      if (dueMs > nowMs) return
      this.change({ ...this.#roster.get(uid)!, state: REMOVED }, nowMs)
    }
  }

  /** This node had no time for `lateMs`: whatever others would have answered meanwhile is still unread. */
  forgive(lateMs: number, nowMs: number): void {
    const { probePeriodMs, stableAfterMs } = this.#settings
    for (const [uid, dueMs] of this.#suspects) {
      this.#suspects.set(uid, Math.max(dueMs + lateMs, nowMs + probePeriodMs))
    }
    this.#stableSinceMs = Math.max(this.#stableSinceMs + lateMs, nowMs + probePeriodMs - stableAfterMs)
  }

  /**
   * Somebody said so.
   *
   * @param isRumour whether to pass it on: not what two nodes found by comparing all they know, as others compare, too
   */
  learn(theirs: MemberRecord, isRumour: boolean, nowMs: number): void {
    const { uid } = theirs.info
    const ours = this.#roster.get(uid)
    if (ours === undefined) return this.#meet(theirs, isRumour, nowMs)
    if (isSameRecord(ours, theirs)) return
    if (ours.state >= DOWN && theirs.state < DOWN) {
      // Somebody has not heard of it yet.
      this.#rumours.add(uid)
      return
    }
    if (uid === this.#self) return this.#learnOfSelf(theirs, nowMs)
    this.change(merge(ours, theirs), nowMs, isRumour || theirs.opinion !== ALIVE || theirs.state >= DOWN)
  }

  /** Nobody has got an answer from it. */
  suspect(uid: string, nowMs: number): void {
    const record = this.#roster.get(uid)
    if (record !== undefined && record.opinion === ALIVE) this.change({ ...record, opinion: SUSPECT }, nowMs)
  }

  /** It said that it leaves. */
  left(uid: string, nowMs: number): void {
    const record = this.#roster.get(uid)
    if (record !== undefined) this.change({ ...record, state: Math.max(record.state, LEAVING) }, nowMs)
  }

  /** That run is over. */
  end(uid: string, nowMs: number): void {
    const record = this.#roster.get(uid)
    if (record !== undefined) this.change({ ...record, state: Math.max(record.state, DOWN) }, nowMs)
  }

  /** What this node knows has changed. */
  change(record: MemberRecord, nowMs: number, isRumour = true): void {
    const before = this.#roster.get(record.info.uid)!
    if (isSameRecord(before, record)) return
    this.#roster.put(record)
    if (isRumour) this.#rumours.add(record.info.uid)
    // What was to be passed on of it is older.
    else this.#rumours.delete(record.info.uid)
    this.#follow(before, record, nowMs)
  }

  /** This node is down. */
  goDown(nowMs: number): void {
    this.end(this.#self, nowMs)
    // The last word: whoever still listens need not find out.
    for (const uid of this.#probing.order.some(bitLength(this.#roster.size), () => true))
      this.#effects.send('news', uid)
  }

  /** Only this node raises its incarnation, so it may contradict whatever others think. */
  #learnOfSelf(theirs: MemberRecord, nowMs: number): void {
    const { own } = this
    // Whether or not all have agreed to it: the others may count on its end.
    if (theirs.state >= CONDEMNED) return this.goDown(nowMs)
    const { state, upNumber } = merge(own, { ...theirs, state: Math.min(theirs.state, UP) })
    const accused = theirs.opinion !== ALIVE && theirs.incarnation >= own.incarnation
    if (accused) this.#probing.accused()
    // Contradicted already, and that was lost on its way.
    else if (theirs.opinion !== ALIVE) this.#rumours.add(this.#self)
    const incarnation = accused ? theirs.incarnation + 1 : own.incarnation
    this.change({ ...own, state, upNumber, incarnation }, nowMs)
  }

  #meet(record: MemberRecord, isRumour: boolean, nowMs: number): void {
    const { uid } = record.info
    if (record.state === REMOVED) return this.#roster.put(record)
    this.#roster.put(record)
    if (isRumour) this.#rumours.add(uid)
    if (record.state < DOWN) this.#effects.tell('member-joined', record)
    this.#follow({ ...record, state: JOINING, upNumber: 0, opinion: ALIVE }, record, nowMs)
    if (this.#roster.get(uid)!.state < DOWN) this.#probing.order.add(uid)
  }

  /** Tells of a change and does what has to follow. */
  #follow(before: MemberRecord, after: MemberRecord, nowMs: number): void {
    const { uid } = after.info
    const { state, opinion } = after
    if (before.state < UP && (state === UP || state === LEAVING)) this.#effects.tell('member-up', after)
    if (before.state < LEAVING && state === LEAVING) this.#effects.tell('member-leaving', after)
    if (before.state < DOWN && state >= DOWN) this.#bury(after, nowMs)
    if (before.state !== REMOVED && state === REMOVED) {
      this.#removals.delete(uid)
      this.#effects.tell('member-removed', after)
    }
    if (state < DOWN && before.opinion !== opinion) this.#judged(after, nowMs)
    const isTurned = (before.opinion === UNREACHABLE) !== (opinion === UNREACHABLE)
    // Of one that is condemned nobody knows yet what it counts for.
    const hasMoved = before.state !== state && state !== CONDEMNED
    if (hasMoved || isTurned || isNominated(before) !== isNominated(after)) {
      this.#stableSinceMs = nowMs
      this.#views++
    }
  }

  #bury(record: MemberRecord, nowMs: number): void {
    const { uid } = record.info
    this.#suspects.delete(uid)
    this.#probing.order.delete(uid)
    this.#removals.set(uid, nowMs + this.#settings.removeAfterMs)
    this.#effects.tell('member-down', record)
  }

  #judged(record: MemberRecord, nowMs: number): void {
    const { uid } = record.info
    if (record.opinion === SUSPECT) {
      this.#suspects.set(uid, nowMs + this.#suspicionMs)
      // It is told so at once, and may contradict at once; where there are many, rumours do that.
      if (this.#roster.size <= FEW && uid !== this.#self) this.#effects.send('ping', uid)
      return this.#effects.tell('member-suspected', record)
    }
    this.#suspects.delete(uid)
    if (record.opinion === ALIVE) return this.#effects.tell('member-reachable', record)
    this.#effects.tell('member-unreachable', record)
    // It said that it would go, and it has gone: there is nothing to decide.
    if (record.state === LEAVING) this.change({ ...record, state: DOWN }, nowMs)
  }

  /** News must reach the suspect and its answer everybody: that takes longer where there are many. */
  get #suspicionMs(): number {
    const { suspicionPeriods, probePeriodMs } = this.#settings
    const scale = Math.max(1, bitLength(this.#roster.size) - bitLength(FEW - 1) + 1)
    return suspicionPeriods * probePeriodMs * scale * (1 + this.#probing.ailing)
  }
}
