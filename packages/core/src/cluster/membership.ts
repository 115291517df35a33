import type { Random } from '../runtime/random.ts'
import { fromWire, type Gossip, type GossipKind, PAGE_RECORDS, toWire, type WireRecord } from './gossip.ts'
import {
  ALIVE,
  DOWN,
  isSameRecord,
  JOINING,
  LEAVING,
  type Member,
  type MemberInfo,
  type MemberRecord,
  memberOf,
  merge,
  REMOVED,
  SUSPECT,
  UNREACHABLE,
  UP,
} from './member.ts'
import type { MemberEvent, MemberEventType } from './member-event.ts'
import type { MembershipSettings } from './membership-settings.ts'
import { Probing } from './probing.ts'
import { Roster } from './roster.ts'
import { bitLength, Rumours } from './rumours.ts'

/** What the machine wants done: messages sent, events told, the lease of the cluster claimed, and such a claim given up. */
export type MembershipEffect =
  | { readonly type: 'send'; readonly to: string; readonly message: Gossip }
  | { readonly type: 'event'; readonly event: MemberEvent }
  | { readonly type: 'claim' }
  | { readonly type: 'unclaim' }

/** Records that a message carries along besides what it is sent for. */
const RECORDS_ALONG = 8

/**
 * Who is in the cluster, as one node sees it: SWIM with suspicion, indirect probes and a measure of its own health. A
 * pure machine: time is an argument, chance is injected, and each input returns what is to be done.
 *
 * Whoever does not answer is suspected; whoever does not contradict in time is unreachable; whether that makes it down,
 * the split-brain strategy decides. Members that are unreachable are probed like all others, so that partitions heal.
 *
 * @see Das, Gupta & Motivala 2002, "SWIM"; Dadgar, Phillips & Currey 2018, "Lifeguard"
 */
export class Membership {
  readonly #self: string
  readonly #settings: MembershipSettings
  readonly #roster = new Roster()
  readonly #rumours = new Rumours()
  readonly #probing: Probing
  /** Until when a suspect may contradict. */
  readonly #suspects = new Map<string, number>()
  /** When one that is down is removed. */
  readonly #removals = new Map<string, number>()
  #effects: MembershipEffect[] = []
  /** Since when the same members count, and the same of them are unreachable. */
  #stableSinceMs: number
  /** When members were last heard, by themselves or by an answer on their behalf. */
  readonly #heardMs = new Map<string, number>()
  /** When those who have not been heard since are asked whether they are there. */
  #nextConfirmMs: number
  /** The strategy has decided on the present view. */
  #decided = false
  #nextSyncMs: number
  /** Until when to wait for others before this node begins a cluster of its own. */
  readonly #aloneUntilMs: number
  /** Uid of the member that tries to take the lease for this side; null without a decision that needs it. */
  #claimant: string | null = null
  /** Whether this node may begin a cluster; null where that is for the lowest uid to do. */
  #mayFound: boolean | null = null
  /** When the last input came. */
  #lastMs: number

  /** @param alone whether there is nobody to wait for */
  constructor(self: MemberInfo, settings: MembershipSettings, random: Random, nowMs: number, alone: boolean) {
    this.#self = self.uid
    this.#settings = settings
    this.#probing = new Probing(settings, random, nowMs)
    this.#stableSinceMs = nowMs
    this.#lastMs = nowMs
    this.#nextConfirmMs = nowMs
    this.#nextSyncMs = nowMs + random.below(Math.ceil(settings.syncPeriodMs))
    this.#aloneUntilMs = alone ? nowMs : nowMs + settings.aloneAfterMs
    this.#roster.put({ info: self, state: JOINING, upNumber: 0, incarnation: 0, opinion: ALIVE })
    this.#rumours.add(self.uid)
  }

