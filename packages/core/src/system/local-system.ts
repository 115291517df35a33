import { actor } from '../actor/actor.ts'
import { Cell } from '../actor/cell.ts'
import type { CellEvent, CellHost, LocalTarget, MessageHooks, PendingHandlers } from '../actor/cell-host.ts'
import type { Actor, AnyActor, FindOptions } from '../actor/context.ts'
import type { DeadLetterReason } from '../actor/dead-letter.ts'
import { GoneTarget } from '../actor/gone-target.ts'
import { LocalRef } from '../actor/local-ref.ts'
import type { Logger } from '../actor/logger.ts'
import type { Origin } from '../actor/origin.ts'
import type { Protocol } from '../actor/protocol.ts'
import { ActorRef, type AnyRef, type Ref } from '../actor/ref.ts'
import { checkActor, checkSpawnOptions } from '../actor/spawn-options.ts'
import { drains, type StopOptions } from '../actor/stop-options.ts'
import type { WaitGraph } from '../actor/wait-graph.ts'
import type { Member } from '../cluster/member.ts'
import type { Cbor } from '../codec/cbor.ts'
import { Dispatcher } from '../dispatch/dispatcher.ts'
import { InvalidOptionError, MissingPartError, SystemStoppedError, toError } from '../errors.ts'
import { timeoutOf } from '../options.ts'
import type { Peer, PeerEvent } from '../remoting/peer-event.ts'
import type { RemoteStats } from '../remoting/traffic.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Cancellable } from '../runtime/scheduler.ts'
import { TimerQueue } from '../runtime/timer-queue.ts'
import type { ActorSystem, ConnectOptions, Extension } from './actor-system.ts'
import type { SystemStats } from './counters.ts'
import type { SystemEvents } from './events.ts'
import { Extensions } from './extensions.ts'
import type { ActorSnapshot, Inspection, InspectOptions, Inspector } from './inspector.ts'
import { actorAt, livingActor } from './lookup.ts'
import type { Parts } from './parts.ts'
import { Receptionist } from './receptionist.ts'
import { RECEPTIONIST_NAME, type ReceptionistSync, receptionistSync } from './receptionist-sync.ts'
import { Reports } from './reports.ts'
import { Shutdown, type StopSteps } from './shutdown.ts'
import type { StateLimits } from './state-copy.ts'
import { type StopPhase, StopPhases } from './stop-phases.ts'
import type { Settings } from './system-options.ts'

/** What the system needs of the layer that talks to other nodes. */
export interface Remote {
  readonly peers: readonly Peer[]
  readonly members: readonly Member[]
  stats(): RemoteStats
  connect(address: string, timeoutMs: number): Promise<Peer>
  /** Says goodbye to every peer and closes the transport. */
  close(): Promise<void>
}

/** The whole system may take this many times as long to stop as one actor. */
const SYSTEM_STOP_FACTOR = 5

const guardian = actor('guardian', () => ({}))

/** One node without its connections: the tree of actors and what they share. */
export class LocalSystem implements ActorSystem, CellHost {
  readonly name: string
  readonly uid: string
  readonly runtime: Runtime
  readonly dispatcher: Dispatcher
  readonly timers: TimerQueue
  readonly registry: Receptionist
  readonly events: SystemEvents
  readonly log: Logger
  readonly receptionist: Ref<ReceptionistSync>
  readonly askTimeoutMs: number
  readonly stopTimeoutMs: number
  readonly cbor: Cbor
  readonly hooks: MessageHooks | null
  readonly queuesOnly: boolean
  readonly pendingHandlers: PendingHandlers & { close(): void }
  readonly waits: WaitGraph | null
  readonly #reports: Reports
  readonly #root: Cell
  readonly #user: Cell
  readonly #internal: Cell
  /** Actors whose refs have left this node, by uid: the only ones that messages from abroad can name. */
  readonly #exported = new Map<number, LocalTarget>()
  readonly #extensions: Extensions
  readonly #inspector: Inspector | null
  readonly #shutdown: Shutdown
  #address = ''
  #remote: Remote | null = null
  #stopped = false

