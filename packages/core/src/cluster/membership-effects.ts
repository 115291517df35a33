import { type Gossip, type GossipKind, PAGE_RECORDS, toWire, type WireRecord } from './gossip.ts'
import { ALIVE, CONDEMNED, type MemberRecord, memberOf } from './member.ts'
import type { MemberEvent, MemberEventType } from './member-event.ts'
import type { Roster } from './roster.ts'
import type { Rumours } from './rumours.ts'

/** What the machine wants done: messages sent, events told, the lease of the cluster claimed, and such a claim given up. */
export type MembershipEffect =
  | { readonly type: 'send'; readonly to: string; readonly message: Gossip }
  | { readonly type: 'event'; readonly event: MemberEvent }
  | { readonly type: 'claim' }
  | { readonly type: 'unclaim' }

/** Records that a message carries along besides what it is sent for. */
const RECORDS_ALONG = 8

/** Collects what is to be done in one turn of the machine, and gives each message the rumours that it carries along. */
export class MembershipEffects {
  readonly #self: string
  readonly #roster: Roster
  readonly #rumours: Rumours
  #effects: MembershipEffect[] = []

  constructor(self: string, roster: Roster, rumours: Rumours) {
    this.#self = self
    this.#roster = roster
    this.#rumours = rumours
  }

  /** All since it was called last. */
  take(): MembershipEffect[] {
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  tell(type: MemberEventType, record: MemberRecord): void {
    this.#effects.push({ type: 'event', event: { type, member: memberOf(record) } })
  }

  /** The lease of the cluster, for this side of a split. */
  claim(): void {
    this.#effects.push({ type: 'claim' })
  }

  /** What it was claimed for is no more. */
  unclaim(): void {
    this.#effects.push({ type: 'unclaim' })
  }

  /** @param records what the message is sent for; rumours take the room that is left */
  send(kind: GossipKind, to: string, number = 0, about = '', records: WireRecord[] = []): void {
    const told = new Set(records.map(([uid]) => uid))
    const add = (uid: string): void => {
      const record = this.#roster.get(uid)
      if (record === undefined || told.has(uid)) return
      told.add(uid)
      records.push(toWire(record))
    }
    // Whoever is thought to be gone is told so first of all: it may contradict.
    const target = this.#roster.get(to)
    const isMissed = target !== undefined && (target.opinion !== ALIVE || target.state === CONDEMNED)
    if (isMissed && records.length < PAGE_RECORDS) add(to)
    for (const uid of this.#rumours.take(RECORDS_ALONG - records.length, this.#roster.size)) add(uid)
    this.#push(to, kind, number, about, records)
  }

  /** The last of `records` with a message of `kind`, all before them as news. */
  sendAll(kind: GossipKind, to: string, number: number, records: readonly MemberRecord[]): void {
    let at = 0
    for (; at + PAGE_RECORDS < records.length; at += PAGE_RECORDS) {
      this.#push(to, 'news', 0, '', records.slice(at, at + PAGE_RECORDS).map(toWire))
    }
    this.#push(to, kind, number, '', records.slice(at).map(toWire))
  }

  /**
   * What this node knows and the other one does not.
   *
   * @param parts those of the other one; an empty text for everything
   * @param last what the last page says: its digest, or 0 when nothing is expected in return
   */
  sendPages(to: string, parts: string, last: number): void {
    const records = this.#roster.differing(parts).map(toWire)
    for (let at = 0; at < records.length; at += PAGE_RECORDS) {
      const isLast = at + PAGE_RECORDS >= records.length
      const ours = isLast && last !== 0 && parts !== '' ? this.#roster.parts : ''
      this.#push(to, 'page', isLast ? last : 0, ours, records.slice(at, at + PAGE_RECORDS))
    }
  }

  #push(to: string, kind: GossipKind, number: number, about: string, records: readonly WireRecord[]): void {
    this.#effects.push({ type: 'send', to, message: { kind, from: this.#self, number, about, records } })
  }
}
