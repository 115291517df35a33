import type { Runnable } from '../dispatch/dispatcher.ts'
import { NameTakenError, SystemStoppedError, toError } from '../errors.ts'
import { Mailbox } from '../mailbox/mailbox.ts'
import { Ring } from '../mailbox/ring.ts'
import type { Deadline } from '../runtime/timer-queue.ts'
import type { Decision, Supervision, Supervisor } from '../supervision/directive.ts'
import { STOP, stopOnFailure } from '../supervision/directive.ts'
import type { CellHost } from './cell-host.ts'
import type { AnyActor } from './context.ts'
import { Incarnation } from './incarnation.ts'
import { LocalRef } from './local-ref.ts'
import type { Origin } from './origin.ts'
import type { AnyRef } from './ref.ts'
import type { AnySpawnOptions } from './spawn-options.ts'
import type { TerminationReason, Watcher } from './watcher.ts'

/** Where a cell stands in its life. Small integers: compared once per message. */
const STARTING = 0
const RUNNING = 1
/** Winding down one incarnation, or waiting before the next. */
const RESTARTING = 2
const STOPPING = 3
const STOPPED = 4

/** What the system lane carries: steps of the cell's life that run user code or continue one another. */
type Signal = 'start' | 'wind-down' | 'child-gone' | 'cleaned-up'

/** Queue length at which the first `high-water` event is reported; then at each doubling. */
const HIGH_WATER = 1000
/** A set-up that throws at once must not spin, whatever backoff was asked for. */
const MIN_SETUP_BACKOFF_MS = 100

type HandlerTable = Record<string, ((...args: readonly unknown[]) => unknown) | undefined>

/** What every object has besides: `toString` and the like are messages only where a behaviour says so. */
const INHERITED = Object.prototype as object as HandlerTable

/** One running actor: behaviour, two lanes of work, children, and where it stands in its life. */
export class Cell implements Runnable {
  readonly host: CellHost
  readonly parent: Cell | null
  readonly name: string
  readonly uid: number
  readonly actor: AnyActor
  readonly ref: LocalRef<never>
  readonly #args: unknown
  readonly #supervision: Supervision
  readonly #stopTimeoutMs: number
  readonly #mailbox = new Mailbox()
  #signals: Ring<Signal> | null = null
  #state = STARTING
  /** In the dispatcher's queue, or not to be put there: while a handler is pending. */
  #parked = false
  /** A handler's promise is pending: nothing else runs in this actor. */
  #busy = false
  #handlers: HandlerTable = {}
  #incarnation: Incarnation | null = null
  /** Behind the message being handled; null when it is a plain tell or its answer was taken over. */
  #origin: Origin | null = null
  #children: Map<string, Cell> | null = null
  #watchers: Set<Watcher> | null = null
  #supervisor: Supervisor | null = null
  #restarts = 0
  #childNumber = 0
  #highWater = HIGH_WATER
  /** While winding down: children still to stop, in spawn order, and the time limit. */
  #leaving: Cell[] | null = null
  #cleaning = false
  #limit: Deadline | null = null
  #reason: TerminationReason = 'stopped'
  #restartDelayMs = 0

  constructor(host: CellHost, parent: Cell | null, actor: AnyActor, name: string, options: AnySpawnOptions) {
    this.host = host
    this.parent = parent
    this.actor = actor
    this.name = name
    this.uid = host.nextUid()
    this.#args = options.args
    this.#supervision = options.supervise ?? stopOnFailure
    this.#stopTimeoutMs = options.stopTimeoutMs ?? host.stopTimeoutMs
    this.ref = new LocalRef<never>(this)
    this.#signal('start')
  }

  get path(): string {
    return this.parent === null ? this.name : `${this.parent.path}/${this.name}`
  }

  get stopped(): boolean {
    return this.#state === STOPPED
  }

  // Sending

