import { NoHandlersError, toError } from '../errors.ts'
import type { Deadline } from '../runtime/timer-queue.ts'
import type { CohortMember } from '../supervision/cohort.ts'
import type { CellHost } from './cell-host.ts'
import type { Sibling } from './children.ts'
import type { AnyActor } from './context.ts'
import { CLEANING, Ending, type EndingDetails, HELD, OVER, PARKED, WINDING } from './ending.ts'
import type { Incarnation } from './incarnation.ts'
import { Life } from './life.ts'
import { RESTARTING, RUNNING, STARTING, STOPPED, STOPPING } from './life-state.ts'
import { SideTurns } from './side-turns.ts'
import type { AnySpawnOptions } from './spawn-options.ts'
import type { TerminationReason } from './watcher.ts'

/** What the system lane carries: steps of the actor's life that run user code or continue one another. */
type Signal = 'start' | 'overflowed' | 'vanish' | 'wind-down' | 'child-gone' | 'cleaned-up' | (() => void)

/** A set-up that throws or stops at once must not spin, whatever backoff was asked for. */
export const MIN_SETUP_BACKOFF_MS = 100

/** How an actor ends that has stopped itself. */
export const BY_ITSELF_IN_ORDER: EndingDetails = { byItself: true }

/** The end of all that end without a trace. */
const VANISHED = new Ending(false)
VANISHED.redirect('stopped', BY_ITSELF_IN_ORDER)

/** What the end of an actor needs of its children. */
interface Child<C> extends Sibling<C>, CohortMember {
  stop(): void
  drainAndStop(): void
  kill(why: string): void
}

/** An actor's way from start to stop, and from one incarnation to the next. */
export abstract class Lifecycle<C extends Child<C>> extends SideTurns {
  protected readonly options: AnySpawnOptions
  protected incarnation: Incarnation | null = null
  /** Made when first needed: most actors of a million have none of it. */
  protected life: Life<C> | null = null

  constructor(host: CellHost, options: AnySpawnOptions) {
    super(host, options.mailbox)
    this.options = options
  }

  abstract readonly actor: AnyActor
  protected abstract newIncarnation(): Incarnation
  /** It failed, of itself or of what it was told. */
  protected abstract override failed(error: Error, minDelayMs?: number): void
  /** Its mailbox has overflowed, and it is to fail for that. */
  protected abstract overflow(): void
  /** Nothing is left of the incarnation. @returns true when it is for the cohort to say when the next one begins */
  protected abstract parked(): boolean
  /** It is gone, and its mailbox is empty. */
  protected abstract gone(ending: Ending): void

  protected get own(): Life<C> {
    this.life ??= new Life<C>()
    return this.life
  }

  protected get ending(): Ending | null {
    return this.life === null ? null : this.life.ending
  }

  /** When its time to end in order is over; null unless it is ending. */
  get endLimit(): Deadline | null {
    const { ending } = this
    return ending === null ? null : ending.limit
  }

  get restarts(): number {
    return this.life === null ? 0 : this.life.restarts
  }

  get stopped(): boolean {
    return this.state === STOPPED
  }

  /** False from the moment on that its children end with it. */
  get keepsChildren(): boolean {
    return this.state < RESTARTING || (this.state === RESTARTING && this.options.keepChildren === true)
  }

  // Start

  obey(signal: Signal): void {
    if (signal === 'start') this.setUp()
    else if (signal === 'vanish') this.vanish()
    else if (signal === 'overflowed') this.overflow()
    else if (signal === 'cleaned-up') this.cleaned()
    else if (typeof signal === 'function') signal()
    else this.step()
  }

  protected setUp(): void {
    if (this.state !== STARTING) return
    const incarnation = this.newIncarnation()
    this.incarnation = incarnation
    this.state = RUNNING
    try {
      const handlers: unknown = this.actor.setup(incarnation as never, this.options.args as never)
      if (typeof handlers !== 'object' || handlers === null || handlers instanceof Promise)
        throw new NoHandlersError(this.path, handlers)
      this.become(handlers)
    } catch (thrown) {
      this.failed(toError(thrown), MIN_SETUP_BACKOFF_MS)
    }
    this.goOn()
  }

  /** Starts the next incarnation, if that is what it waits for. */
  revive(): void {
    const ending = this.ending
    if (this.state !== RESTARTING || ending?.phase !== PARKED) return
    const { own } = this
    own.ending = null
    this.state = STARTING
    this.signal('start')
    if (!ending.unstarted) this.host.report({ type: 'actor-restarted', path: this.path, restarts: ++own.restarts })
  }

  // End

  /** Begins the end of this incarnation; a stop overrides a restart already under way. */
  protected windDown(
    towards: typeof RESTARTING | typeof STOPPING,
    reason: TerminationReason,
    details: EndingDetails = {},
  ): void {
    if (this.state >= towards) return this.release()
    // Most actors that are started and stopped in great number leave nothing behind: they need no record of it.
    if (details === BY_ITSELF_IN_ORDER && this.state === RUNNING && this.life === null) return this.vanishSoon()
    const started = this.state !== STARTING
    this.hold()
    this.state = towards
    if (towards === STOPPING) this.refuseOffers()
    const { own } = this
    const ending = (own.ending ??= new Ending(!started && own.restarts === 0))
    ending.redirect(reason, details)
    this.incarnation?.abort()
    if (details.held === true) ending.phase = HELD
    // A set-up that has not run has left nothing to end before it runs.
    else if (!started && towards === RESTARTING) ending.phase = PARKED
    else this.windOn(ending)
  }

  protected vanishSoon(): void {
    this.hold()
    this.state = STOPPING
    this.refuseOffers()
    this.incarnation?.abort()
    this.signal('vanish')
  }

