import type { Scenario } from '@troupe/testkit'
import { candidates } from '../stage/candidates.ts'

/** A resource behind a fence: candidates are paused too, two may act at once, and it takes no old epoch all the same. */
export const fencedResource: Scenario = candidates(
  'fenced-resource',
  ['pause', 'slow', 'clock', 'partition', 'clog', 'reset'],
  { oneAtATime: false, inOrder: true },
)
