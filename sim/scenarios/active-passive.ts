import type { Scenario } from '@troupe/testkit'
import { candidates } from '../stage/candidates.ts'

/** Standbys that take over by a lease: as long as nobody is paused, no two are active at once. */
export const activePassive: Scenario = candidates('active-passive', ['partition', 'clog', 'reset'], {
  oneAtATime: true,
  inOrder: true,
})
