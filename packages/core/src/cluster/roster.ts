import { hash32 } from '../runtime/random.ts'
import { Buckets } from './buckets.ts'
import {
  CONDEMNED,
  DOWN,
  isElector,
  isNominated,
  isOlder,
  JOINING,
  type Member,
  type MemberRecord,
  memberOf,
  REMOVED,
  UNREACHABLE,
  UP,
} from './member.ts'

/** Uids of removed members that are kept, so that none of them comes back. */
const MOST_REMOVED = 10_000

/** What one node knows of all members, itself among them. */
export class Roster {
  readonly #records = new Map<string, MemberRecord>()
  /** In the order of their removal. */
  readonly #removed = new Set<string>()
  readonly #buckets = new Buckets()
  #digest = 0
  #alive = 0
  #joining = 0
  #unreachable = 0
  #nominated = 0
  #condemned = 0
  #missed = 0
  #electorateDigest = 0
  /** Uids of the electorate, the oldest first; null when it has changed since somebody asked. */
  #order: readonly string[] | null = null

  /** How many are not down. */
  get size(): number {
    return this.#alive
  }

  /** How many are joining still. */
  get joiningCount(): number {
    return this.#joining
  }

  /** How many are out of reach, and not down. */
  get unreachableCount(): number {
    return this.#unreachable
  }

  /** How many joiners are nominated. */
  get nominatedCount(): number {
    return this.#nominated
  }

  /** How many are condemned. */
  get condemnedCount(): number {
    return this.#condemned
  }

  /** How many of the electorate are out of reach. */
  get missedCount(): number {
    return this.#missed
  }

  /** A number that two nodes share if the electorate of both is the same, and who of it is condemned; hardly ever otherwise. */
  get electorateDigest(): number {
    return this.#electorateDigest >>> 0
  }

  /** A number that two nodes share if they know the same of all who are not down, and hardly ever otherwise. */
  get digest(): number {
    return this.#digest >>> 0
  }

  /** The digests of its parts, as one text. */
  get parts(): string {
    return this.#buckets.text
  }

  /** What others should hear whose {@link parts} are `other`; everything, if that is an empty text. */
  differing(other: string): MemberRecord[] {
    const isDiffering = this.#buckets.differing(other)
    return this.listed().filter(({ info }) => isDiffering(info.uid))
  }

  get(uid: string): MemberRecord | undefined {
    return this.#records.get(uid)
  }

  /** As users see it; undefined when it is removed. */
  member(uid: string): Member | undefined {
    const record = this.#records.get(uid)
    return record === undefined || record.state === REMOVED ? undefined : memberOf(record)
  }

  put(record: MemberRecord): void {
    const { uid } = record.info
    const before = this.#records.get(uid)
    if (before !== undefined) this.#count(before, -1)
    this.#count(record, 1)
    this.#records.set(uid, record)
    if (before === undefined || !isSameElector(before, record)) this.#order = null
    if (record.state === REMOVED) this.#forgetOldest(uid)
  }

  /** All that others should hear of: all but the removed. */
  listed(): MemberRecord[] {
    return [...this.#records.values()].filter(({ state }) => state !== REMOVED)
  }

  /** As users see them: all but the removed, in the order in which they came up. */
  members(): Member[] {
    return this.listed()
      .map(memberOf)
      .sort((a, b) => (isOlder(a, b) ? -1 : 1))
  }

  /** Those that count, and those that are nominated to, the oldest first. */
  electorate(): MemberRecord[] {
    return this.#electorateOrder.map((uid) => this.#records.get(uid)!)
  }

  /** The oldest that is up; where nobody is, the oldest of the nominated. */
  eldest(): MemberRecord | undefined {
    let nominated: MemberRecord | undefined
    for (const uid of this.#electorateOrder) {
      const record = this.#records.get(uid)!
      if (record.state === UP) return record
      if (nominated === undefined && record.state === JOINING) nominated = record
    }
    return nominated
  }

  unreachable(): MemberRecord[] {
    return [...this.#records.values()].filter(({ state, opinion }) => state < DOWN && opinion === UNREACHABLE)
  }

  get #electorateOrder(): readonly string[] {
    this.#order ??= [...this.#records.values()]
      .filter(isElector)
      .sort((a, b) => a.upNumber - b.upNumber || (a.info.uid < b.info.uid ? -1 : 1))
      .map(({ info }) => info.uid)
    return this.#order
  }

  #count(record: MemberRecord, by: number): void {
    if (record.state >= DOWN) return
    const hash = hashOf(record)
    this.#digest ^= hash
    this.#buckets.toggle(record.info.uid, hash)
    this.#alive += by
    if (record.state === JOINING) this.#joining += by
    if (record.opinion === UNREACHABLE) this.#unreachable += by
    if (!isElector(record)) return
    const isCondemned = record.state === CONDEMNED
    this.#electorateDigest ^= hash32(isCondemned ? `${record.info.uid} condemned` : record.info.uid)
    if (isCondemned) this.#condemned += by
    if (isNominated(record)) this.#nominated += by
    if (record.opinion === UNREACHABLE) this.#missed += by
  }

  #forgetOldest(uid: string): void {
    this.#removed.add(uid)
    if (this.#removed.size <= MOST_REMOVED) return
    for (const oldest of this.#removed) {
      this.#removed.delete(oldest)
      this.#records.delete(oldest)
      return
    }
  }
}

function isSameElector(a: MemberRecord, b: MemberRecord): boolean {
  return isElector(a) === isElector(b) && a.upNumber === b.upNumber
}

function hashOf({ info, state, upNumber, incarnation, opinion }: MemberRecord): number {
  return hash32(`${info.uid} ${state} ${upNumber} ${incarnation} ${opinion}`)
}
