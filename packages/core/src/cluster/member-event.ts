import type { Member } from './member.ts'

/** What happens to members, as system events; of this node too. */
export type MemberEvent = {
  readonly type: MemberEventType
  /** As it is after the event. */
  readonly member: Member
}

/**
 * - `member-joined`: heard of for the first time
 * - `member-up`: counted from now on
 * - `member-leaving`: about to stop in order
 * - `member-suspected`: somebody misses it
 * - `member-unreachable`: it was missed for too long, and may still come back
 * - `member-reachable`: it has answered, after it was suspected or unreachable
 * - `member-down`: over for good; its watchers have been told, and this run of it is never talked to again
 * - `member-removed`: forgotten
 */
export type MemberEventType =
  | 'member-joined'
  | 'member-up'
  | 'member-leaving'
  | 'member-suspected'
  | 'member-unreachable'
  | 'member-reachable'
  | 'member-down'
  | 'member-removed'
