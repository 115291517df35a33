import { InvalidOptionError, NoMessageError, StaleContextError, StashFullError, toError } from '../errors.ts'
import { timeoutOf } from '../options.ts'
import type { Clock } from '../runtime/clock.ts'
import type { Random } from '../runtime/random.ts'
import type { Cancellable } from '../runtime/scheduler.ts'
import { ActorTimer } from './actor-timer.ts'
import { Belongings } from './belongings.ts'
import type { CellHost } from './cell-host.ts'
import { type CleanUp, CleanUps } from './clean-ups.ts'
import type { AnyActor, Context, FindOptions } from './context.ts'
import { GoneTarget } from './gone-target.ts'
import { type KeyedTimer, TimerKey } from './keyed-timer.ts'
import { Link } from './link.ts'
import { LocalRef } from './local-ref.ts'
import type { Logger } from './logger.ts'
import { type Head, nameOf, type Origin } from './origin.ts'
import { OwedReply } from './owed-reply.ts'
import { OwnMessage } from './own-message.ts'
import type { Protocol } from './protocol.ts'
import { ActorRef, type AnyRef, type Ref } from './ref.ts'
import { type Deferred, Forwarded } from './reply.ts'
import { type AnySpawnOptions, checkActor, checkSpawnOptions } from './spawn-options.ts'
import { drains, type StopOptions } from './stop-options.ts'
import { Watch } from './watch.ts'
import type { Watcher } from './watcher.ts'

/** What an incarnation may do with its cell. */
export interface IncarnationOwner {
  readonly host: CellHost
  readonly path: string
  readonly uid: number
  readonly ref: ActorRef<never>
  readonly current: Head | null
  readonly currentPayload: unknown
  readonly currentOrigin: Origin | null
  /** How many restarts before this incarnation. */
  readonly restarts: number
  readonly stashed: number
  readonly stashCapacity: number
  takeOrigin(): Origin | null
  stash(scope: { readonly live: boolean }): void
  unstash(): void
  /** Calls `ask` as if in the handler under way. */
  asking<T>(ask: () => T): T
  become(handlers: object): void
  enqueueOwn(origin: Origin, payload: unknown): void
  readonly children: readonly Child[]
  spawn(actor: AnyActor, options: AnySpawnOptions): Child
  child(name: string): Child | null
  childOf(ref: AnyRef): Child | null
  stopItself(): void
  drainAndStopItself(): void
  fail(error: Error): void
  addWatcher(watcher: Watcher): void
  removeWatcher(watcher: Watcher): void
}

/** What an incarnation may do with a child of its cell. */
interface Child {
  readonly ref: ActorRef<never>
  readonly actor: AnyActor
  stop(): void
  drainAndStop(): void
}

/** Any protocol at all: the user's types were checked at the door of `actor()`. */
type AnyProtocol = Record<string, (payload: unknown) => unknown>

/** A ref of whatever protocol, also one that picks among others. */
interface AnyAsking {
  ask(name: string, ...payloadAndOptions: readonly unknown[]): Promise<never>
}

/**
 * One life of an actor between two starts: its context, and all that must not outlive it (timers, watches,
 * answers owed, clean-ups). A restart makes a new one, so that an old continuation only writes to garbage.
 * Its methods are `protected` instead of `#private` for the reason that cells have: there is one for each actor.
 */
export class Incarnation implements Context<AnyProtocol> {
  readonly #owner: IncarnationOwner
  #live = true
  /** Made when first needed: most actors of a million have none of it. */
  #belongings: Belongings | null = null

  constructor(owner: IncarnationOwner) {
    this.#owner = owner
  }

