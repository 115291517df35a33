import { MailboxFullError, NameTakenError, SystemStoppedError, toError, UnexpectedStopError } from '../errors.ts'
import { BY_ITSELF, type Circumstances, directiveFor, escalated, IN_A_TURN } from '../supervision/circumstances.ts'
import { Cohort, type CohortHome, type CohortMember } from '../supervision/cohort.ts'
import {
  checkDecision,
  type Decision,
  type Directive,
  STOP,
  type Supervision,
  stopOnFailure,
} from '../supervision/directive.ts'
import { DEFAULT_ACTOR_OPTIONS } from './actor-options.ts'
import type { CellHost } from './cell-host.ts'
import { CHILD_FAILED, type ChildFailed } from './child-failed.ts'
import { Children, type Sibling } from './children.ts'
import type { AnyActor } from './context.ts'
import { DrainMarker } from './drain-marker.ts'
import { type Ending, type FinalFailure, PARKED } from './ending.ts'
import { Incarnation } from './incarnation.ts'
import { type ActorInfo, type ActorStatus, inspect } from './inspect.ts'
import { RESTARTING, RUNNING, STARTING, STOPPED, STOPPING } from './life-state.ts'
import { BY_ITSELF_IN_ORDER, Lifecycle, MIN_SETUP_BACKOFF_MS } from './lifecycle.ts'
import { LocalRef } from './local-ref.ts'
import type { Origin } from './origin.ts'
import { OwnMessage } from './own-message.ts'
import type { AnyRef } from './ref.ts'
import type { AnySpawnOptions } from './spawn-options.ts'
import type { Watcher } from './watcher.ts'

const NOBODY: readonly Watcher[] = []

/** Of messages about children that outlive the incarnation. */
const ALWAYS = { live: true } as const

/** One running actor: its place in the tree, who hears of it, and what is done about its failures. */
export class Cell extends Lifecycle<Cell> implements Sibling<Cell>, CohortMember, CohortHome<Cell> {
  readonly parent: Cell | null
  readonly uid: number
  readonly actor: AnyActor
  readonly ref: LocalRef<never>
  older: Cell | null = null
  younger: Cell | null = null

  constructor(host: CellHost, parent: Cell | null, actor: AnyActor, options: AnySpawnOptions) {
    super(host, options)
    this.parent = parent
    this.uid = host.nextUid()
    this.actor = actor
    this.ref = new LocalRef<never>(this)
    this.start()
  }

  get givenName(): string | null {
    return this.options.name ?? null
  }

  /** Given, or made of what tells it from its siblings. */
  get name(): string {
    return this.givenName ?? `$${this.uid}`
  }