  /** Queues a message behind all that were queued before. */
  enqueue(name: string, payload: unknown, origin: Origin | null): void {
    if (this.#state >= STOPPING) {
      const reason = this.#state === STOPPING ? 'stopping' : 'stopped'
      this.host.undelivered(reason, this.path, name, payload, origin)
      return
    }
    this.#mailbox.push(name, payload, origin)
    if (this.#mailbox.size >= this.#highWater) this.#reportHighWater()
    if (!this.#parked) this.#park()
  }

  /** Queues something of the actor's own: a tick, a notice. It vanishes without a trace if the actor stops. */
  enqueueOwn(name: string, payload: unknown, origin: Origin): void {
    if (this.#state >= STOPPING) return
    this.#mailbox.push(name, payload, origin)
    if (!this.#parked) this.#park()
  }

  // Turns

  get backlog(): number {
    const signals = this.#signals === null ? 0 : this.#signals.size
    return signals + (this.#busy || this.#state !== RUNNING ? 0 : this.#mailbox.size)
  }

  run(most: number): number {
    const mailbox = this.#mailbox
    let done = 0
    while (done < most) {
      if (this.#signals !== null && this.#signals.size > 0) this.#obey(this.#signals.shift()!)
      else if (this.#busy || this.#state !== RUNNING || !mailbox.take()) break
      else this.#handle(mailbox.name, mailbox.payload, mailbox.origin)
      done++
    }
    return done
  }

  rest(): boolean {
    this.#parked = this.backlog > 0
    // An idle actor must not keep the last thing it was told.
    if (!this.#parked && !this.#busy) this.#mailbox.forget()
    return this.#parked
  }

  #handle(name: string, payload: unknown, origin: Origin | null): void {
    if (origin !== null && !origin.begin()) return
    const handlers = this.#handlers
    let result: unknown
    this.#origin = origin
    try {
      if (isMessage(handlers, name)) result = handlers[name]!(payload)
      else if (handlers.unhandled !== undefined) result = handlers.unhandled(name, payload)
      else return this.#unhandled(name, payload)
    } catch (thrown) {
      this.#handlerFailed(toError(thrown))
      return
    }
    if (result instanceof Promise) this.#await(result)
    else if (this.#origin !== null) this.#answer(result)
  }

  #unhandled(name: string, payload: unknown): void {
    const origin = this.#origin
    this.#origin = null
    this.host.undelivered('unhandled', this.path, name, payload, origin)
  }

  #answer(result: unknown): void {
    const origin = this.#origin
    this.#origin = null
    origin?.settle(result)
  }

  #await(promise: Promise<unknown>): void {
    const incarnation = this.#incarnation
    this.#busy = true
    promise.then(
      (value) => {
        if (this.#continue(incarnation)) this.#answer(value)
      },
      (reason) => {
        if (this.#continue(incarnation)) this.#handlerFailed(toError(reason))
      },
    )
  }

  /** A pending handler has settled. @returns false when it belongs to an incarnation that is over */
  #continue(incarnation: Incarnation | null): boolean {
    if (incarnation !== this.#incarnation || !this.#busy) {
      this.host.report({ type: 'stale-result', path: this.path })
      return false
    }
    this.#busy = false
    if (this.#state !== RUNNING) this.#signal('wind-down')
    else if (!this.#parked && this.backlog > 0) this.#park()
    return true
  }

  // The message being handled, as the context sees it

  get currentName(): string {
    return this.#mailbox.name
  }

  get currentPayload(): unknown {
    return this.#mailbox.payload
  }

  get currentOrigin(): Origin | null {
    return this.#origin
  }

  /** Takes over the answer to the message being handled: the handler's result is no answer any more. */
  takeOrigin(): Origin | null {
    const origin = this.#origin
    this.#origin = null
    return origin
  }

  become(handlers: object): void {
    this.#handlers = handlers as HandlerTable
  }

  // Children and watchers

  spawn(actor: AnyActor, options: AnySpawnOptions): Cell {
    if (this.#state >= RESTARTING)
      throw new SystemStoppedError(this.path, `start "${options.name ?? actor.id}" below it`)
    const name = options.name ?? `$${++this.#childNumber}`
    this.#children ??= new Map()
    if (this.#children.has(name)) throw new NameTakenError(`${this.path}/${name}`)
    const child = new Cell(this.host, this, actor, name, options)
    this.#children.set(name, child)
    return child
  }

  child(name: string): Cell | null {
    return this.#children?.get(name) ?? null
  }

  childOf(ref: AnyRef): Cell | null {
    const child = this.child(ref.path.slice(ref.path.lastIndexOf('/') + 1))
    return child?.ref.id === ref.id ? child : null
  }

  addWatcher(watcher: Watcher): void {
    if (this.#state === STOPPED) {
      watcher.terminated('not-found')
      return
    }
    this.#watchers ??= new Set()
    this.#watchers.add(watcher)
  }

  removeWatcher(watcher: Watcher): void {
    this.#watchers?.delete(watcher)
  }

  // Life

  /** Stops in order: the present handler ends, then the children, then clean-ups; within the time limit. */
  stop(): void {
    this.#windDown(STOPPING, 'stopped')
  }

  /** Handles all that is queued by now, then stops. */
  drainAndStop(): void {
    if (this.#state >= STOPPING) return
    this.enqueueOwn('', undefined, new DrainMarker(this))
  }

  /** Ends now: the handler is fenced, clean-ups are left out, children are killed first. */
  kill(why: string): void {
    if (this.#state === STOPPED) return
    this.host.report({ type: 'actor-killed', path: this.path, why })
    this.#reason = 'killed'
    this.#state = STOPPING
    for (const child of this.#childrenBackwards()) child.kill(why)
    this.#terminate()
  }

  #obey(signal: Signal): void {
    if (signal === 'start') this.#start()
    else if (signal === 'cleaned-up') this.#ended()
    else this.#nextChild()
  }

  #start(): void {
    if (this.#state !== STARTING) return
    const incarnation = new Incarnation(this)
    this.#incarnation = incarnation
    this.#state = RUNNING
    try {
      this.#handlers = this.actor.setup(incarnation as never, this.#args as never) as HandlerTable
    } catch (thrown) {
      this.#handlers = {}
      this.#failed(toError(thrown), MIN_SETUP_BACKOFF_MS)
    }
  }

  #handlerFailed(error: Error): void {
    this.takeOrigin()?.fail(error, 'handler')
    this.#failed(error)
  }

  /**
   * A handler or the set-up threw, a pipe was rejected, or a child escalated. Where it was not the handler,
   * the message it has at hand is none of this: its asker still gets the handler's own answer.
   */
  #failed(error: Error, minBackoffMs = 0): void {
    if (this.#state !== RUNNING) {
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
      this.#restartDelayMs = Math.max(decision.delayMs, minBackoffMs)
      this.#windDown(RESTARTING, 'failed')
      return
    }
    this.#windDown(STOPPING, 'failed')
    if (directive === 'escalate') this.parent?.fail(error)
  }

  /** A supervisor is code of the user's too: one that throws must not take the node with it. */
  #decide(error: Error): Decision {
    const { clock, random } = this.host.runtime
    try {
      this.#supervisor ??= this.#supervision.supervise()
      return this.#supervisor.decide({ error, nowMs: clock.now(), random })
    } catch (thrown) {
      this.host.report({ type: 'actor-failed', path: this.path, error: toError(thrown), directive: 'stop' })
      return STOP
    }
  }

  /** Fails this actor from outside a handler: a piped promise, an escalating child. */
  fail(error: Error): void {
    // The guardians at the top have nobody above them to decide.
    if (this.#state === RUNNING && this.parent !== null && this.parent.parent !== null) this.#failed(error)
    else if (this.#state === RUNNING)
      this.host.report({ type: 'actor-failed', path: this.path, error, directive: 'resume' })
  }

  /** Begins the end of this incarnation; a stop overrides a restart already under way. */
  #windDown(towards: typeof RESTARTING | typeof STOPPING, reason: TerminationReason): void {
    if (this.#state >= towards) return
    const underWay = this.#state === RESTARTING
    this.#state = towards
    this.#reason = reason
    this.#incarnation?.abort()
    this.#limit?.cancel()
    this.#limit = this.host.timers.after(this.#stopTimeoutMs, () => this.#overdue())
    // A handler under way ends first; a restart under way goes on as a stop by itself, unless it only waits.
    if (!this.#busy && (!underWay || this.#incarnation === null)) this.#signal('wind-down')
  }

  /** Stops the children one by one, the last one first, then runs the clean-ups. */
  #nextChild(): void {
    if (this.#busy || this.#cleaning || this.#state === STOPPED) return
    if (this.#state !== STOPPING && (this.#state !== RESTARTING || this.#incarnation === null)) return
    this.#leaving ??= [...(this.#children?.values() ?? [])]
    let child = this.#leaving.pop()
    while (child?.stopped) child = this.#leaving.pop()
    if (child !== undefined) {
      // Stays listed until it is gone: its end brings the next signal.
      this.#leaving.push(child)
      child.stop()
      return
    }
    this.#cleaning = true
    const incarnation = this.#incarnation
    const cleaning = incarnation?.cleanUp() ?? null
    if (cleaning === null) this.#ended()
    // One that outlived its time says nothing about the incarnation that is there now.
    else void cleaning.then(() => incarnation === this.#incarnation && this.#signal('cleaned-up'))
  }

  #childGone(child: Cell): void {
    this.#children?.delete(child.name)
    if (this.#leaving !== null) this.#signal('child-gone')
  }

  /** Children are gone and clean-ups are done. */
  #ended(): void {
    if (this.#state === STOPPING) this.#terminate()
    else if (this.#state === RESTARTING && this.#cleaning) this.#restart()
  }

  #restart(): void {
    this.#endIncarnation()
    this.#limit?.cancel()
    // A timer of the cell's own: the one thing that outlives the incarnation besides the mailbox.
    this.#limit = this.host.timers.after(this.#restartDelayMs, () => {
      this.#state = STARTING
      this.#signal('start')
      this.host.report({ type: 'actor-restarted', path: this.path, restarts: ++this.#restarts })
    })
  }

  /** The time for ending in order is over. */
  #overdue(): void {
    const why = this.#busy ? 'a handler did not end' : 'children or clean-ups did not end'
    if (this.#state === STOPPING) {
      this.kill(`${why} within ${this.#stopTimeoutMs} ms`)
      return
    }
    for (const child of this.#childrenBackwards()) child.kill(why)
    this.#restart()
  }

  #endIncarnation(): void {
    this.#busy = false
    this.#leaving = null
    this.#cleaning = false
    this.takeOrigin()?.abandoned('stopped')
    this.#incarnation?.end()
    this.#incarnation = null
    this.#handlers = {}
  }

  #terminate(): void {
    if (this.#state === STOPPED) return
    this.#limit?.cancel()
    this.#limit = null
    this.#endIncarnation()
    this.#state = STOPPED
    const path = this.path
    while (this.#mailbox.take()) {
      this.host.undelivered('stopped', path, this.#mailbox.name, this.#mailbox.payload, this.#mailbox.origin)
    }
    // Names and registrations are free before anybody hears of the end, so that a successor can have them.
    if (this.parent !== null) this.parent.#childGone(this)
    this.host.registry.unregister(this.ref)
    this.host.released(this.uid)
    const watchers = this.#watchers
    this.#watchers = null
    if (watchers !== null) for (const watcher of watchers) watcher.terminated(this.#reason)
  }

  #childrenBackwards(): Cell[] {
    return [...(this.#children?.values() ?? [])].reverse()
  }

  #signal(signal: Signal): void {
    this.#signals ??= new Ring()
    this.#signals.push(signal)
    if (!this.#parked) this.#park()
  }

  /** Puts the cell into the dispatcher's queue, unless nothing could be done there yet. */
  #park(): void {
    if (this.backlog === 0) return
    this.#parked = true
    this.host.dispatcher.schedule(this)
  }

  #reportHighWater(): void {
    this.host.report({ type: 'high-water', path: this.path, queued: this.#mailbox.size })
    this.#highWater *= 2
  }
}

function isMessage(handlers: HandlerTable, name: string): boolean {
  return (
    typeof handlers[name] === 'function' &&
    handlers[name] !== INHERITED[name] &&
    name !== 'constructor' &&
    name !== 'unhandled'
  )
}

/** Queued behind everything sent so far; stops the cell when its turn comes, and is never handled itself. */
class DrainMarker implements Origin {
  readonly #cell: Cell

  constructor(cell: Cell) {
    this.#cell = cell
  }

  begin(): boolean {
    this.#cell.stop()
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