  constructor(settings: Settings, parts: Parts) {
    this.name = settings.name
    this.runtime = settings.runtime
    this.uid = settings.runtime.ids.next()
    this.askTimeoutMs = settings.askTimeoutMs
    this.stopTimeoutMs = settings.stopTimeoutMs
    this.#reports = new Reports(settings.name, settings.log)
    this.events = this.#reports.events
    this.log = this.logger('/')
    this.cbor = parts.codec()
    const { clock, scheduler } = this.runtime
    this.timers = new TimerQueue(clock, scheduler)
    this.dispatcher = new Dispatcher(clock, scheduler, this.timers, {
      slowTurnMs: settings.slowTurnMs,
      onSlowTurn: (path, tookMs, exact) => this.report({ type: 'slow-turn', path, tookMs, exact }),
      strategy: this.runtime.dispatch,
    })
    const { interception, diagnosis, inspection } = parts
    this.hooks = interception?.(settings, this.dispatcher, clock, this.#reports, this.cbor) ?? null
    this.queuesOnly = this.hooks !== null || this.runtime.dispatch !== undefined
    const report = (event: CellEvent): void => this.report(event)
    this.pendingHandlers = diagnosis?.pendingHandlers(settings.stuckHandlerMs, this.runtime, report) ?? UNWATCHED
    this.#extensions = new Extensions(this)
    const phases = new StopPhases(this.name, this.timers, settings.stopPhaseTimeoutMs, (event) =>
      this.#reports.stopTaskFailed(event),
    )
    this.#shutdown = new Shutdown(phases, this.#reports.counters, () => this.#stopSteps())
    this.waits = settings.diagnostics ? (diagnosis?.waits(this.dispatcher, report) ?? null) : null
    this.registry = new Receptionist(this.timers)
    const stopTimeoutMs = SYSTEM_STOP_FACTOR * settings.stopTimeoutMs
    this.#root = new Cell(this, null, guardian, { name: '', stopTimeoutMs })
    this.#internal = this.#root.spawn(guardian, { name: 'system', stopTimeoutMs })
    this.#user = this.#root.spawn(guardian, { name: 'user', stopTimeoutMs })
    const exposed = new Set(settings.expose.map(({ id }) => id))
    const sync = receptionistSync(this.registry, this.uid, { role: settings.role, exposed })
    this.receptionist = this.#internal.spawn(sync, { name: RECEPTIONIST_NAME }).ref as ActorRef<ReceptionistSync>
    this.#inspector = inspection?.(this.#root, clock) ?? null
  }

  /** Joins the node with its connections. Called once, before anybody else has the system. */
  attach(remote: Remote, address: string): void {
    this.#remote = remote
    this.#address = address
  }

  /** Starts an actor below `/system`: a part of the runtime, which ends after the connections. */
  spawnInternal<P>(definition: Actor<P>, name: string): Ref<P> {
    return this.#internal.spawn(definition, { name }).ref as ActorRef<P>
  }

  /** Stops, and ends the process, at one of these signals. Called once, when the node is up. */
  stopOnSignals(names: readonly string[]): void {
    const { signals } = this.runtime
    if (signals !== undefined && names.length > 0) this.#shutdown.listen(signals, names, this.logger('/'))
  }

  get address(): string {
    return this.#address
  }

  get clock(): Clock {
    return this.runtime.clock
  }

  get peers(): readonly Peer[] {
    return this.#remote?.peers ?? []
  }

  get members(): readonly Member[] {
    return this.#remote?.members ?? []
  }

  get stopped(): boolean {
    return this.#stopped
  }

  spawn<P>(definition: AnyActor, options?: object): Ref<P> {
    checkActor('system.spawn', definition)
    const checked = checkSpawnOptions('system.spawn', options)
    if (checked.significant === true)
      throw new InvalidOptionError(
        'system.spawn',
        'significant',
        'false: an actor at the top has no parent to stop',
        true,
      )
    if (this.#shutdown.begun) throw new SystemStoppedError(this.name, `spawn "${checked.name ?? definition.id}"`)
    return this.#user.spawn(definition, checked).ref as ActorRef<P>
  }

  register<P>(protocol: Protocol<P>, ref: Ref<P>): void {
    if (!(ref instanceof ActorRef) || ref.nodeUid !== this.uid) {
      throw new InvalidOptionError('system.register', 'ref', 'a ref to an actor of this node', ref)
    }
    this.registry.register(protocol.id, ref)
  }

  async find<P>(protocol: Protocol<P>, options?: FindOptions): Promise<Ref<P>> {
    // A deadline set after the end would keep the process alive.
    if (this.#stopped) throw new SystemStoppedError(this.name, `find "${protocol.id}"`)
    return this.registry.find(protocol, timeoutOf('system.find', options, this.askTimeoutMs))
  }

  findAll<P>(protocol: Protocol<P>): readonly Ref<P>[] {
    return this.registry.all(protocol)
  }

  async connect(address: string, options?: ConnectOptions): Promise<Peer> {
    const timeoutMs = timeoutOf('system.connect', options, this.askTimeoutMs)
    if (this.#shutdown.begun) throw new SystemStoppedError(this.name, `connect to ${address}`)
    if (this.#remote === null)
      throw new InvalidOptionError('createSystem', 'transport', 'given, to connect to other nodes', undefined)
    return this.#remote.connect(address, timeoutMs)
  }

  after(delayMs: number, task: () => void): Cancellable {
    // Armed after the end, the timer would keep the process alive.
    if (this.#stopped) return NEVER
    return this.timers.after(Math.max(0, delayMs), () => {
      try {
        task()
      } catch (thrown) {
        this.log.error('a task of system.after threw', toError(thrown))
      }
    })
  }

  stop(ref?: AnyRef, options?: StopOptions): Promise<void> {
    if (ref !== undefined) return this.#stopActor(ref, options)
    return this.#shutdown.stop().then(() => {})
  }

  async #stopActor(ref: AnyRef, options: StopOptions | undefined): Promise<void> {
    const drain = drains('system.stop', options)
    const cell = livingActor(this.#root, 'system.stop', ref)
    if (cell === null) return
    if (!cell.path.startsWith(`${this.#user.path}/`)) {
      throw new InvalidOptionError('system.stop', 'ref', 'a ref to an actor below /user', ref.path)
    }
    await ended(cell, drain)
  }

  #stopSteps(): StopSteps {
    const remote = this.#remote
    return {
      stopActors: () => ended(this.#user),
      closeConnections: remote === null ? null : () => remote.close(),
      closeExtensions: (attempt) => this.#extensions.close(attempt),
      end: async () => {
        await ended(this.#root)
        this.registry.close(new SystemStoppedError(this.name, 'find an actor'))
        this.pendingHandlers.close()
        this.timers.clear()
        this.#stopped = true
        this.events.emit({ type: 'system-stopped' })
      },
    }
  }

  onStop(phase: StopPhase, name: string, task: () => void | Promise<void>): () => void {
    return this.#shutdown.add(phase, name, task)
  }

  extension<T>(extension: Extension<T>): T {
    return this.#extensions.get(extension)
  }

  // Looking at it

  inspect(options?: InspectOptions): Inspection {
    return this.#inspecting('inspect').list(options)
  }

  /** @throws {MissingPartError} */
  #inspecting(method: string): Inspector {
    if (this.#inspector === null) throw new MissingPartError(`system.${method}`, 'inspection')
    return this.#inspector
  }

  snapshot(ref: AnyRef, limits?: StateLimits): ActorSnapshot | null {
    const inspector = this.#inspecting('snapshot')
    const cell = livingActor(this.#root, 'system.snapshot', ref)
    return cell === null ? null : inspector.snapshot(cell, limits)
  }

  suspend(ref: AnyRef): boolean {
    return livingActor(this.#root, 'system.suspend', ref)?.suspend() ?? false
  }

  resume(ref: AnyRef): boolean {
    return livingActor(this.#root, 'system.resume', ref)?.resume() ?? false
  }

  stats(): SystemStats {
    return this.#reports.counters.snapshot(this.dispatcher.handled, this.#remote?.stats() ?? null)
  }

  // For cells and for remoting

  nextUid(): number {
    return ++this.#reports.counters.actorsStarted
  }

  ended(): void {
    this.#reports.counters.actorsEnded++
  }

  logger(path: string): Logger {
    return this.#reports.logger(path)
  }

  undelivered(reason: DeadLetterReason, target: string, name: string, payload: unknown, origin: Origin | null): void {
    this.#aside(() => this.#reports.undelivered(reason, target, name, payload, origin))
  }

  report(event: CellEvent): void {
    this.#aside(() => this.#reports.report(event))
  }

  /** Something has become of a connection. */
  peerChanged(event: PeerEvent): void {
    this.#reports.peerChanged(event)
  }

  answeredLate(target: string, message: string, endedMs: number): void {
    this.report({ type: 'late-reply', target, message, lateMs: this.clock.now() - endedMs })
  }

  /** A listener of events is no part of the actor that has the turn: what it asks, it asks for nobody. */
  #aside(report: () => void): void {
    const { dispatcher } = this
    const { running } = dispatcher
    dispatcher.running = null
    report()
    dispatcher.running = running
  }

  exported(target: LocalTarget): void {
    // A ref to an actor that is gone may travel on, but nobody would ever take it off the list again.
    if (!(target instanceof Cell) || target.stopped) return
    target.markKnown()
    this.#exported.set(target.uid, target)
  }

  released(uid: number): void {
    this.#exported.delete(uid)
  }

  /** The actor that a message from abroad is for: by uid, or by path where only that is known. */
  local(to: number | string): LocalTarget | null {
    if (typeof to === 'number') return this.#exported.get(to) ?? null
    return actorAt(this.#root, to)
  }

  /** A ref to an actor of this node that came back from abroad. */
  ownRef(uid: number, path: string): ActorRef<never> {
    const target = uid === 0 ? this.local(path) : this.local(uid)
    return target?.ref ?? new LocalRef<never>(new GoneTarget(this, uid, path))
  }
}

/** Nobody looks at pending handlers: counted as watched, they are not told of again. */
const UNWATCHED: PendingHandlers & { close(): void } = {
  add(handler) {
    handler.watched = true
  },
  close() {},
}

const NEVER: Cancellable = { cancel: () => {} }

/** Stops an actor. Resolves when it is gone. */
function ended(cell: Cell, drain = false): Promise<void> {
  return new Promise((resolve) => {
    cell.addWatcher({ terminated: () => resolve() })
    if (drain) cell.drainAndStop()
    else cell.stop()
  })
}