  /** This node as the cluster sees it. */
  get self(): Member {
    return memberOf(this.#own)
  }

  /** All members but the removed, in the order in which they came up. */
  get members(): readonly Member[] {
    return this.#roster.members()
  }

  /** Down, or about to be: it takes part no more. */
  get isOver(): boolean {
    return this.#own.state >= DOWN
  }

  /** How unwell this node seems to itself, 0 to 8: it gives others that much more time. */
  get ailing(): number {
    return this.#probing.ailing
  }

  /** Whether `uid` is one of those this node judges. */
  judges(uid: string): boolean {
    const record = this.#roster.get(uid)
    return record !== undefined && record.state < DOWN && !this.isOver
  }

  /** Whether it has ever heard of `uid`, not too long ago. */
  knows(uid: string): boolean {
    return this.#roster.get(uid) !== undefined
  }

  /** A number that two nodes share when they know the same. */
  get digest(): number {
    return this.#roster.digest
  }

  /** When {@link tick} is to be called. */
  get nextMs(): number {
    if (this.isOver) return Number.POSITIVE_INFINITY
    // Also when nothing is due: only so does it notice that it had no time.
    let next = Math.min(this.#nextSyncMs, this.#probing.nextMs, this.#lastMs + this.#settings.probeTimeoutMs)
    for (const dueMs of this.#suspects.values()) next = Math.min(next, dueMs)
    for (const dueMs of this.#removals.values()) next = Math.min(next, dueMs)
    if (this.#mayDecide) next = Math.min(next, this.#nextConfirmMs)
    if (this.#own.state === JOINING) next = Math.min(next, Math.max(this.#aloneUntilMs, this.#probing.periodStartMs))
    return next
  }

  // Inputs

  /** Time has passed. */
  tick(nowMs: number): MembershipEffect[] {
    return this.#do(nowMs, () => {})
  }

  /** Gossip has come. What it says is looked at before the time: an answer may have waited as long as this node. */
  receive(gossip: Gossip, nowMs: number): MembershipEffect[] {
    return this.#do(nowMs, () => {
      this.#probing.heard(nowMs)
      if (this.judges(gossip.from)) this.#heardMs.set(gossip.from, nowMs)
      const sender = this.#roster.get(gossip.from)
      if (sender !== undefined && sender.state >= DOWN) return this.#send('news', gossip.from, 0, '', [toWire(sender)])
      for (const wire of gossip.records) {
        const record = fromWire(wire)
        if (record !== null) this.#learn(record, nowMs)
      }
      this.#answer(gossip, nowMs)
    })
  }

  /** There is a connection to `uid`, for the first time or again. */
  connected(uid: string, nowMs: number): MembershipEffect[] {
    return this.#do(nowMs, () => {
      const about = this.#roster.get(uid)
      const records = about === undefined ? [] : [toWire(about)]
      this.#send('sync', uid, this.#roster.digest, '', [toWire(this.#own), ...records])
    })
  }

  /**
   * That run is certainly over: it said goodbye, or another one stands in its place.
   *
   * @param inOrder it said goodbye, so it was leaving, though that word may come later than its last one
   */
  ended(uid: string, nowMs: number, inOrder = false): MembershipEffect[] {
    return this.#do(nowMs, () => {
      const record = this.#roster.get(uid)
      if (record === undefined || uid === this.#self) return
      // A claimant that stops without having said that it leaves has been refused.
      if (inOrder && uid !== this.#claimant) {
        this.#change({ ...record, state: Math.max(record.state, LEAVING) }, nowMs)
      }
      this.#change({ ...record, state: Math.max(record.state, DOWN) }, nowMs)
    })
  }

  /** `uid` says that this node counts as down. It does, unless the other one counts as down itself. */
  refusedBy(uid: string, nowMs: number): MembershipEffect[] {
    return this.#do(nowMs, () => {
      // Also of one that this node has never heard of: it has been there, and was forgotten.
      if ((this.#roster.get(uid)?.state ?? JOINING) < DOWN) this.#goDown(nowMs)
    })
  }

  /** Whether this node is the one to begin a cluster, where addresses decide that and not uids. */
  mayFound(may: boolean, nowMs: number): MembershipEffect[] {
    return this.#do(nowMs, () => {
      this.#mayFound = may
    })
  }

  /** The claim of the lease has been granted, or was refused for as long as it was worth trying. */
  claimed(isTaken: boolean, nowMs: number): MembershipEffect[] {
    return this.#do(nowMs, () => {
      if (this.#claimant !== this.#self) return
      this.#claimant = null
      if (isTaken) this.#downUnreachable(nowMs)
      else this.#goDown(nowMs)
    })
  }

  /** Another one has the lease that this node had: so that one's side goes on, and not this one. */
  lostLease(nowMs: number): MembershipEffect[] {
    return this.#do(nowMs, () => this.#goDown(nowMs))
  }

  /** This node is about to stop. */
  leave(nowMs: number): MembershipEffect[] {
    return this.#do(nowMs, () => {
      const own = this.#own
      this.#change({ ...own, state: Math.max(own.state, LEAVING) }, nowMs)
      for (const uid of this.#probing.order.some(3 * bitLength(this.#roster.size), () => true)) this.#send('news', uid)
    })
  }

  // The turn

  #do(nowMs: number, input: () => void): MembershipEffect[] {
    if (this.isOver) return []
    this.#forgiveStall(nowMs)
    this.#lastMs = nowMs
    input()
    if (!this.isOver) this.#pass(nowMs)
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  /** A node that was itself stalled must not accuse: what the others sent meanwhile is still unread. */
  #forgiveStall(nowMs: number): void {
    const lateMs = nowMs - this.nextMs
    const { probePeriodMs, probeTimeoutMs, stableAfterMs } = this.#settings
    if (!(lateMs >= probeTimeoutMs)) return
    this.#probing.stalled(nowMs)
    for (const [uid, dueMs] of this.#suspects) {
      this.#suspects.set(uid, Math.max(dueMs + lateMs, nowMs + probePeriodMs))
    }
    this.#stableSinceMs = Math.max(this.#stableSinceMs + lateMs, nowMs + probePeriodMs - stableAfterMs)
  }

  #pass(nowMs: number): void {
    this.#passProbes(nowMs)
    for (const [uid, dueMs] of this.#suspects) {
      if (dueMs <= nowMs) this.#change({ ...this.#roster.get(uid)!, opinion: UNREACHABLE }, nowMs)
    }
    this.#confirm(nowMs)
    for (const [uid, dueMs] of this.#removals) {
      if (dueMs <= nowMs) this.#change({ ...this.#roster.get(uid)!, state: REMOVED }, nowMs)
    }
    this.#promote(nowMs)
    if (this.#nextSyncMs > nowMs || this.isOver) return
    this.#nextSyncMs = nowMs + this.#settings.syncPeriodMs
    for (const uid of this.#probing.order.some(1, () => true)) this.#send('sync', uid, this.#roster.digest)
  }

  // Probes

  #passProbes(nowMs: number): void {
    const probing = this.#probing
    const isFit = (uid: string): boolean => this.#roster.get(uid)?.opinion === ALIVE
    for (const step of probing.pass(nowMs, isFit)) {
      if (step.type === 'missed') this.#suspect(step.uid, nowMs)
      else this.#send(step.type, step.to, step.number, step.about)
    }
  }

  #suspect(uid: string, nowMs: number): void {
    const record = this.#roster.get(uid)
    if (record !== undefined && record.opinion === ALIVE) this.#change({ ...record, opinion: SUSPECT }, nowMs)
  }

  #answer({ kind, from, number, about }: Gossip, nowMs: number): void {
    switch (kind) {
      case 'ping':
        return this.#send('ack', from, number)
      case 'ack': {
        if (number !== 0 && this.#probing.target === number) this.#heardMs.set(this.#probing.targetUid, nowMs)
        const relay = this.#probing.acked(number, nowMs)
        if (relay !== null) this.#send('ack', relay.to, relay.number)
        return
      }
      case 'probe':
        if (this.judges(about)) this.#send('ping', about, this.#probing.relay(from, number, nowMs))
        return
      case 'sync':
        if (number !== this.#roster.digest) this.#sendPages(from, this.#roster.digest)
        return
      case 'page':
        // The last page has the other's digest: whoever still knows more says so, once.
        if (number !== 0 && number !== this.#roster.digest) this.#sendPages(from, 0)
        return
      case 'news':
        return
    }
  }

  // Records

  get #own(): MemberRecord {
    return this.#roster.get(this.#self)!
  }

  #learn(theirs: MemberRecord, nowMs: number): void {
    const { uid } = theirs.info
    const ours = this.#roster.get(uid)
    if (ours === undefined) return this.#meet(theirs, nowMs)
    if (ours.state >= DOWN && theirs.state < DOWN) {
      // Somebody has not heard of it yet.
      this.#rumours.add(uid)
      return
    }
    if (uid === this.#self) return this.#learnOfSelf(theirs, nowMs)
    const merged = merge(ours, theirs)
    if (!isSameRecord(ours, merged)) this.#change(merged, nowMs)
  }

  /** Only this node raises its incarnation, so it may contradict whatever others think. */
  #learnOfSelf(theirs: MemberRecord, nowMs: number): void {
    const own = this.#own
    if (theirs.state >= DOWN) return this.#goDown(nowMs)
    const { state, upNumber } = merge(own, { ...theirs, state: Math.min(theirs.state, UP) })
    const accused = theirs.opinion !== ALIVE && theirs.incarnation >= own.incarnation
    if (accused) this.#probing.accused()
    // Contradicted already, and that was lost on its way.
    else if (theirs.opinion !== ALIVE) this.#rumours.add(this.#self)
    const incarnation = accused ? theirs.incarnation + 1 : own.incarnation
    const changed = { ...own, state, upNumber, incarnation }
    if (!isSameRecord(own, changed)) this.#change(changed, nowMs)
  }

  #meet(record: MemberRecord, nowMs: number): void {
    const { uid } = record.info
    if (record.state === REMOVED) return this.#roster.put(record)
    this.#roster.put(record)
    this.#rumours.add(uid)
    if (record.state < DOWN) this.#tell('member-joined', record)
    this.#follow({ ...record, state: JOINING, opinion: ALIVE }, record, nowMs)
    if (this.#roster.get(uid)!.state < DOWN) this.#probing.order.add(uid)
  }

  /** What this node knows has changed. */
  #change(record: MemberRecord, nowMs: number): void {
    const before = this.#roster.get(record.info.uid)!
    if (isSameRecord(before, record)) return
    this.#roster.put(record)
    this.#rumours.add(record.info.uid)
    this.#follow(before, record, nowMs)
  }

  /** Tells of a change and does what has to follow. */
  #follow(before: MemberRecord, after: MemberRecord, nowMs: number): void {
    const { uid } = after.info
    const { state, opinion } = after
    if (before.state < UP && state >= UP && state < DOWN) this.#tell('member-up', after)
    if (before.state < LEAVING && state === LEAVING) this.#tell('member-leaving', after)
    if (before.state < DOWN && state >= DOWN) this.#bury(after, nowMs)
    if (before.state !== REMOVED && state === REMOVED) {
      this.#removals.delete(uid)
      this.#tell('member-removed', after)
    }
    if (state < DOWN && before.opinion !== opinion) this.#judged(after, nowMs)
    if (before.state !== state || (before.opinion === UNREACHABLE) !== (opinion === UNREACHABLE)) {
      this.#stableSinceMs = nowMs
      this.#decided = false
      this.#endClaim(before, after, nowMs)
    }
  }

  #bury(record: MemberRecord, nowMs: number): void {
    const { uid } = record.info
    this.#suspects.delete(uid)
    this.#heardMs.delete(uid)
    this.#probing.order.delete(uid)
    this.#removals.set(uid, nowMs + this.#settings.removeAfterMs)
    this.#tell('member-down', record)
  }

  #judged(record: MemberRecord, nowMs: number): void {
    const { uid } = record.info
    if (record.opinion === SUSPECT) {
      this.#suspects.set(uid, nowMs + this.#suspicionMs)
      return this.#tell('member-suspected', record)
    }
    this.#suspects.delete(uid)
    if (record.opinion === ALIVE) return this.#tell('member-reachable', record)
    this.#tell('member-unreachable', record)
    // It said that it would go, and it has gone: there is nothing to decide.
    if (record.state === LEAVING) this.#change({ ...record, state: DOWN }, nowMs)
  }

  /** News must reach the suspect and its answer everybody: that takes longer where there are many. */
  get #suspicionMs(): number {
    const { suspicionPeriods, probePeriodMs } = this.#settings
    const scale = Math.max(10, 3 * bitLength(this.#roster.size))
    return (suspicionPeriods * probePeriodMs * scale * (1 + this.#probing.ailing)) / 10
  }

  // Decisions

  /** While somebody is suspected it is not known yet on which side that one is. */
  get #mayDecide(): boolean {
    return !this.#decided && this.#roster.unreachableCount > 0 && this.#suspects.size === 0
  }

  /**
   * Probes find those who are out of reach one after the other: before a decision, each of the others has to be heard
   * again. Else whoever was not probed yet would count as on this side.
   */
  #confirm(nowMs: number): void {
    if (!this.#mayDecide || this.#nextConfirmMs > nowMs) return
    const { probePeriodMs, stableAfterMs } = this.#settings
    const callMs = this.#stableSinceMs + stableAfterMs
    this.#nextConfirmMs = callMs > nowMs ? callMs : nowMs + probePeriodMs
    if (callMs > nowMs) return
    const unheard = this.#roster
      .counted()
      .filter(({ info, opinion }) => opinion === ALIVE && info.uid !== this.#self && !this.#isFresh(info.uid, nowMs))
    if (unheard.length === 0) this.#decide(nowMs)
    else for (const { info } of unheard) this.#send('ping', info.uid)
  }

  /** What was heard longer ago says nothing of a split that has just begun. */
  #isFresh(uid: string, nowMs: number): boolean {
    return (this.#heardMs.get(uid) ?? Number.NEGATIVE_INFINITY) > nowMs - 2 * this.#settings.probePeriodMs
  }

  #decide(nowMs: number): void {
    this.#decided = true
    const counted = this.#roster.counted()
    const away = counted.filter(({ opinion }) => opinion === UNREACHABLE)
    if (this.#own.state === JOINING) {
      // Who does not count decides nothing about others; and with nobody left to take it in, it has to begin anew.
      if (away.length > 0) this.#goDown(nowMs)
      return
    }
    const decision =
      away.length === 0
        ? 'down-unreachable'
        : this.#settings.splitBrain.decide({
            self: this.self,
            reachable: counted.filter(({ opinion }) => opinion !== UNREACHABLE).map(memberOf),
            unreachable: away.map(memberOf),
          })
    if (decision === 'take-lease') return this.#claim(counted)
    if (decision !== 'down-unreachable') return this.#goDown(nowMs)
    this.#downUnreachable(nowMs)
  }

  #downUnreachable(nowMs: number): void {
    for (const record of this.#roster.unreachable()) this.#change({ ...record, state: DOWN }, nowMs)
  }

  /** One for each side, so that it is one owner that has the lease. The others go its way. */
  #claim(counted: readonly MemberRecord[]): void {
    const reachable = counted.filter(({ opinion }) => opinion !== UNREACHABLE)
    const claimant = reachable.find(({ state }) => state === UP) ?? reachable[0]
    this.#claimant = claimant?.info.uid ?? null
    if (this.#claimant === this.#self) this.#effects.push({ type: 'claim' })
  }

  /** Somebody has come or gone: what was to be decided is so no more. */
  #endClaim(before: MemberRecord, after: MemberRecord, nowMs: number): void {
    const claimant = this.#claimant
    if (claimant === null) return
    this.#claimant = null
    if (claimant === this.#self) this.#effects.push({ type: 'unclaim' })
    // It was refused, and all of its side with it. One that was leaving is down for another reason.
    else if (after.info.uid === claimant && after.state >= DOWN && before.state < LEAVING) this.#goDown(nowMs)
  }

  #goDown(nowMs: number): void {
    this.#change({ ...this.#own, state: DOWN }, nowMs)
    // The last word: whoever still listens need not find out.
    for (const uid of this.#probing.order.some(bitLength(this.#roster.size), () => true)) this.#send('news', uid)
  }

  /** The oldest member takes in those who have joined, once nobody who counts is unreachable: else two sides would take in theirs. */
  #promote(nowMs: number): void {
    if (this.isOver || this.#roster.joiningCount === 0) return
    const all = this.#roster.counted()
    if (all.some(({ opinion }) => opinion === UNREACHABLE)) return
    const counted = all.filter(({ state }) => state === UP)
    const joining = this.#roster.listed().filter(({ state, opinion }) => state === JOINING && opinion === ALIVE)
    if (joining.length === 0) return
    const first = counted[0] ?? this.#founder(joining, nowMs)
    if (first?.info.uid !== this.#self) return
    if (counted.length === 0 && joining.length < this.#settings.minMembers) return
    let last = counted.reduce((most, { upNumber }) => Math.max(most, upNumber), 0)
    // This node is the first one of its cluster, if it is new itself.
    const order = joining.sort((a, b) => (a === first || (b !== first && a.info.uid < b.info.uid) ? -1 : 1))
    for (const record of order) this.#change({ ...record, state: UP, upNumber: ++last }, nowMs)
  }

  /** Who is to be the first one of a new cluster; null while it is not known, or not this node. */
  #founder(joining: readonly MemberRecord[], nowMs: number): MemberRecord | null {
    if (this.#mayFound === false) return null
    if (this.#mayFound) return joining.find(({ info }) => info.uid === this.#self) ?? null
    if (joining.length === 1 && nowMs < this.#aloneUntilMs) return null
    return joining.reduce((a, b) => (a.info.uid < b.info.uid ? a : b))
  }

  // Effects

  #tell(type: MemberEventType, record: MemberRecord): void {
    this.#effects.push({ type: 'event', event: { type, member: memberOf(record) } })
  }

  #send(kind: GossipKind, to: string, number = 0, about = '', records: WireRecord[] = []): void {
    const told = new Set(records.map(([uid]) => uid))
    const add = (uid: string): void => {
      const record = this.#roster.get(uid)
      if (record === undefined || told.has(uid)) return
      told.add(uid)
      records.push(toWire(record))
    }
    // Whoever is thought to be gone is told so first of all: it may contradict.
    const target = this.#roster.get(to)
    if (target !== undefined && target.opinion !== ALIVE) add(to)
    for (const uid of this.#rumours.take(RECORDS_ALONG - records.length, this.#roster.size)) add(uid)
    this.#effects.push({ type: 'send', to, message: { kind, from: this.#self, number, about, records } })
  }

  /** @param last what the last page says: the digest of the whole, or 0 when nothing is expected in return */
  #sendPages(to: string, last: number): void {
    const records = this.#roster.listed().map(toWire)
    for (let at = 0; at < records.length; at += PAGE_RECORDS) {
      const isLast = at + PAGE_RECORDS >= records.length
      const page = records.slice(at, at + PAGE_RECORDS)
      const message: Gossip = { kind: 'page', from: this.#self, number: isLast ? last : 0, about: '', records: page }
      this.#effects.push({ type: 'send', to, message })
    }
  }
}
