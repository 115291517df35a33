import type { Random } from '../runtime/random.ts'
import { Downing } from './downing.ts'
import { fromWire, type Gossip, PAGE_RECORDS, toWire, type WireRecord } from './gossip.ts'
import { ALIVE, DOWN, JOINING, LEAVING, type Member, type MemberInfo, memberOf } from './member.ts'
import { MemberChanges } from './member-changes.ts'
import { type MembershipEffect, MembershipEffects } from './membership-effects.ts'
import type { MembershipSettings } from './membership-settings.ts'
import { Probing } from './probing.ts'
import { Promotion } from './promotion.ts'
import { Roster } from './roster.ts'
import { bitLength, Rumours } from './rumours.ts'

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
  readonly #effects: MembershipEffects
  readonly #changes: MemberChanges
  readonly #downing: Downing
  readonly #promotion: Promotion
  #nextSyncMs: number
  #lastSyncMs: number
  /** With whom to compare next; an empty text for anybody. */
  #syncWith = ''
  /** When the last input came. */
  #lastMs: number

  /** @param alone whether there is nobody to wait for */
  constructor(self: MemberInfo, settings: MembershipSettings, random: Random, nowMs: number, alone: boolean) {
    const roster = this.#roster
    const rumours = this.#rumours
    const own = { info: self, state: JOINING, upNumber: 0, incarnation: 0, opinion: ALIVE }
    this.#self = self.uid
    this.#settings = settings
    this.#probing = new Probing(settings, random, nowMs)
    this.#effects = new MembershipEffects(self.uid, roster, rumours)
    this.#changes = new MemberChanges(own, settings, roster, rumours, this.#effects, this.#probing, nowMs)
    this.#downing = new Downing(settings, roster, this.#changes, this.#effects, nowMs)
    const aloneUntilMs = alone ? nowMs : nowMs + settings.aloneAfterMs
    this.#promotion = new Promotion(settings, roster, this.#changes, this.#effects, aloneUntilMs)
    this.#lastMs = nowMs
    this.#lastSyncMs = nowMs - settings.syncPeriodMs
    this.#nextSyncMs = nowMs + random.below(Math.ceil(settings.syncPeriodMs))
  }

  /** This node as the cluster sees it. */
  get self(): Member {
    return memberOf(this.#changes.own)
  }

  /** All members but the removed, in the order in which they came up. */
  get members(): readonly Member[] {
    return this.#roster.members()
  }

  /** What is known of one; undefined when it is a stranger, or was removed. */
  member(uid: string): Member | undefined {
    return this.#roster.member(uid)
  }

  /** Down, or about to be: it takes part no more. */
  get isOver(): boolean {
    return this.#changes.own.state >= DOWN
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
    return Math.min(
      this.#nextSyncMs,
      this.#probing.nextMs,
      this.#changes.nextMs,
      this.#downing.nextMs,
      this.#promotion.nextMs(this.#probing.periodStartMs),
      // Also when nothing is due: only so does it notice that it had no time.
      this.#lastMs + this.#settings.probeTimeoutMs,
    )
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
      if (this.judges(gossip.from)) this.#downing.heard(gossip.from, nowMs)
      const sender = this.#roster.get(gossip.from)
      if (sender !== undefined && sender.state >= DOWN) {
        return this.#effects.send('news', gossip.from, 0, '', [toWire(sender)])
      }
      for (const wire of gossip.records) {
        const record = fromWire(wire)
        if (record !== null) this.#changes.learn(record, gossip.kind !== 'page', nowMs)
      }
      this.#answer(gossip, nowMs)
    })
  }

  /** There is a connection to `uid`, for the first time or again. */
  connected(uid: string, nowMs: number): MembershipEffect[] {
    return this.#do(nowMs, () => {
      const about = this.#roster.get(uid)
      const records = about === undefined ? [] : [toWire(about)]
      this.#effects.send('sync', uid, this.#roster.digest, '', [toWire(this.#changes.own), ...records])
    })
  }

  /**
   * That run is certainly over: it said goodbye, or another one stands in its place.
   *
   * @param inOrder it said goodbye, so it was leaving, though that word may come later than its last one
   */
  ended(uid: string, nowMs: number, inOrder = false): MembershipEffect[] {
    return this.#do(nowMs, () => {
      if (uid === this.#self) return
      // A claimant that stops without having said that it leaves has been refused.
      if (inOrder && uid !== this.#downing.claimant) this.#changes.left(uid, nowMs)
      this.#changes.end(uid, nowMs)
    })
  }

  /**
   * This node gave up that run before it heard that it is a member, and is never to talk to it again. If that one is up by now
   * it is this one that was out of touch: whether the other one is over is not for it alone to say.
   */
  givenUp(uid: string, nowMs: number): MembershipEffect[] {
    return this.#do(nowMs, () => {
      const state = this.#roster.get(uid)?.state ?? DOWN
      if (state > JOINING && state < DOWN) this.#changes.goDown(nowMs)
      else this.#changes.end(uid, nowMs)
    })
  }

  /** `uid` says that this node counts as down. It does, unless the other one counts as down itself. */
  refusedBy(uid: string, nowMs: number): MembershipEffect[] {
    return this.#do(nowMs, () => {
      // Also of one that this node has never heard of: it has been there, and was forgotten.
      if ((this.#roster.get(uid)?.state ?? JOINING) < DOWN) this.#changes.goDown(nowMs)
    })
  }

  /** Whether this node is the one to begin a cluster, where addresses decide that and not uids. */
  mayFound(may: boolean, nowMs: number): MembershipEffect[] {
    return this.#do(nowMs, () => this.#promotion.mayFound(may))
  }

  /** The claim of the lease has been granted, or was refused for as long as it was worth trying. */
  claimed(isTaken: boolean, nowMs: number): MembershipEffect[] {
    return this.#do(nowMs, () => this.#downing.claimed(isTaken, nowMs))
  }

  /** Another one has the lease that this node had: so that one's side goes on, and not this one. */
  lostLease(nowMs: number): MembershipEffect[] {
    return this.#do(nowMs, () => this.#changes.goDown(nowMs))
  }

  /** This node is about to stop. */
  leave(nowMs: number): MembershipEffect[] {
    return this.#do(nowMs, () => {
      const { own } = this.#changes
      this.#changes.change({ ...own, state: Math.max(own.state, LEAVING) }, nowMs)
      const told = this.#probing.order.some(3 * bitLength(this.#roster.size), () => true)
      for (const uid of told) this.#effects.send('news', uid)
    })
  }

  // The turn

  #do(nowMs: number, input: () => void): MembershipEffect[] {
    if (this.isOver) return []
    this.#forgiveStall(nowMs)
    this.#lastMs = nowMs
    input()
    if (!this.isOver) this.#pass(nowMs)
    return this.#effects.take()
  }

  /** A node that was itself stalled must not accuse: what the others sent meanwhile is still unread. */
  #forgiveStall(nowMs: number): void {
    const lateMs = nowMs - this.nextMs
    if (!(lateMs >= this.#settings.probeTimeoutMs)) return
    this.#probing.stalled(nowMs)
    this.#changes.forgive(lateMs, nowMs)
  }

  #pass(nowMs: number): void {
    this.#passProbes(nowMs)
    this.#changes.passSuspects(nowMs)
    this.#downing.pass(nowMs)
    this.#changes.passRemovals(nowMs)
    if (this.isOver) return
    this.#promotion.pass(nowMs)
    // So many at once travel faster in pages.
    if (this.#rumours.size > PAGE_RECORDS) this.#hasten(nowMs)
    if (this.#nextSyncMs <= nowMs) this.#sync(nowMs)
  }

  #passProbes(nowMs: number): void {
    const isFit = (uid: string): boolean => this.#roster.get(uid)?.opinion === ALIVE
    for (const step of this.#probing.pass(nowMs, isFit)) {
      if (step.type === 'missed') this.#changes.suspect(step.uid, nowMs)
      else this.#effects.send(step.type, step.to, step.number, step.about, this.#introduction(step.about))
    }
  }

  /** Whoever is asked to probe a newcomer may not have heard of it. */
  #introduction(uid: string): WireRecord[] {
    const record = this.#roster.get(uid)
    return record === undefined ? [] : [toWire(record)]
  }

  #sync(nowMs: number): void {
    this.#lastSyncMs = nowMs
    this.#nextSyncMs = nowMs + this.#settings.syncPeriodMs
    const partners = this.#syncWith === '' ? this.#probing.order.some(1, () => true) : [this.#syncWith]
    this.#syncWith = ''
    for (const uid of partners) this.#effects.send('sync', uid, this.#roster.digest)
  }

  /** Somebody counts others than this node: compares sooner, at most once a period. */
  #disagreed(uid: string, nowMs: number): void {
    // Where all fits into one message it costs nothing to ask whoever it was; otherwise many might ask one.
    if (this.#roster.size <= PAGE_RECORDS) this.#syncWith = uid
    this.#hasten(nowMs)
  }

  #hasten(nowMs: number): void {
    const soonMs = Math.max(nowMs, this.#lastSyncMs + this.#settings.probePeriodMs)
    this.#nextSyncMs = Math.min(this.#nextSyncMs, soonMs)
  }

  #answer({ kind, from, number, about }: Gossip, nowMs: number): void {
    const probing = this.#probing
    const { digest, electorateDigest } = this.#roster
    switch (kind) {
      case 'ping':
        return this.#effects.send('ack', from, number)
      case 'ack': {
        if (number !== 0 && probing.target === number) this.#downing.heard(probing.targetUid, nowMs)
        const relay = probing.acked(number, nowMs)
        if (relay !== null) this.#effects.send('ack', relay.to, relay.number)
        return
      }
      case 'probe':
        if (this.judges(about)) this.#effects.send('ping', about, probing.relay(from, number, nowMs))
        return
      case 'sync':
        if (number === digest) return
        // Where all fits into one message there is nothing to be saved.
        if (this.#roster.size <= PAGE_RECORDS) return this.#effects.sendPages(from, '', digest)
        return this.#effects.send('compare', from, digest, this.#roster.parts)
      case 'compare':
        if (number !== digest) this.#effects.sendPages(from, about, digest)
        return
      case 'page':
        // The last page has the other's digest: whoever still knows more says so, once.
        if (number !== 0 && number !== digest) this.#effects.sendPages(from, about, 0)
        return
      case 'call':
        this.#effects.send('present', from, electorateDigest)
        if (number !== electorateDigest) this.#disagreed(from, nowMs)
        return
      case 'present':
        this.#promotion.answered(from, number)
        this.#downing.answered(from, number)
        if (number !== electorateDigest) this.#disagreed(from, nowMs)
        return
      case 'news':
        return
    }
  }
}
