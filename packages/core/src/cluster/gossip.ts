import { type MemberRecord, REMOVED, UNREACHABLE } from './member.ts'

/** A record as it travels: uid, state, opinion, incarnation, up number, name, address, roles, version. */
export type WireRecord = readonly [
  uid: string,
  state: number,
  opinion: number,
  incarnation: number,
  upNumber: number,
  name: string,
  address: string,
  roles: readonly string[],
  appVersion: string,
]

/**
 * - `ping`: answer with `ack`
 * - `ack`: to the ping of that number
 * - `probe`: ping `about` on behalf of the sender, and pass its ack on
 * - `sync`: here is a digest of all I know; tell what you know if yours is another one
 * - `compare`: mine is another one; here are digests of its parts, tell what is in those that differ
 * - `page`: of what the sender knows; the last one has the digest of all, and of the parts if they were compared
 * - `news`: nothing but records
 * - `call`: these are nominated; answer with a digest of all who count or are nominated, now that you know of them
 * - `present`: the answer
 */
export type GossipKind = 'ping' | 'ack' | 'probe' | 'sync' | 'page' | 'news' | 'call' | 'present' | 'compare'

const KINDS: ReadonlySet<unknown> = new Set<GossipKind>([
  'ping',
  'ack',
  'probe',
  'sync',
  'page',
  'news',
  'call',
  'present',
  'compare',
])

/** What members send each other. */
export interface Gossip {
  readonly kind: GossipKind
  readonly from: string
  /** Number of a ping; the digest of a sync, a call or its answer. */
  readonly number: number
  /** Uid of whom to probe; digests of parts; empty otherwise. */
  readonly about: string
  readonly records: readonly WireRecord[]
}

/** Most records of one message: what a page holds, and far above what a ping carries along. */
export const PAGE_RECORDS = 64
/** Longest name, address, role or version that is taken from others, in characters; and most roles. */
const MAX_TEXT = 1024
const MAX_ROLES = 64

export function toWire({ info, state, opinion, incarnation, upNumber }: MemberRecord): WireRecord {
  return [info.uid, state, opinion, incarnation, upNumber, info.name, info.address, info.roles, info.appVersion]
}

/** @returns null for anything that is no record: nothing is taken on trust */
export function fromWire(wire: unknown): MemberRecord | null {
  if (!Array.isArray(wire) || wire.length !== 9) return null
  const [uid, state, opinion, incarnation, upNumber, name, address, roles, appVersion] = wire as unknown[]
  if (!isText(uid) || uid === '' || !isText(name) || !isText(address) || !isText(appVersion)) return null
  if (!isCount(state, REMOVED) || !isCount(opinion, UNREACHABLE)) return null
  // An incarnation that cannot be raised any more could never be contradicted.
  if (!isCount(incarnation, MAX_INCARNATION) || !isCount(upNumber)) return null
  if (!Array.isArray(roles) || roles.length > MAX_ROLES || !roles.every(isText)) return null
  return { info: { uid, name, address, roles: roles as string[], appVersion }, state, opinion, incarnation, upNumber }
}

const MAX_INCARNATION = 2 ** 48

/** Whether what came from another node has the form of gossip; its records are looked at one by one. */
export function isGossip(value: unknown): value is Gossip {
  if (typeof value !== 'object' || value === null) return false
  const { kind, from, number, about, records } = value as Partial<Record<keyof Gossip, unknown>>
  return (
    KINDS.has(kind) &&
    isText(from) &&
    isCount(number) &&
    isText(about) &&
    Array.isArray(records) &&
    records.length <= PAGE_RECORDS
  )
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT
}

function isCount(value: unknown, most: number = Number.MAX_SAFE_INTEGER): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most
}
