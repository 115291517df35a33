import type { Cell } from '../actor/cell.ts'
import type { ActorInfo } from '../actor/inspect.ts'
import { InvalidOptionError, toError } from '../errors.ts'
import { checkOptions, is } from '../options.ts'
import type { Clock } from '../runtime/clock.ts'
import { actorAt } from './lookup.ts'
import { copyState, type StateLimits } from './state-copy.ts'

/** Which actors are shown, and how many at once. */
export interface InspectOptions {
  /** Path of the actor to begin with. Default `/`: all of them. */
  readonly below?: string
  /** Levels below that one. Default 32. */
  readonly depth?: number
  /** Most actors in one answer, up to 1,000. Default 100. */
  readonly limit?: number
  /** `next` of the answer before: goes on behind it. */
  readonly after?: string
  /** Only actors with something in their mailbox, the fullest first, out of the first 100,000. Default false. */
  readonly busiest?: boolean
}

/** A page of actors. */
export interface Inspection {
  /** Parents before their children, and those in the order of their start; or the busiest first. */
  readonly actors: readonly ActorInfo[]
  /** Where to go on, as the option `after`; null when that was all. Actors that have ended meanwhile do no harm. */
  readonly next: string | null
  /** False when there were more actors than are looked at for the busiest. */
  readonly complete: boolean
}

/** One actor and what it shows of its state. */
export interface ActorSnapshot extends ActorInfo {
  /** What its method `[inspect]` gives, or the public fields of its object of handlers: plain data, cut to size. */
  readonly state: unknown
  /** What that method threw; null when all went well. */
  readonly error: string | null
}

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1_000
const DEFAULT_DEPTH = 32
/** Actors looked at for the busiest: about 5 ms. */
const MOST_VISITED = 100_000

const CHECKS = {
  below: is.string,
  depth: is.integer(0),
  limit: is.integer(1, MAX_LIMIT),
  after: is.string,
  busiest: is.boolean,
} as const

const STATE_CHECKS = {
  depth: is.integer(0, 100),
  entries: is.integer(0, 100_000),
  textLength: is.integer(0),
  values: is.integer(0, 1_000_000),
  timeMs: is.number(0),
} as const

/** Shows actors without asking them: it sends no message, and costs nothing when nobody looks. */
export class Inspector {
  readonly #root: Cell
  readonly #clock: Clock

  constructor(root: Cell, clock: Clock) {
    this.#root = root
    this.#clock = clock
  }

  list(options: InspectOptions = {}): Inspection {
    checkOptions('system.inspect', options, CHECKS)
    const { below = '/', depth = DEFAULT_DEPTH, limit = DEFAULT_LIMIT, busiest = false } = options
    const top = actorAt(this.#root, below)
    if (top === null) return { actors: [], next: null, complete: true }
    const walk = new Walk(top, depth)
    return busiest ? fullest(walk, limit) : page(walk, limit, options.after)
  }

  snapshot(cell: Cell, limits: StateLimits = {}): ActorSnapshot {
    checkOptions('system.snapshot', limits, STATE_CHECKS)
    try {
      return { ...cell.info, state: copyState(cell.showState(), limits, this.#clock), error: null }
    } catch (thrown) {
      return { ...cell.info, state: null, error: toError(thrown).message }
    }
  }
}

function page(walk: Walk, limit: number, after: string | undefined): Inspection {
  const actors: ActorInfo[] = []
  let last: Cell | null = null
  let cell = after === undefined ? walk.top : walk.behind(after)
  for (; cell !== null && actors.length < limit; cell = walk.following(cell)) {
    actors.push(cell.info)
    last = cell
  }
  return { actors, next: cell === null || last === null ? null : walk.positionOf(last), complete: true }
}

function fullest(walk: Walk, limit: number): Inspection {
  const found: Cell[] = []
  let visited = 0
  let cell: Cell | null = walk.top
  for (; cell !== null && visited < MOST_VISITED; cell = walk.following(cell)) {
    visited++
    const { queued } = cell
    if (queued === 0 || (found.length === limit && queued <= found[limit - 1]!.queued)) continue
    const at = found.findIndex((other) => other.queued < queued)
    found.splice(at === -1 ? found.length : at, 0, cell)
    if (found.length > limit) found.pop()
  }
  return { actors: found.map(({ info }) => info), next: null, complete: cell === null }
}

/** A subtree of actors, parents before their children. */
class Walk {
  readonly top: Cell
  readonly #depth: number

  constructor(top: Cell, depth: number) {
    this.top = top
    this.#depth = depth
  }

  following(cell: Cell): Cell | null {
    const child = this.#levelOf(cell) < this.#depth ? cell.oldestChild : null
    return child ?? this.#beside(cell)
  }

  /** The next one that is not below `cell`. */
  #beside(cell: Cell): Cell | null {
    for (let up: Cell | null = cell; up !== null && up !== this.top; up = up.parent) {
      if (up.younger !== null) return up.younger
    }
    return null
  }

  #levelOf(cell: Cell): number {
    let level = 0
    for (let up: Cell | null = cell; up !== null && up !== this.top; up = up.parent) level++
    return level
  }

  /** The first one behind a position, whether the actor there still lives or not. */
  behind(position: string): Cell | null {
    const uids = position.split('.').map(Number)
    if (uids[0] !== this.top.uid || uids.some((uid) => !Number.isSafeInteger(uid))) {
      throw new InvalidOptionError('system.inspect', 'after', '`next` of an answer with the same `below`', position)
    }
    let cell = this.top
    for (const uid of uids.slice(1)) {
      // Children stand in the order of their uids.
      let child = cell.oldestChild
      while (child !== null && child.uid < uid) child = child.younger
      if (child === null) return this.#beside(cell)
      if (child.uid > uid) return child
      cell = child
    }
    return this.following(cell)
  }

  positionOf(cell: Cell): string {
    const uids: number[] = []
    for (let up: Cell | null = cell; up !== null; up = up === this.top ? null : up.parent) uids.push(up.uid)
    return uids.reverse().join('.')
  }
}
