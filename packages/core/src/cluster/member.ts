/** What a node says of itself when it joins, the same for its whole run. */
export interface MemberInfo {
  /** Identity of this run: a restarted node is another member. */
  readonly uid: string
  readonly name: string
  /** Where it listens. */
  readonly address: string
  /** What it is for, in the words of its users. */
  readonly roles: readonly string[]
  /** Which release of the program runs there. */
  readonly appVersion: string
}

/**
 * How far a member has come, in the only order in which it passes through them; it may leave some out. It never goes back:
 * whoever is down stays so, and comes back as another member.
 *
 * - `joining`: known, and not counted yet
 * - `up`: counted
 * - `leaving`: about to stop in order
 * - `down`: over for good
 * - `removed`: down, and forgotten but for its uid
 */
export type MemberState = 'joining' | 'up' | 'leaving' | 'down' | 'removed'

/** A member as one node sees it. */
export interface Member extends MemberInfo {
  readonly state: MemberState
  /** The order in which members came up, from 1; 0 before. Two may share a number: then the lower uid is the older. */
  readonly upNumber: number
  /** False once it was suspected for so long that it counts as out of reach. It may come back. */
  readonly reachable: boolean
  /** Somebody missed it, and it has not answered to that yet. */
  readonly suspected: boolean
}

/** Opinions on whether a member is there, the worst last: of one incarnation, the worse is the newer. */
export const ALIVE = 0
export const SUSPECT = 1
export const UNREACHABLE = 2

/** What nodes tell each other of a member. */
export interface MemberRecord {
  readonly info: MemberInfo
  /** {@link JOINING} to {@link REMOVED}: it never goes back. */
  readonly state: number
  /** The order in which it came up, or is to come up: one that is joining and has a number is nominated. 0 before. */
  readonly upNumber: number
  /** Raised by the member itself alone, to contradict an opinion on it. */
  readonly incarnation: number
  /** {@link ALIVE}, {@link SUSPECT} or {@link UNREACHABLE}. */
  readonly opinion: number
}

export const JOINING = 0
export const UP = 1
export const LEAVING = 2
/** Some have decided that it is down, and not all on their side know: in doubt, so no users hear of it. */
export const CONDEMNED = 3
export const DOWN = 4
export const REMOVED = 5

/** What users see of each state. */
const SHOWN: readonly MemberState[] = ['joining', 'up', 'leaving', 'up', 'down', 'removed']

/**
 * What two nodes together know of one member. Commutative, associative and idempotent: in whatever order, however
 * often and over whatever ways records travel, all who have seen the same ones hold the same.
 */
export function merge(ours: MemberRecord, theirs: MemberRecord): MemberRecord {
  const state = Math.max(ours.state, theirs.state)
  const upNumber =
    ours.upNumber === 0 || theirs.upNumber === 0
      ? Math.max(ours.upNumber, theirs.upNumber)
      : Math.min(ours.upNumber, theirs.upNumber)
  const newer = compareOpinions(ours, theirs) >= 0 ? ours : theirs
  const { incarnation, opinion } = newer
  return { info: ours.info, state, upNumber, incarnation, opinion }
}

/** Above 0 when `a` is the newer word on a member, 0 when both are the same. */
function compareOpinions(a: MemberRecord, b: MemberRecord): number {
  return a.incarnation - b.incarnation || a.opinion - b.opinion
}

export function isSameRecord(a: MemberRecord, b: MemberRecord): boolean {
  return a.state === b.state && a.upNumber === b.upNumber && compareOpinions(a, b) === 0
}

/** Whether it is about to come up, and may be up already in the eyes of others. */
export function isNominated({ state, upNumber }: MemberRecord): boolean {
  return state === JOINING && upNumber > 0
}

/** Whether it counts, or is nominated to. */
export function isElector(record: MemberRecord): boolean {
  return (record.state >= UP && record.state < DOWN) || isNominated(record)
}

/** A record as users see it. */
export function memberOf({ info, state, upNumber, opinion }: MemberRecord): Member {
  const isOver = state >= DOWN
  // Field by field: at a thousand members this is called for each of them on each node.
  return {
    uid: info.uid,
    name: info.name,
    address: info.address,
    roles: info.roles,
    appVersion: info.appVersion,
    state: SHOWN[state]!,
    upNumber: state === JOINING ? 0 : upNumber,
    reachable: state < CONDEMNED && opinion !== UNREACHABLE,
    suspected: !isOver && opinion === SUSPECT,
  }
}

/** Whether `a` came up before `b`. Every node decides alike. */
export function isOlder(
  a: { readonly upNumber: number; readonly uid: string },
  b: { readonly upNumber: number; readonly uid: string },
): boolean {
  return a.upNumber === b.upNumber ? a.uid < b.uid : a.upNumber < b.upNumber
}
