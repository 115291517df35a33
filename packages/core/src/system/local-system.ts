import { actor } from '../actor/actor.ts'
import { Cell } from '../actor/cell.ts'
import type { CellEvent, CellHost, LocalTarget, MessageHooks } from '../actor/cell-host.ts'
import type { AnyActor, FindOptions, StopOptions } from '../actor/context.ts'
import type { DeadLetterReason } from '../actor/dead-letter.ts'
import { GoneTarget } from '../actor/gone-target.ts'
import { LocalRef } from '../actor/local-ref.ts'
import type { Logger } from '../actor/logger.ts'
import type { Origin } from '../actor/origin.ts'
import type { Protocol } from '../actor/protocol.ts'
import { ActorRef, type AnyRef, type Ref } from '../actor/ref.ts'
import { checkActor, checkSpawnOptions } from '../actor/spawn-options.ts'
import { Dispatcher } from '../dispatch/dispatcher.ts'
import { InvalidOptionError, SystemStoppedError } from '../errors.ts'
import type { Peer } from '../remoting/peer-event.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { TimerQueue } from '../runtime/timer-queue.ts'
import type { ActorSystem, ConnectOptions } from './actor-system.ts'
import { SystemEvents } from './events.ts'
import { consoleSink, guarded, type LogSink, loggerFor } from './logger.ts'
import { Receptionist } from './receptionist.ts'
import { RECEPTIONIST_NAME, type ReceptionistSync, receptionistSync } from './receptionist-sync.ts'
import type { Settings } from './system-options.ts'

/** What the system needs of the layer that talks to other nodes. */
export interface Remote {
  readonly peers: readonly Peer[]
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
  readonly receptionist: Ref<ReceptionistSync>
  readonly askTimeoutMs: number
  readonly stopTimeoutMs: number
  readonly hooks: MessageHooks | null = null
  readonly #sink: LogSink
  readonly #root: Cell
  readonly #user: Cell
  /** Actors whose refs have left this node, by uid: the only ones that messages from abroad can name. */
  readonly #exported = new Map<number, LocalTarget>()
  #address = ''
  #remote: Remote | null = null
  #lastUid = 0
  #stopping: Promise<void> | null = null

  constructor(settings: Settings) {
    this.name = settings.name
    this.runtime = settings.runtime
    this.uid = settings.runtime.ids.next()
    this.askTimeoutMs = settings.askTimeoutMs
    this.stopTimeoutMs = settings.stopTimeoutMs
    this.#sink = settings.log === false ? () => {} : guarded(settings.log ?? consoleSink(settings.name))
    this.events = new SystemEvents((error) => this.#sink('error', '/', 'a listener of system events threw', error))
    const { clock, scheduler } = this.runtime
    this.timers = new TimerQueue(clock, scheduler)
    this.dispatcher = new Dispatcher(clock, scheduler, this.timers, (path, tookMs, exact) =>
      this.report({ type: 'slow-turn', path, tookMs, exact }),
    )
    this.registry = new Receptionist(this.timers)
    const stopTimeoutMs = SYSTEM_STOP_FACTOR * settings.stopTimeoutMs
    this.#root = new Cell(this, null, guardian, { name: '', stopTimeoutMs })
    const internal = this.#root.spawn(guardian, { name: 'system', stopTimeoutMs })
    this.#user = this.#root.spawn(guardian, { name: 'user', stopTimeoutMs })
    const sync = receptionistSync(this.registry, this.uid)
    this.receptionist = internal.spawn(sync, { name: RECEPTIONIST_NAME }).ref as ActorRef<ReceptionistSync>
  }

  /** Joins the node with its connections. Called once, before anybody else has the system. */
  attach(remote: Remote, address: string): void {
    this.#remote = remote
    this.#address = address
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
    if (this.#stopping !== null) throw new SystemStoppedError(this.name, `spawn "${checked.name ?? definition.id}"`)
    return this.#user.spawn(definition, checked).ref as ActorRef<P>
  }

  register<P>(protocol: Protocol<P>, ref: Ref<P>): void {
    if (!(ref instanceof ActorRef) || ref.nodeUid !== this.uid) {
      throw new InvalidOptionError('system.register', 'ref', 'a ref to an actor of this node', ref)
    }
    this.registry.register(protocol.id, ref)
  }

  find<P>(protocol: Protocol<P>, options?: FindOptions): Promise<Ref<P>> {
    return this.registry.find(protocol, options?.timeoutMs ?? this.askTimeoutMs)
  }

  findAll<P>(protocol: Protocol<P>): readonly Ref<P>[] {
    return this.registry.all(protocol)
  }

  connect(address: string, options?: ConnectOptions): Promise<Peer> {
    if (this.#stopping !== null) return Promise.reject(new SystemStoppedError(this.name, `connect to ${address}`))
    if (this.#remote === null) {
      return Promise.reject(
        new InvalidOptionError('createSystem', 'transport', 'given, to connect to other nodes', undefined),
      )
    }
    return this.#remote.connect(address, options?.timeoutMs ?? this.askTimeoutMs)
  }

  stop(ref?: AnyRef, options?: StopOptions): Promise<void> {
    if (ref !== undefined) return this.#stopActor(ref, options)
    this.#stopping ??= this.#stopAll()
    return this.#stopping
  }

  #stopActor(ref: AnyRef, options: StopOptions | undefined): Promise<void> {
    const cell = this.#user.childOf(ref)
    if (cell === null) return Promise.resolve()
    return new Promise((resolve) => {
      cell.addWatcher({ terminated: () => resolve() })
      if (options?.drain === true) cell.drainAndStop()
      else cell.stop()
    })
  }

  async #stopAll(): Promise<void> {
    await ended(this.#user)
    await this.#remote?.close()
    await ended(this.#root)
    this.registry.close(new SystemStoppedError(this.name, 'find an actor'))
    this.timers.clear()
  }

  // For cells and for remoting

  nextUid(): number {
    return ++this.#lastUid
  }

  logger(path: string): Logger {
    return loggerFor(this.#sink, path)
  }

  undelivered(reason: DeadLetterReason, target: string, name: string, payload: unknown, origin: Origin | null): void {
    if (origin !== null && !origin.undelivered(reason)) return
    this.events.emit({ type: 'dead-letter', reason, target, message: name, payload })
  }

  report(event: CellEvent): void {
    if (event.type === 'actor-failed')
      this.#sink('error', event.path, `failed, directive ${event.directive}`, event.error)
    if (event.type === 'restart-limit') this.#sink('error', event.path, 'used up its restarts and stops')
    if (event.type === 'actor-killed') this.#sink('warn', event.path, `was killed: ${event.why}`)
    this.events.emit(event)
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
    let cell: Cell | null = this.#root
    for (const name of to.split('/').slice(1)) cell = cell?.child(name) ?? null
    return cell
  }

  /** A ref to an actor of this node that came back from abroad. */
  ownRef(uid: number, path: string): ActorRef<never> {
    const target = uid === 0 ? this.local(path) : this.local(uid)
    return target?.ref ?? new LocalRef<never>(new GoneTarget(this, uid, path))
  }
}

function ended(cell: Cell): Promise<void> {
  return new Promise((resolve) => {
    cell.addWatcher({ terminated: () => resolve() })
    cell.stop()
  })
}
