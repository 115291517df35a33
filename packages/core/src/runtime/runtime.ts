import type { Clock } from './clock.ts'
import type { Disk } from './disk.ts'
import type { DispatchStrategy } from './dispatch-strategy.ts'
import type { Ids } from './ids.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Signals } from './signals.ts'

/**
 * Everything ambient that Troupe's code may use. The real one stands in real.ts, one on manual time in
 * manual.ts; a simulation brings its own. A test forbids clocks, chance and timers everywhere else.
 */
export interface Runtime {
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly random: Random
  readonly ids: Ids
  /** Who has the next turn. Default: whoever has been ready longest. For simulations. */
  readonly dispatch?: DispatchStrategy
  /** Where what must outlive a crash is kept. Default: nowhere. See `nodeDisk` in `@troupe/core/node-disk`. */
  readonly disk?: Disk
  /** How the host asks the process to end. Browsers have none. */
  readonly signals?: Signals
}
