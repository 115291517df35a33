import { MailboxFullError, NameTakenError, SystemStoppedError, toError } from '../errors.ts'
import type { Deadline } from '../runtime/timer-queue.ts'
import type { Decision, Supervisor } from '../supervision/directive.ts'
import { STOP, stopOnFailure } from '../supervision/directive.ts'
import { DEFAULT_ACTOR_OPTIONS } from './actor-options.ts'
import type { CellHost } from './cell-host.ts'
import { Children, type Sibling } from './children.ts'
import type { AnyActor } from './context.ts'
import { Incarnation } from './incarnation.ts'
import { type ActorInfo, type ActorStatus, inspect } from './inspect.ts'
import { LocalRef } from './local-ref.ts'
import type { Head, Origin } from './origin.ts'
import type { AnyRef } from './ref.ts'
import type { AnySpawnOptions } from './spawn-options.ts'
import { RESTARTING, RUNNING, STARTING, STOPPED, STOPPING, Turns } from './turns.ts'
import type { TerminationReason, Watcher } from './watcher.ts'

/** What the system lane carries: steps of the cell's life that run user code or continue one another. */
type Signal = 'start' | 'overflowed' | 'wind-down' | 'child-gone' | 'cleaned-up'

/** A set-up that throws at once must not spin, whatever backoff was asked for. */
const MIN_SETUP_BACKOFF_MS = 100

/** The end of one incarnation, as far as it has come. */
class Ending {
  reason: TerminationReason = 'stopped'
  /** Children are gone, and the clean-ups run. */
  cleaning = false
  /** Nothing is left to be done but to wait for children that are killed, and for entries of the ring. */
  over = false
  limit: Deadline | null = null
  restartDelayMs = 0
  /** Children handle what they have before they stop. */
  draining = false
}

/** What an actor has besides once it has children, is watched, has failed, is registered or is about to end. */
class Life {
  children: Children<Cell> | null = null
  watchers: Set<Watcher> | null = null
  supervisor: Supervisor | null = null
  restarts = 0
  ending: Ending | null = null
  /** Registered, or known abroad: others keep something about it. */
  known = false
  /** Its mailbox has overflowed, and it is about to fail for that. */
  overflowed = false
}

/** One running actor: its place in the tree, and where it stands in its life. */
export class Cell extends Turns implements Sibling<Cell> {
  readonly parent: Cell | null
  readonly uid: number
  readonly actor: AnyActor
  readonly ref: LocalRef<never>
  readonly #options: AnySpawnOptions
  older: Cell | null = null
  younger: Cell | null = null
  #incarnation: Incarnation | null = null
  /** Made when first needed: most actors of a million have none of it. */
  #life: Life | null = null

  constructor(host: CellHost, parent: Cell | null, actor: AnyActor, options: AnySpawnOptions) {
    super(host, options.mailbox)
    this.parent = parent
    this.uid = host.nextUid()
    this.actor = actor
    this.#options = options
    this.ref = new LocalRef<never>(this)
    this.#signal('start')
  }

  get givenName(): string | null {
    return this.#options.name ?? null
  }

  /** Given, or made of what tells it from its siblings. */
  get name(): string {
    return this.givenName ?? `$${this.uid}`
  }

  get path(): string {
    return this.parent === null ? this.name : `${this.parent.path}/${this.name}`
  }

  get endLimit(): Deadline | null {
    const ending = this.#ending
    return ending === null ? null : ending.limit
  }

  get stopped(): boolean {
    return this.state === STOPPED
  }

  get oldestChild(): Cell | null {
    return this.#life?.children?.oldest ?? null
  }

  /** For inspectors: looks at it and changes nothing. */
  get info(): ActorInfo {
    const { path, handling, queued } = this
    const children = this.#life?.children?.size ?? 0
    const restarts = this.#life?.restarts ?? 0
    return { path: path || '/', kind: this.actor.id, status: this.#status, handling, queued, restarts, children }
  }

  /** What the behaviour shows of its state. @throws what its own way of showing it throws */
  showState(): unknown {
    const { handlers } = this
    const show: unknown = Reflect.get(handlers, inspect)
    return typeof show === 'function' ? show.call(handlers) : handlers
  }

  get #status(): ActorStatus {
    if (this.state === STARTING) return 'starting'
    if (this.state === RESTARTING) return 'restarting'
    if (this.state >= STOPPING) return 'stopping'
    if (this.suspended) return 'suspended'
    return this.busy ? 'waiting' : 'running'
  }

