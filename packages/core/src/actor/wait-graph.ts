import type { Dispatcher, Runnable } from '../dispatch/dispatcher.ts'
import type { Asker, NestedAsk } from './nested-ask.ts'

/** Circles are reported once each; so many are remembered. */
const MOST_REMEMBERED = 1_000

/** Actors that wait for one another: none of them will ever get its answer. */
export interface AskCycle {
  readonly type: 'ask-cycle'
  /** Paths of the actors: each waits for the next, and the last one for the first. */
  readonly paths: readonly string[]
  /** What each asks the next. */
  readonly messages: readonly string[]
}

/**
 * Finds circles of actors that wait for one another's answers. Who waits for whom is not kept here: each actor
 * has a list of its asks, and only an ask to an actor that asks itself makes this look any further.
 */
export class WaitGraph {
  readonly #dispatcher: Dispatcher
  readonly #report: (cycle: AskCycle) => void
  readonly #reported = new Set<string>()

  constructor(dispatcher: Dispatcher, report: (cycle: AskCycle) => void) {
    this.#dispatcher = dispatcher
    this.#report = report
  }

  /** `ask` has been put into the mailbox of an actor of this node, which has asks of its own under way. */
  asked(ask: NestedAsk): void {
    const circle = circleOf(ask)
    if (circle === null) return
    // The asker may yet go on without waiting, and the asked one may take the message. Both are settled once all
    // that is queued by now has had its turn.
    this.#dispatcher.post(new Suspicion(ask.asker.path, () => this.#confirm(circle)), undefined, undefined)
  }

  #confirm(circle: readonly NestedAsk[]): void {
    if (!circle.every(isStuck)) return
    const paths = circle.map((ask) => ask.asker.path)
    const key = keyOf(paths)
    if (this.#reported.has(key)) return
    if (this.#reported.size >= MOST_REMEMBERED) this.#reported.clear()
    this.#reported.add(key)
    this.#report({ type: 'ask-cycle', paths, messages: circle.map((ask) => ask.message) })
  }
}

/** Asks of which each goes to whoever makes the next, and the last one to whoever made `ask`; or null. */
function circleOf(ask: NestedAsk): readonly NestedAsk[] | null {
  const goal = ask.asker
  const seen = new Set<Asker>()
  const path = [ask]
  const search = (asker: Asker | null): boolean => {
    if (asker === goal) return true
    if (asker === null || seen.has(asker)) return false
    seen.add(asker)
    for (let next = asker.newestAsk; next !== null; next = next.older) {
      if (next.turn !== asker.pendingTurn) continue
      path.push(next)
      if (search(next.at)) return true
      path.pop()
    }
    return false
  }
  return search(ask.at) ? path : null
}

/** The asker's mailbox waits for the handler that asked, and the message for the asked one's, or is what it handles. */
function isStuck(ask: NestedAsk): boolean {
  if (ask.settled || ask.asker.pendingTurn !== ask.turn) return false
  if (!ask.begun) return true
  const head = ask.at?.pendingHead
  return head === ask || (typeof head === 'object' && head.inner === ask)
}

/** The same for one circle wherever it was entered. */
function keyOf(paths: readonly string[]): string {
  const start = paths.indexOf([...paths].sort()[0]!)
  return [...paths.slice(start), ...paths.slice(0, start)].join(' ')
}

/** Comes behind all that is queued by now, and looks again. */
class Suspicion implements Runnable {
  readonly path: string
  readonly #look: () => void

  constructor(path: string, look: () => void) {
    this.path = path
    this.#look = look
  }

  receive(): void {
    this.#look()
  }

  obey(): void {}
}
