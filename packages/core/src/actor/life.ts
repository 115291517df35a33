import type { Cohort, CohortMember } from '../supervision/cohort.ts'
import type { Supervision, Supervisor } from '../supervision/directive.ts'
import type { Children, Sibling } from './children.ts'
import type { Ending } from './ending.ts'
import type { Watcher } from './watcher.ts'

/** What an actor has besides once it has children, is watched, has failed, is registered or is about to end. */
export class Life<C extends Sibling<C> & CohortMember> {
  children: Children<C> | null = null
  /** Of its children, by their supervision: of those that stand and fall together, and while there is any. */
  cohorts: Map<Supervision, Cohort<C>> | null = null
  watchers: Set<Watcher> | null = null
  supervisor: Supervisor | null = null
  restarts = 0
  ending: Ending | null = null
  /** Its mailbox has overflowed, and it is about to fail for that. */
  overflowed = false
  /** Registered, or known abroad: others keep something about it. */
  known = false
}