  get self(): Ref<AnyProtocol> {
    const owner = this.#owner
    if (this.#live) return owner.ref as ActorRef<AnyProtocol>
    // A continuation left over must not give its successor work to do.
    return new LocalRef<AnyProtocol>(new GoneTarget(owner.host, owner.ref.uid, owner.path))
  }

  get clock(): Clock {
    return this.#owner.host.runtime.clock
  }

  get random(): Random {
    const own = this.own
    own.random ??= this.stream()
    return own.random
  }

  /** A restart must not repeat what was drawn before. */
  protected stream(): Random {
    const { host, path, restarts } = this.#owner
    return host.runtime.random.stream(restarts === 0 ? path : `${path}#${restarts}`)
  }

  get log(): Logger {
    const own = this.own
    own.log ??= this.#owner.host.logger(this.#owner.path)
    return own.log
  }

  get signal(): AbortSignal {
    // Made when first asked for: a controller costs 4 us, a hundred messages' worth.
    const own = this.own
    if (own.abort === null) {
      own.abort = new AbortController()
      if (!this.#live) own.abort.abort()
    }
    return own.abort.signal
  }

  get remainingMs(): number | null {
    return this.#live ? (this.#owner.currentOrigin?.remainingMs() ?? null) : null
  }

  spawn<Q>(actor: AnyActor, options?: object): Ref<Q> {
    this.check('spawn')
    checkActor('spawn', actor)
    return this.#owner.spawn(actor, checkSpawnOptions('spawn', options)).ref as ActorRef<Q>
  }

  get children(): readonly AnyRef[] {
    return this.#live ? this.#owner.children.map(({ ref }) => ref) : []
  }

  child<Q>(protocol: Protocol<Q>, name: string): Ref<Q> | null {
    this.check('child')
    const child = this.#owner.child(name)
    return child?.actor.id === protocol.id ? (child.ref as ActorRef<Q>) : null
  }

  stop(ref?: AnyRef, options?: StopOptions): void {
    this.check('stop')
    const drain = drains('ctx.stop', options)
    if (ref === undefined || ref.id === this.#owner.ref.id) {
      if (drain) this.#owner.drainAndStopItself()
      else this.#owner.stopItself()
      return
    }
    const target = this.#owner.childOf(ref)
    if (target === null) {
      // A child may have stopped by itself, unseen as yet: then there is nothing to do.
      if (isBelow(ref, this.#owner.ref)) return
      throw new InvalidOptionError('ctx.stop', 'ref', 'this actor or one of its children', ref)
    }
    if (drain) target.drainAndStop()
    else target.stop()
  }

  onStop(cleanup: CleanUp): void {
    this.check('onStop')
    const own = this.own
    own.cleanUps ??= new CleanUps((error) => this.log.error('a clean-up failed', error))
    own.cleanUps.add(cleanup)
  }

  watch(ref: AnyRef, name: string, ...payload: readonly unknown[]): void {
    this.check('watch')
    this.unwatch(ref)
    const target = asActorRef(ref)
    const { watches } = this.own
    const watch = new Watch(this.#owner, target, name, payload, () => {
      // Kept any longer, it would keep all that is left of the other actor.
      if (watches.get(ref.id) === watch) watches.delete(ref.id)
    })
    watches.set(ref.id, watch)
    target.addWatcher(watch)
  }

  unwatch(ref: AnyRef): void {
    this.check('unwatch')
    const watch = this.#belongings?.watches.get(ref.id)
    if (watch === undefined) return
    this.#belongings?.watches.delete(ref.id)
    watch.end()
  }

  link(ref: AnyRef): void {
    this.check('link')
    const target = asActorRef(ref)
    const { links } = this.own
    if (target.id === this.#owner.ref.id || links.has(target.id)) return
    const link = new Link(this.#owner, target, () => links.delete(target.id))
    links.set(target.id, link)
    link.begin()
  }

  unlink(ref: AnyRef): void {
    this.check('unlink')
    const link = this.#belongings?.links.get(ref.id)
    this.#belongings?.links.delete(ref.id)
    link?.end(false)
  }

  after(delayMs: number, name: string, payload?: unknown): Cancellable {
    this.check('after')
    return this.startTimer(new ActorTimer(this.#owner, name, payload, 0, this.own.timers), delayMs)
  }

  every(periodMs: number, name: string, payload?: unknown): Cancellable {
    this.check('every')
    // A period of 0 would leave no time for anything else.
    const period = Math.max(1, periodMs)
    return this.startTimer(new ActorTimer(this.#owner, name, payload, period, this.own.timers), period)
  }

  protected startTimer(timer: ActorTimer, delayMs: number): Cancellable {
    if (typeof delayMs !== 'number' || Number.isNaN(delayMs))
      throw new InvalidOptionError('ctx.after, ctx.every', 'delayMs', 'a number of ms', delayMs)
    this.#owner.host.timers.add(timer, Math.max(0, delayMs))
    this.own.timers.add(timer)
    return timer
  }

  timer(key: string): KeyedTimer<AnyProtocol> {
    this.check('timer')
    if (typeof key !== 'string') throw new InvalidOptionError('ctx.timer', 'key', 'a string', key)
    return new TimerKey(this.#owner, key, this.own.keyedTimers, () => this.check('timer'))
  }

  ask(ref: AnyRef, name: string, ...payloadAndOptions: readonly unknown[]): Promise<never> {
    this.check('ask')
    const ask = (ref as Partial<AnyAsking> | undefined)?.ask
    if (typeof ask !== 'function') throw new InvalidOptionError('ctx.ask', 'ref', 'a ref', ref)
    return this.#owner.asking(() => ask.call(ref, name, ...payloadAndOptions))
  }

  become(handlers: object): void {
    this.check('become')
    if (typeof handlers !== 'object' || handlers === null)
      throw new InvalidOptionError('ctx.become', 'handlers', 'an object of handlers', handlers)
    this.#owner.become(handlers)
  }

  stash(): Forwarded {
    this.check('stash')
    const owner = this.#owner
    if (owner.current === null) throw new NoMessageError(owner.path, 'stash')
    if (owner.stashed >= owner.stashCapacity) throw new StashFullError(owner.path, owner.stashCapacity)
    owner.stash(this)
    return Forwarded.instance
  }

  unstash(): void {
    this.check('unstash')
    this.#owner.unstash()
  }

  task(work: (signal: AbortSignal) => unknown): void {
    this.check('task')
    run(work, this.signal).catch((reason) => {
      if (this.#live) this.#owner.fail(toError(reason))
    })
  }

  pipe<T>(work: Promise<T>, name: string, onError?: string): void {
    this.check('pipe')
    work.then(
      (value) => this.pipeResult(name, value),
      (reason) => {
        const error = toError(reason)
        if (onError !== undefined) this.pipeResult(onError, error)
        else if (this.#live) this.#owner.fail(error)
      },
    )
  }

  protected pipeResult(name: string, payload: unknown): void {
    if (this.#live) this.#owner.enqueueOwn(new OwnMessage(name, this), payload)
    else this.#owner.host.report({ type: 'stale-result', path: this.#owner.path })
  }

  reply<R>(): Deferred<R> {
    this.check('reply')
    const origin = this.#owner.takeOrigin()
    const reply = new OwedReply(origin, () => this.#belongings?.owed.delete(reply))
    if (origin !== null) this.own.owed.add(reply)
    return reply
  }

  replyError(error: unknown): Forwarded {
    this.check('replyError')
    this.#owner.takeOrigin()?.fail(toError(error), 'refused')
    return Forwarded.instance
  }

  forward(to: AnyRef, name?: string, payload?: unknown): Forwarded {
    this.check('forward')
    const { current, currentPayload } = this.#owner
    if (name === undefined && current === null) throw new NoMessageError(this.#owner.path, 'forward')
    const target = asActorRef(to)
    const taken = this.#owner.takeOrigin()
    // Whoever waits is handed on. A tick or a notice of this actor's own is just a message to the other.
    const origin = taken?.remainingMs() == null ? null : taken
    if (name === undefined) target.deliver(nameOf(current!), currentPayload, origin)
    else target.deliver(name, payload, origin)
    return Forwarded.instance
  }

  register(protocol: Protocol<AnyProtocol>): void {
    this.check('register')
    this.#owner.host.registry.register(protocol.id, this.#owner.ref)
  }

  find<Q>(protocol: Protocol<Q>, options?: FindOptions): Promise<Ref<Q>> {
    this.check('find')
    const { registry, askTimeoutMs } = this.#owner.host
    return registry.find(protocol, timeoutOf('ctx.find', options, askTimeoutMs))
  }

  subscribe<Q>(protocol: Protocol<Q>, name: string): void {
    this.check('subscribe')
    this.own.subscriptions.push(this.#owner.host.registry.subscribe(protocol, (refs) => this.pipeResult(name, refs)))
  }

  // For the cell

  get live(): boolean {
    return this.#live
  }

  /** Says to whoever listens that this incarnation is to end. */
  abort(): void {
    this.#belongings?.abort?.abort()
  }

  get hasCleanUps(): boolean {
    return this.#belongings !== null && this.#belongings.cleanUps !== null
  }

  /** Runs the clean-ups, the last one first. @returns a promise only when one of them is asynchronous */
  cleanUp(): Promise<void> | null {
    return this.#belongings?.cleanUps?.run() ?? null
  }

  /**
   * From here on nothing of this incarnation has any effect.
   *
   * @param actorEnds it is the last one
   */
  end(actorEnds: boolean): void {
    this.#live = false
    const own = this.#belongings
    if (own === null) return
    this.#belongings = null
    own.end(actorEnds)
  }

  protected get own(): Belongings {
    this.#belongings ??= new Belongings()
    return this.#belongings
  }

  protected check(action: string): void {
    if (this.#live) return
    const { host, path } = this.#owner
    host.report({ type: 'stale-context', path, action })
    throw new StaleContextError(path, action)
  }
}

/** Whatever goes wrong with the work, at once or later, is a rejection. */
async function run(work: (signal: AbortSignal) => unknown, signal: AbortSignal): Promise<void> {
  await work(signal)
}

/** Whether `ref` names a child of `parent`, alive or gone. */
function isBelow(ref: AnyRef, parent: ActorRef<never>): boolean {
  const ofThisNode = ref instanceof ActorRef && ref.nodeUid === parent.nodeUid
  return ofThisNode && ref.path.slice(0, ref.path.lastIndexOf('/')) === parent.path
}

function asActorRef(ref: AnyRef): ActorRef<never> {
  if (ref instanceof ActorRef) return ref as ActorRef<never>
  throw new InvalidOptionError('context', 'ref', 'a ref of this system', ref)
}