  /** Queues something of the actor's own: a tick, a notice. It vanishes without a trace if the actor stops. */
  enqueueOwn(origin: Origin, payload: unknown): void {
    if (this.state < STOPPING) this.enqueue(origin, payload)
  }

  get stashCapacity(): number {
    return (this.actor.options ?? DEFAULT_ACTOR_OPTIONS).stashCapacity
  }

  protected get interleaved(): ReadonlySet<string> | null {
    return this.actor.options === undefined ? null : this.actor.options.interleave
  }

  get restarts(): number {
    return this.#life === null ? 0 : this.#life.restarts
  }

  // Children and watchers

  spawn(actor: AnyActor, options: AnySpawnOptions): Cell {
    if (this.state >= RESTARTING)
      throw new SystemStoppedError(this.path, `start "${options.name ?? actor.id}" below it`)
    const children = (this.#own.children ??= new Children())
    if (options.name !== undefined && children.named(options.name) !== null)
      throw new NameTakenError(`${this.path}/${options.name}`)
    const child = new Cell(this.host, this, actor, options)
    children.add(child)
    return child
  }

  child(name: string): Cell | null {
    const children = this.#life?.children ?? null
    if (children === null) return null
    if (!name.startsWith('$')) return children.named(name)
    for (const child of children) if (child.name === name) return child
    return null
  }

  childOf(ref: AnyRef): Cell | null {
    if (ref instanceof LocalRef && ref.target instanceof Cell) {
      return ref.target.parent === this && !ref.target.stopped ? ref.target : null
    }
    // A ref that has been abroad.
    const child = this.child(ref.path.slice(ref.path.lastIndexOf('/') + 1))
    return child?.ref.id === ref.id ? child : null
  }

  addWatcher(watcher: Watcher): void {
    if (this.state === STOPPED) {
      watcher.terminated('not-found')
      return
    }
    const watchers = (this.#own.watchers ??= new Set())
    watchers.add(watcher)
  }

  removeWatcher(watcher: Watcher): void {
    this.#life?.watchers?.delete(watcher)
  }

  /** Others keep something about it now, and are to be told of its end. */
  markKnown(): void {
    this.#own.known = true
  }

  get #own(): Life {
    this.#life ??= new Life()
    return this.#life
  }

  get #ending(): Ending | null {
    return this.#life === null ? null : this.#life.ending
  }

  // Life

  /** Stops in order: the present handler ends, then the children, then clean-ups; within the time limit. */
  stop(): void {
    const ending = this.#ending
    if (ending === null || !ending.draining) return this.#windDown(STOPPING, 'stopped')
    // Its children do not take their time any more either.
    ending.draining = false
    this.#signal('wind-down')
  }

  /** The drain has come to an end here: now the children's, then a stop. */
  drained(): void {
    this.#windDown(STOPPING, 'stopped')
    const ending = this.#ending
    if (ending !== null) ending.draining = true
  }

  /** Handles all that is queued by now, then stops. */
  drainAndStop(): void {
    this.enqueueOwn(new DrainMarker(this), undefined)
  }