  get path(): string {
    return this.parent === null ? this.name : `${this.parent.path}/${this.name}`
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

  // For inspectors: they look at it and change nothing

  get oldestChild(): Cell | null {
    return this.life?.children?.oldest ?? null
  }

  get info(): ActorInfo {
    const { path, handling, queued, restarts } = this
    const children = this.life?.children?.size ?? 0
    return { path: path || '/', kind: this.actor.id, status: this.status, handling, queued, restarts, children }
  }

  /** What the behaviour shows of its state. @throws what its own way of showing it throws */
  showState(): unknown {
    const { handlers } = this
    const show: unknown = Reflect.get(handlers, inspect)
    return typeof show === 'function' ? show.call(handlers) : handlers
  }

  protected get status(): ActorStatus {
    if (this.state === STARTING) return 'starting'
    if (this.state === RESTARTING) return 'restarting'
    if (this.state >= STOPPING) return 'stopping'
    if (this.suspended) return 'suspended'
    return this.busy ? 'waiting' : 'running'
  }

  protected newIncarnation(): Incarnation {
    return new Incarnation(this)
  }

  // Children and watchers

  spawn(actor: AnyActor, options: AnySpawnOptions): Cell {
    if (this.state >= RESTARTING)
      throw new SystemStoppedError(this.path, `start "${options.name ?? actor.id}" below it`)
    const children = (this.own.children ??= new Children())
    if (options.name !== undefined && children.named(options.name) !== null)
      throw new NameTakenError(`${this.path}/${options.name}`)
    const child = new Cell(this.host, this, actor, options)
    children.add(child)
    if (isCohort(options.supervise)) this.joinCohort(options.supervise, child)
    return child
  }

  /** In the order they were spawned. */
  get children(): readonly Cell[] {
    return [...(this.life?.children ?? [])]
  }

  child(name: string): Cell | null {
    const children = this.life?.children ?? null
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
    const watchers = (this.own.watchers ??= new Set())
    watchers.add(watcher)
  }

  removeWatcher(watcher: Watcher): void {
    this.life?.watchers?.delete(watcher)
  }

  /** Others keep something about it now, and are to be told of its end. */
  markKnown(): void {
    this.own.known = true
  }

  // Stopping

  /** Stops in order: the present handler ends, then the children, then clean-ups; within the time limit. */
  stop(): void {
    const { ending } = this
    if (ending === null || !ending.draining) return this.windDown(STOPPING, 'stopped')
    // Its children do not take their time any more either.
    ending.draining = false
    this.signal('wind-down')
  }

  /** Stops of its own will, which a permanent actor is not meant to. */
  stopItself(): void {
    if (this.options.restart !== 'permanent') this.windDown(STOPPING, 'stopped', BY_ITSELF_IN_ORDER)
    else if (this.state === RUNNING) {
      const circumstances = this.withoutHandlers ? { ...BY_ITSELF, minDelayMs: MIN_SETUP_BACKOFF_MS } : BY_ITSELF
      this.failedBy(new UnexpectedStopError(this.path), circumstances)
    }
  }

  /** Handles all that is queued by now, then stops. */
  drainAndStop(): void {
    this.enqueueOwn(new DrainMarker(() => this.drained(() => this.stop())), undefined)
  }

  drainAndStopItself(): void {
    this.enqueueOwn(new DrainMarker(() => this.drained(() => this.stopItself())), undefined)
  }

  protected gone(ending: Ending): void {
    const { parent, ref } = this
    // Names and registrations are free before anybody hears of the end, so that a successor can have them.
    if (parent !== null) {
      parent.childGone(this)
      parent.memberGone(this)
    }
    const { life } = this
    if (life?.known === true) {
      this.host.registry.unregister(ref)
      this.host.released(this.uid)
    }
    this.life = null
    for (const watcher of life?.watchers ?? NOBODY) watcher.terminated(ending.reason)
    if (parent === null) return
    if (ending.failure !== null) parent.hearOf({ ref, ...ending.failure }, this.options.supervise)
    if (ending.byItself && this.options.significant === true) parent.significantEnded(this)
  }

  // Failing

  /**
   * A handler or the set-up threw, a pipe was rejected, or a child escalated. Where it was not the handler,
   * the message it has at hand is none of this: its asker still gets the handler's own answer.
   */
  protected failed(error: Error, minDelayMs = 0): void {
    this.failedBy(error, minDelayMs === 0 ? IN_A_TURN : { ...IN_A_TURN, minDelayMs })
  }

  /** Fails this actor from outside a handler: a piped promise, an escalating child. */
  fail(error: Error, circumstances: Circumstances = IN_A_TURN): void {
    if (this.state === STARTING) {
      // It cannot fail before it has started, and the failure must not be lost.
      this.signal('start')
      this.signal(() => this.fail(error, circumstances))
      return
    }
    if (this.state !== RUNNING) return
    // The guardians at the top have nobody above them to decide.
    if (this.isGuardian) this.reportFailure(error, 'resume', 0, circumstances)
    else this.failedBy(error, circumstances)
  }

  /** Later, not inside somebody's tell; and once, however many messages were too many meanwhile. */
  protected overflowed(): void {
    if (this.state > RUNNING || this.own.overflowed) return
    this.own.overflowed = true
    this.signal('overflowed')
  }

  protected overflow(): void {
    if (this.life === null) return
    this.life.overflowed = false
    this.fail(new MailboxFullError(this.path))
  }

  protected failedBy(error: Error, circumstances: Circumstances): void {
    if (this.state !== RUNNING) {
      // It makes no difference any more.
      this.reportFailure(error, this.state === RESTARTING ? 'restart' : 'stop', 0, circumstances)
      return
    }
    const cohort = this.cohort
    const temporary = this.options.restart === 'temporary'
    const underWay = cohort === null ? null : cohort.concerns(this)
    const decision: Decision =
      underWay === null
        ? this.decide(error, cohort, circumstances)
        : { directive: underWay, delayMs: 0, limitReached: false }
    const directive = directiveFor(decision, circumstances, this.options.restart, this.concernsPermanent(decision))
    const delayMs = directive === 'restart' ? Math.max(decision.delayMs, circumstances.minDelayMs) : 0
    this.reportFailure(error, directive, delayMs, circumstances)
    if (decision.limitReached) this.host.report({ type: 'restart-limit', error, ...this.standing })
    if (directive === 'resume') return
    // A temporary child takes nobody along.
    const takesCohort = cohort !== null && underWay === null && !temporary
    // What else ends may have to end first: of the cohort, or of the parent.
    const held = takesCohort || underWay !== null || directive === 'escalate'
    if (directive === 'restart') this.windDown(RESTARTING, 'failed', { restartDelayMs: delayMs, held })
    else {
      const failure: FinalFailure = { error, directive: directive === 'escalate' ? 'escalate' : 'stop' }
      this.windDown(STOPPING, 'failed', { failure, byItself: true, held })
    }
    if (directive === 'escalate') this.parent?.fail(error, escalated(circumstances))
    // A parent that ends its children gets to this one in its turn.
    if (this.parent?.keepsChildren !== true) return
    if (takesCohort) this.takeCohortDown(cohort, directive === 'restart', delayMs)
    else if (underWay === null) this.release()
  }

  /** A supervisor is code of the user's too: one that throws must not take the node with it. */
  protected decide(error: Error, cohort: Cohort<Cell> | null, { ended }: Circumstances): Decision {
    const { clock, random } = this.host.runtime
    try {
      const holder = cohort ?? this.own
      const supervisor = (holder.supervisor ??= (this.options.supervise ?? stopOnFailure).supervise())
      const restart = this.options.restart ?? 'transient'
      return checkDecision(supervisor.decide({ error, nowMs: clock.now(), random, restart, ended }))
    } catch (thrown) {
      this.reportFailure(toError(thrown), 'stop', 0, IN_A_TURN)
      return STOP
    }
  }

  protected concernsPermanent({ limitReached }: Decision): boolean {
    if (!limitReached) return false
    const concerned = this.cohort === null ? [this] : this.parent!.concerned(this)
    return concerned.some(({ options }) => options.restart === 'permanent')
  }

  protected reportFailure(error: Error, directive: Directive, delayMs: number, { escalations }: Circumstances): void {
    this.host.report({ type: 'actor-failed', error, directive, delayMs, escalations, ...this.standing })
  }

  protected get standing(): { path: string; supervision: string; restarts: number } {
    const { name } = this.options.supervise ?? stopOnFailure
    return { path: this.path, supervision: name, restarts: this.life?.restarts ?? 0 }
  }

  protected get isGuardian(): boolean {
    return this.parent === null || this.parent.parent === null
  }

  // What failed children mean to their parent

  protected hearOf(failed: ChildFailed, supervision: Supervision | undefined): void {
    if (this.isGuardian) return
    const tell = (): void => {
      const scope = this.options.keepChildren === true ? ALWAYS : this.incarnation
      if (scope !== null) this.enqueueOwn(new OwnMessage(CHILD_FAILED, scope), failed)
    }
    // By then those that stop with it are gone as well, and all their names are free.
    const cohort = this.cohortOf(supervision)
    if (cohort === null) tell()
    else cohort.afterwards(tell)
  }

  protected significantEnded(child: Cell): void {
    const { supervise } = child.options
    if (this.state >= STOPPING) return
    if (supervise?.shutdown === 'all-significant') {
      for (const { options } of this.life?.children ?? []) {
        if (options.significant === true && options.supervise === supervise) return
      }
    }
    this.host.report({ type: 'auto-shutdown', path: this.path, child: child.path })
    this.stopItself()
  }

  // Cohorts

  protected joinCohort(supervision: Supervision, child: Cell): void {
    const cohorts = (this.own.cohorts ??= new Map())
    let cohort = cohorts.get(supervision)
    if (cohort === undefined) cohorts.set(supervision, (cohort = new Cohort<Cell>(this)))
    cohort.size++
    if (cohort.joins(child)) child.takeDown(true, true)
  }

  protected memberGone({ options: { supervise } }: Cell): void {
    const cohort = this.cohortOf(supervise)
    if (cohort === null) return
    cohort.down()
    // The last one takes the count of restarts with it.
    if (--cohort.size === 0) this.life?.cohorts?.delete(supervise!)
  }

  /** What those of its children stand and fall with; null where each stands for itself. */
  protected cohortOf(supervision: Supervision | undefined): Cohort<Cell> | null {
    const cohorts = this.life?.cohorts ?? null
    return cohorts === null || supervision === undefined ? null : (cohorts.get(supervision) ?? null)
  }

  protected get cohort(): Cohort<Cell> | null {
    return this.parent === null ? null : this.parent.cohortOf(this.options.supervise)
  }

  concerned(failed: Cell): readonly Cell[] {
    const { supervise } = failed.options
    const members = this.children.filter((child) => child.options.supervise === supervise)
    return supervise?.scope === 'rest' ? members.slice(members.indexOf(failed)) : members
  }

  after(delayMs: number, task: () => void): void {
    this.host.timers.after(delayMs, task)
  }

  protected takeCohortDown(cohort: Cohort<Cell>, restarting: boolean, delayMs: number): void {
    const type = restarting ? 'cohort-restarting' : 'cohort-stopping'
    const { path, supervision } = this.standing
    const members = this.parent?.concerned(this).length ?? 0
    if (members > 1) this.host.report({ type, path, supervision, members })
    cohort.begin(this, restarting, delayMs)
  }

  protected parked(): boolean {
    const cohort = this.cohort
    cohort?.down()
    return cohort !== null
  }

  isDown(restarting: boolean): boolean {
    return this.state === STOPPED || (restarting && this.state === RESTARTING && this.ending?.phase === PARKED)
  }

  /** @param joining it was spawned while its cohort is down: whatever it is, it starts with the others */
  takeDown(restarting: boolean, joining = false): void {
    if (restarting && (joining || this.options.restart !== 'temporary')) this.windDown(RESTARTING, 'stopped')
    else this.windDown(STOPPING, 'stopped')
  }
}

function isCohort(supervision: Supervision | undefined): supervision is Supervision {
  return supervision?.scope === 'all' || supervision?.scope === 'rest'
}