  /** Ends without a trace, unless something came up meanwhile that makes it an end like any other. */
  protected vanish(): void {
    if (this.state !== STOPPING || this.ending !== null) return
    const simple = this.life === null && this.inRing === 0 && !this.busy && this.incarnation?.hasCleanUps !== true
    if (simple) {
      this.endIncarnation()
      this.state = STOPPED
      this.discard(this.options.onUndelivered)
      this.host.ended()
      this.gone(VANISHED)
      return
    }
    const ending = new Ending(false)
    ending.redirect('stopped', BY_ITSELF_IN_ORDER)
    this.own.ending = ending
    this.windOn(ending)
  }

  /** What was held until its turn ends now. */
  protected release(): void {
    const ending = this.ending
    if (ending?.phase === HELD) this.windOn(ending)
  }

  protected windOn(ending: Ending): void {
    if (ending.phase === HELD || ending.phase === PARKED) ending.phase = WINDING
    // A handler under way ends first. What a restart has begun already goes on by itself.
    if (ending.phase === WINDING && !this.busy) this.signal('wind-down')
    else if (ending.phase !== OVER) this.limitEnding(ending)
  }

  /** The drain has come to an end here: now the children's, then the stop. */
  protected drained(stop: () => void): void {
    stop()
    const { ending } = this
    if (ending !== null && this.state === STOPPING) ending.draining = true
  }

  protected turnEnded(): void {
    this.signal('wind-down')
  }

  /** From here on the end takes time: as long as it may. */
  protected limitEnding(ending: Ending): void {
    ending.limit ??= this.host.timers.after(this.timeToStopMs, () => this.overdue())
  }

  protected get timeToStopMs(): number {
    return this.options.stopTimeoutMs ?? this.host.stopTimeoutMs
  }

  /** Stops the children one by one, the last one first, then runs the clean-ups. */
  protected step(): void {
    const ending = this.ending
    if (ending === null || ending.phase !== WINDING || this.busy) return
    const child = this.nextToEnd
    if (child !== null) {
      // Stays listed until it is gone: its end brings the next signal.
      this.limitEnding(ending)
      if (ending.draining) child.drainAndStop()
      else child.stop()
      return
    }
    ending.phase = CLEANING
    const { incarnation } = this
    const cleaning = incarnation?.cleanUp() ?? null
    if (cleaning === null) return this.cleaned()
    this.limitEnding(ending)
    // One that outlived its time says nothing about the incarnation that is there now.
    void cleaning.then(() => incarnation === this.incarnation && this.signal('cleaned-up'))
  }

  protected cleaned(): void {
    const ending = this.ending
    if (ending?.phase !== CLEANING) return
    if (this.state === STOPPING) this.terminate(ending)
    else this.endForRestart(ending)
  }

  protected childGone(child: C): void {
    this.life?.children?.remove(child)
    const ending = this.ending
    if (ending === null) return
    if (ending.phase === WINDING) this.signal('child-gone')
    else if (ending.phase !== OVER) return
    else if (this.state === STOPPING) this.ringEmptied()
    else this.park(ending)
  }

  /** The next child that has to go before this actor can: the youngest. */
  protected get nextToEnd(): C | null {
    const children = this.life === null ? null : this.life.children
    return children === null || this.keepsChildren ? null : children.youngest
  }

  protected endForRestart(ending: Ending): void {
    this.endIncarnation()
    ending.phase = OVER
    this.park(ending)
  }

  /** Waits for the next start: for its time, or for the cohort. */
  protected park(ending: Ending): void {
    if (this.nextToEnd !== null) return
    ending.phase = PARKED
    ending.endWait()
    if (this.parked()) return
    // A timer of the cell's own: the one thing that outlives the incarnation besides the mailbox.
    ending.limit = this.host.timers.after(ending.restartDelayMs, () => this.revive())
  }

  /** The time for ending in order is over. */
  protected overdue(): void {
    const why = this.busy ? 'a handler did not end' : 'children or clean-ups did not end'
    if (this.state === STOPPING) {
      this.kill(`${why} within ${this.timeToStopMs} ms`)
      return
    }
    this.killChildren(why)
    this.endForRestart(this.ending!)
  }

  /** Ends now: the handler is fenced, clean-ups are left out, children are killed first. */
  kill(why: string): void {
    if (this.state === STOPPED || this.ending?.reason === 'killed') return
    this.host.report({ type: 'actor-killed', path: this.path, why })
    this.hold()
    this.state = STOPPING
    this.refuseOffers()
    const ending = (this.own.ending ??= new Ending(false))
    ending.reason = 'killed'
    this.killChildren(why)
    this.terminate(ending)
  }

  protected killChildren(why: string): void {
    for (let child = this.nextToEnd; child !== null; ) {
      const older: C | null = child.older
      child.kill(why)
      child = older
    }
  }

  protected endIncarnation(): void {
    this.endTurn()
    this.incarnation?.end(this.state === STOPPING)
    this.incarnation = null
  }

  protected terminate(ending: Ending): void {
    ending.endWait()
    ending.phase = OVER
    this.endIncarnation()
    this.ringEmptied()
  }

  /** What is left in the ring belongs to the dead letters too: the end waits for it. */
  protected ringEmptied(): void {
    const ending = this.ending
    if (this.state !== STOPPING || ending?.phase !== OVER) return
    if (this.inRing > 0 || this.nextToEnd !== null) return
    this.state = STOPPED
    this.discard(this.options.onUndelivered)
    this.host.ended()
    this.gone(ending)
  }

  protected signal(signal: Signal): void {
    this.dispatcher.signal(this, signal)
  }
}