  /** Ends now: the handler is fenced, clean-ups are left out, children are killed first. */
  kill(why: string): void {
    if (this.state === STOPPED || this.#ending?.reason === 'killed') return
    this.host.report({ type: 'actor-killed', path: this.path, why })
    this.hold()
    this.state = STOPPING
    this.refuseOffers()
    const ending = (this.#own.ending ??= new Ending())
    ending.reason = 'killed'
    this.#killChildren(why)
    this.#terminate()
  }

  obey(signal: Signal): void {
    if (signal === 'start') this.#begin()
    else if (signal === 'overflowed') this.#overflow()
    else if (signal === 'cleaned-up') this.#ended()
    else this.#nextChild()
  }

  #begin(): void {
    if (this.state !== STARTING) return
    const incarnation = new Incarnation(this)
    this.#incarnation = incarnation
    this.state = RUNNING
    try {
      this.become(this.actor.setup(incarnation as never, this.#options.args as never))
    } catch (thrown) {
      this.failed(toError(thrown), MIN_SETUP_BACKOFF_MS)
    }
    this.goOn()
  }

  /**
   * A handler or the set-up threw, a pipe was rejected, or a child escalated. Where it was not the handler,
   * the message it has at hand is none of this: its asker still gets the handler's own answer.
   */
  protected failed(error: Error, minBackoffMs = 0): void {
    if (this.state !== RUNNING) {
      this.host.report({ type: 'actor-failed', path: this.path, error, directive: 'stop' })
      return
    }
    const decision = this.#decide(error)
    // Without handlers there is nothing to go on with.
    const directive = decision.directive === 'resume' && minBackoffMs > 0 ? 'stop' : decision.directive
    this.host.report({ type: 'actor-failed', path: this.path, error, directive })
    if (decision.limitReached) this.host.report({ type: 'restart-limit', path: this.path, error })
    if (directive === 'resume') return
    if (directive === 'restart') {
      this.#windDown(RESTARTING, 'failed', Math.max(decision.delayMs, minBackoffMs))
      return
    }
    this.#windDown(STOPPING, 'failed')
    if (directive === 'escalate') this.parent?.fail(error)
  }

  /** A supervisor is code of the user's too: one that throws must not take the node with it. */
  #decide(error: Error): Decision {
    const { clock, random } = this.host.runtime
    try {
      const supervisor = (this.#own.supervisor ??= (this.#options.supervise ?? stopOnFailure).supervise())
      return supervisor.decide({ error, nowMs: clock.now(), random })
    } catch (thrown) {
      this.host.report({ type: 'actor-failed', path: this.path, error: toError(thrown), directive: 'stop' })
      return STOP
    }
  }

  /** Fails this actor from outside a handler: a piped promise, an escalating child. */
  fail(error: Error): void {
    // The guardians at the top have nobody above them to decide.
    if (this.state === RUNNING && this.parent !== null && this.parent.parent !== null) this.failed(error)
    else if (this.state === RUNNING)
      this.host.report({ type: 'actor-failed', path: this.path, error, directive: 'resume' })
  }

  /** Later, not inside somebody's tell; and once, however many messages were too many meanwhile. */
  protected overflowed(): void {
    const life = this.#own
    if (life.overflowed || this.state > RUNNING) return
    life.overflowed = true
    this.#signal('overflowed')
  }

  #overflow(): void {
    if (this.#life === null) return
    this.#life.overflowed = false
    this.fail(new MailboxFullError(this.path))
  }

  /** Begins the end of this incarnation; a stop overrides a restart already under way. */
  #windDown(towards: typeof RESTARTING | typeof STOPPING, reason: TerminationReason, restartDelayMs = 0): void {
    if (this.state >= towards) return
    const underWay = this.state === RESTARTING
    this.hold()
    this.state = towards
    if (towards === STOPPING) this.refuseOffers()
    const ending = (this.#own.ending ??= new Ending())
    ending.reason = reason
    ending.restartDelayMs = restartDelayMs
    this.#incarnation?.abort()
    ending.limit?.cancel()
    ending.limit = null
    // A handler under way ends first; a restart under way goes on as a stop by itself, unless it only waits.
    if (this.busy || (underWay && this.#incarnation !== null)) this.#limitEnding()
    else this.#signal('wind-down')
  }

  protected turnEnded(): void {
    this.#signal('wind-down')
  }

  /** From here on the end takes time: as long as it may. */
  #limitEnding(): void {
    const ending = this.#ending!
    const { timers, stopTimeoutMs } = this.host
    ending.limit ??= timers.after(this.#options.stopTimeoutMs ?? stopTimeoutMs, () => this.#overdue())
  }

  /** Stops the children one by one, the last one first, then runs the clean-ups. */
  #nextChild(): void {
    const ending = this.#ending
    if (ending === null || this.busy || ending.cleaning || this.state === STOPPED) return
    if (this.state !== STOPPING && (this.state !== RESTARTING || this.#incarnation === null)) return
    const child = this.#youngest
    if (child !== null) {
      // Stays listed until it is gone: its end brings the next signal.
      this.#limitEnding()
      if (ending.draining) child.drainAndStop()
      else child.stop()
      return
    }
    ending.cleaning = true
    const incarnation = this.#incarnation
    const cleaning = incarnation?.cleanUp() ?? null
    if (cleaning === null) return this.#ended()
    this.#limitEnding()
    // One that outlived its time says nothing about the incarnation that is there now.
    void cleaning.then(() => incarnation === this.#incarnation && this.#signal('cleaned-up'))
  }

  #childGone(child: Cell): void {
    this.#life?.children?.remove(child)
    const ending = this.#ending
    if (ending === null) return
    if (!ending.over) this.#signal('child-gone')
    else if (this.state === STOPPING) this.ringEmptied()
    else if (this.#youngest === null) this.#restart()
  }

  get #youngest(): Cell | null {
    const children = this.#life === null ? null : this.#life.children
    return children === null ? null : children.youngest
  }

  /** Children are gone and clean-ups are done. */
  #ended(): void {
    if (this.state === STOPPING) this.#terminate()
    else if (this.state === RESTARTING && this.#ending?.cleaning) this.#restart()
  }

  #restart(): void {
    const ending = this.#ending!
    this.#endIncarnation()
    ending.over = true
    if (this.#youngest !== null) return
    const { restartDelayMs } = ending
    const life = this.#own
    life.ending = new Ending()
    ending.limit?.cancel()
    // A timer of the cell's own: the one thing that outlives the incarnation besides the mailbox.
    life.ending.limit = this.host.timers.after(restartDelayMs, () => {
      this.state = STARTING
      life.ending = null
      this.#signal('start')
      this.host.report({ type: 'actor-restarted', path: this.path, restarts: ++life.restarts })
    })
  }

  /** The time for ending in order is over. */
  #overdue(): void {
    const why = this.busy ? 'a handler did not end' : 'children or clean-ups did not end'
    const limitMs = this.#options.stopTimeoutMs ?? this.host.stopTimeoutMs
    if (this.state === STOPPING) {
      this.kill(`${why} within ${limitMs} ms`)
      return
    }
    this.#killChildren(why)
    this.#restart()
  }

  #endIncarnation(): void {
    this.endTurn()
    this.#incarnation?.end(this.state === STOPPING)
    this.#incarnation = null
  }

  #terminate(): void {
    const ending = this.#ending!
    ending.limit?.cancel()
    ending.over = true
    this.#endIncarnation()
    this.ringEmptied()
  }

  /** What is left in the ring belongs to the dead letters too: the end waits for it. */
  protected ringEmptied(): void {
    const ending = this.#ending
    if (this.state !== STOPPING || ending === null || !ending.over) return
    if (this.inRing > 0 || this.#youngest !== null) return
    this.state = STOPPED
    this.discard(this.#options.onUndelivered)
    this.host.ended()
    // Names and registrations are free before anybody hears of the end, so that a successor can have them.
    if (this.parent !== null) this.parent.#childGone(this)
    const { known, watchers } = this.#own
    if (known) {
      this.host.registry.unregister(this.ref)
      this.host.released(this.uid)
    }
    this.#life = null
    if (watchers !== null) for (const watcher of watchers) watcher.terminated(ending.reason)
  }

  #killChildren(why: string): void {
    for (let child = this.#youngest; child !== null; ) {
      const older: Cell | null = child.older
      child.kill(why)
      child = older
    }
  }

  #signal(signal: Signal): void {
    this.dispatcher.signal(this, signal)
  }
}

/** Queued behind everything sent so far; stops the cell when its turn comes, and is never handled itself. */
class DrainMarker implements Origin {
  readonly #cell: Cell
  message: Head & string = ''
  readonly own = true
  readonly last = true

  constructor(cell: Cell) {
    this.#cell = cell
  }

  begin(): boolean {
    this.#cell.drained()
    return false
  }

  settle(): void {}
  fail(): void {}
  abandoned(): void {}
  undelivered(): boolean {
    return false
  }
  remainingMs(): null {
    return null
  }
}
