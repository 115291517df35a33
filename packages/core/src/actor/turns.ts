import { type Dispatcher, type Runnable, TURN_MESSAGES } from '../dispatch/dispatcher.ts'
import { toError } from '../errors.ts'
import { Fifo } from '../mailbox/fifo.ts'
import type { Mailbox, MailboxStrategy } from '../mailbox/mailbox.ts'
import { UnboundedMailbox } from '../mailbox/unbounded.ts'
import type { CellHost, PendingHandler } from './cell-host.ts'
import { CHILD_FAILED } from './child-failed.ts'
import type { DeadLetter, DeadLetterReason } from './dead-letter.ts'
import { Asker, endAsksOf, type NestedAsk, NO_TURN } from './nested-ask.ts'
import { OfferLine, type PendingOffer } from './offer.ts'
import { type Head, nameOf, type Origin, originOf } from './origin.ts'
import { joined, setAside } from './stash.ts'

/** Where an actor stands in its life. Small integers: compared once per message. */
export const STARTING = 0
export const RUNNING = 1
/** Winding down one incarnation, or waiting before the next. */
export const RESTARTING = 2
export const STOPPING = 3
export const STOPPED = 4

/** Messages are handled as the dispatcher's ring brings them. */
const DIRECT = 0
/** Messages wait in queues of the actor's own: it is busy, or has more to do than one turn allows. */
const QUEUED = 1

/** An entry of the ring that is no message: look into the queues. */
const VISIT: unknown = Object.freeze({ entry: 'visit' })

/** Queue length at which the first `high-water` event is reported; then at each doubling, and anew once it has shrunk. */
const HIGH_WATER = 1000

/** Names and handlers remembered besides the first one: looking through more takes longer than a look-up. */
const MOST_KNOWN = 8

export type HandlerTable = Record<string, ((...args: readonly unknown[]) => unknown) | undefined>
type Handler = (payload: unknown) => unknown

const NO_HANDLERS: HandlerTable = {}
/** What every object has besides: `toString` and the like are messages only where a behaviour says so. */
const INHERITED = Object.prototype as object as HandlerTable
/** Members of a behaviour that the runtime calls, and nobody else. */
const RESERVED: ReadonlySet<string> = new Set(['constructor', 'unhandled', CHILD_FAILED])

/** The promise of a handler under way. Made once per incarnation that has such handlers, then used again. */
class PendingTurn implements PendingHandler {
  readonly #actor: Turns
  readonly onValue: (value: unknown) => void
  readonly onReason: (reason: unknown) => void
  /** Null once it was stashed. */
  head: Head | null = null
  payload: unknown = undefined
  sinceMs = 0
  watched = false
  /** As the dispatcher counts them. */
  number: number = NO_TURN

  constructor(
    actor: Turns,
    settled: (turn: PendingTurn, value: unknown) => void,
    failed: (turn: PendingTurn, error: Error) => void,
  ) {
    this.#actor = actor
    this.onValue = (value) => settled(this, value)
    this.onReason = (reason) => failed(this, toError(reason))
  }

  get path(): string {
    return this.#actor.path
  }

  get pending(): string | null {
    return this.#actor.isPending(this) && this.head !== null ? nameOf(this.head) : null
  }

  get queued(): number {
    return this.#actor.queued
  }
}

/** The promise of a handler that runs beside the one that the mailbox waits for. */
class SideTurn {
  readonly origin: Origin | null

  constructor(origin: Origin | null) {
    this.origin = origin
  }
}

/** What an actor has besides once the ring alone will not do, or its handlers are more than one. */
class Waiting {
  /** A handler's promise is pending: nothing else runs in this actor. */
  busy = false
  suspended = false
  /** The synchronous part of a handler runs beside the pending one. */
  aside = false
  sideTurns: Set<SideTurn> | null = null
  /** Something may be queued that need not wait for the handler under way. */
  sift = false
  visitPosted = false
  turn: PendingTurn | null = null
  /** Set aside by the actor itself, until it wants them back. */
  stash: Fifo | null = null
  /** Back from the stash: the oldest of all that wait. Never without `held`. */
  front: Fifo | null = null
  held: Fifo | null = null
  newestAsk: NestedAsk | null = null
  mailbox: Mailbox | null = null
  /** Who waits for room in the mailbox. */
  offers: OfferLine | null = null
  highWater = HIGH_WATER
  /** Handlers called lately, names and handlers in turn: for actors that get a few messages by turns. */
  readonly known: (string | Handler)[] = []
}

/**
 * Takes an actor's messages one at a time. As long as it has less to do than one turn allows, the dispatcher's
 * ring is its mailbox: nothing is queued twice, and an idle actor has no queue at all.
 *
 * What waits is oldest in `front`, which is what came back from the stash, and then in `held`, where the ring puts
 * what it brings while the actor is busy; then come the entries still in the ring; then `mailbox`, which gets all
 * that is sent while there is something in it.
 */
export abstract class Turns extends Asker implements Runnable {
  readonly host: CellHost
  protected readonly dispatcher: Dispatcher
  protected state: number = STARTING
  #mode = DIRECT
  /** Entries of this actor in the ring, visits not counted. */
  #inRing = 0
  #handlers: HandlerTable = NO_HANDLERS
  /** The first handler called: most actors get the same message again and again. */
  #firstName = ''
  #firstHandler: Handler = noHandler
  /** Behind the message being handled; null when it is a plain tell or its answer was taken over. */
  #origin: Origin | null = null
  /** Made when first needed: most actors of a million have none of it. */
  #waiting: Waiting | null = null

  constructor(host: CellHost, mailbox: MailboxStrategy | undefined) {
    super()
    this.host = host
    this.dispatcher = host.dispatcher
    if (mailbox === undefined && !host.queuesOnly) return
    this.#mode = QUEUED
    if (mailbox !== undefined) {
      this.#own.mailbox = mailbox.create((head, payload) => this.#undelivered('mailbox-full', head as Head, payload))
    }
  }

  abstract override get path(): string
  abstract obey(signal: unknown): void
  /** Messages that do not wait for a pending handler. */
  protected abstract get interleaved(): ReadonlySet<string> | null
  /** The handler threw or rejected. */
  protected abstract failed(error: Error): void
  /** The handler that the end of the incarnation waited for has ended. */
  protected abstract turnEnded(): void
  /** Nothing of this actor is in the ring any more. */
  protected abstract ringEmptied(): void
  /** The mailbox overflowed, and the actor is to fail. */
  protected abstract overflowed(): void

  // Sending

  /** Queues a message behind all that were queued before. @returns false when the mailbox has turned it down */
  enqueue(head: Head, payload: unknown): boolean {
    if (this.#mode !== DIRECT || this.#inRing >= TURN_MESSAGES) return this.#enqueueQueued(head, payload)
    this.#inRing++
    this.dispatcher.post(this, head, payload)
    return true
  }

  #enqueueQueued(head: Head, payload: unknown): boolean {
    const { hooks } = this.host
    const plain = typeof head === 'string'
    if (hooks !== null) {
      const passing = hooks.passing(this.path, head, payload)
      if (passing === null) return true
      head = passing.head
      payload = passing.payload
    }
    if (this.state >= STOPPING) {
      this.#undelivered(this.state === STOPPING ? 'stopping' : 'stopped', head, payload)
      return true
    }
    this.#mode = QUEUED
    const waiting = this.#own
    const mailbox = (waiting.mailbox ??= new UnboundedMailbox())
    if (this.interleaved !== null && this.#goesBeside(waiting, head, mailbox)) {
      this.#inRing++
      this.dispatcher.post(this, head, payload)
      return true
    }
    const pushed = mailbox.push(head, payload)
    if (pushed !== 'queued') return this.#notQueued(pushed, plain, head, payload)
    if (mailbox.size + this.#inRing >= waiting.highWater) this.#reportHighWater(waiting)
    if (this.#inRing === 0 && !waiting.visitPosted) this.goOn()
    return true
  }

  #notQueued(pushed: 'rejected' | 'dropped' | 'failed', plain: boolean, head: Head, payload: unknown): boolean {
    // Who only told can be told so. Who asked waits for an answer, and gets this one.
    if (pushed === 'rejected' && plain) {
      originOf(head)?.undelivered('mailbox-full')
      return false
    }
    this.#undelivered('mailbox-full', head, payload)
    if (pushed === 'failed') this.overflowed()
    return true
  }

  offer(name: string, payload: unknown): 'full' | 'stopping' | 'stopped' | null {
    if (this.state >= STOPPING) return this.state === STOPPING ? 'stopping' : 'stopped'
    const waiting = this.#waiting
    if (waiting !== null && (waiting.offers?.empty === false || waiting.mailbox?.full)) return 'full'
    return this.enqueue(name, payload) ? null : 'full'
  }

  waitForRoom(offer: PendingOffer, payload: unknown): void {
    const waiting = this.#own
    waiting.offers ??= new OfferLine()
    waiting.offers.add(offer, () => !waiting.mailbox?.full && this.enqueue(offer.message, payload))
  }

  /** Whoever waits for room waits in vain. */
  protected refuseOffers(): void {
    this.#waiting?.offers?.rejectAll('stopping')
  }

  get #own(): Waiting {
    this.#waiting ??= new Waiting()
    return this.#waiting
  }

  /** What it was given at spawn, or what it has needed meanwhile. */
  get mailbox(): Mailbox | null {
    return this.#waiting === null ? null : this.#waiting.mailbox
  }

  // Turns

  /** Messages waiting. */
  get queued(): number {
    const waiting = this.#waiting
    if (waiting === null) return this.#inRing
    return this.#inRing + (waiting.front?.size ?? 0) + (waiting.held?.size ?? 0) + (waiting.mailbox?.size ?? 0)
  }

  receive(head: unknown, payload: unknown): void {
    if (this.#mode !== DIRECT) return this.#receiveQueued(head, payload)
    this.#inRing--
    if (typeof head === 'string') this.#handle(head, payload)
    else this.#handleFrom(head as Origin, payload)
    // Handlers are slow: with more in the ring, the others go first.
    if (this.dispatcher.slow && this.#inRing > 0 && this.#mode === DIRECT) {
      this.#mode = QUEUED
      this.#own.held ??= new Fifo()
    }
  }

  #receiveQueued(head: unknown, payload: unknown): void {
    if (head === VISIT) return this.#visit()
    this.#inRing--
    const waiting = this.#own
    if (this.#runnable && waiting.held === null) this.#take(head as Head, payload)
    else if (this.state === STOPPED) this.#undelivered('stopped', head as Head, payload)
    else if (this.interleaved !== null && this.#goesBeside(waiting, head as Head, null))
      this.#handleBeside(head as Head, payload)
    else {
      waiting.held ??= new Fifo()
      waiting.held.push(head, payload)
      this.dispatcher.putAside()
    }
    if (this.#inRing > 0) return
    this.ringEmptied()
    this.goOn()
  }

  /** Handles what was queued when it began: an actor that reminds itself must not run ahead of the others. */
  #visit(): void {
    const waiting = this.#own
    waiting.visitPosted = false
    if (!this.#runnable) {
      this.dispatcher.putAside()
      return this.goOn()
    }
    this.dispatcher.beginVisit()
    for (let left = Math.min(TURN_MESSAGES, this.queued); left > 0; left--) {
      const queue = nextQueue(waiting)
      if (queue === null) break
      const { head, payload } = queue
      // Before anybody can tell it anything else: the room is for those who wait for it.
      if (waiting.offers !== null) waiting.offers.admit()
      this.#take(head as Head, payload)
      if (!this.#runnable || (left > 1 && this.dispatcher.visitOver())) break
    }
    this.goOn()
  }

  get #runnable(): boolean {
    if (this.state !== RUNNING) return false
    const waiting = this.#waiting
    return waiting === null || !(waiting.busy || waiting.suspended)
  }

  /** Asks for a visit if something waits and may be handled; with nothing left, the ring is the mailbox again. */
  protected goOn(): void {
    // What is left in the ring comes first, and its last entry leads here again.
    if (this.#mode === DIRECT || this.#inRing > 0) return
    const waiting = this.#own
    if (!this.#runnable) {
      if (waiting.busy && waiting.sift && this.interleaved !== null) this.#release(waiting, this.interleaved)
      return
    }
    if (waiting.visitPosted) return
    const { queued } = this
    // A queue that has shrunk to a quarter of what was last reported is a new story when it grows again.
    while (waiting.highWater > HIGH_WATER && queued < waiting.highWater / 8) waiting.highWater /= 2
    if (queued > 0) {
      waiting.visitPosted = true
      this.dispatcher.post(this, VISIT, undefined)
      return
    }
    waiting.front = null
    waiting.held = null
    // An idle actor must not keep the last thing it was told.
    waiting.mailbox?.forget()
    if (this.host.queuesOnly) return
    if (waiting.mailbox === null || waiting.mailbox instanceof UnboundedMailbox) this.#mode = DIRECT
  }

  /** From here on messages wait in queues of the actor's own. */
  protected hold(): void {
    this.#mode = QUEUED
  }

  #take(head: Head, payload: unknown): void {
    if (typeof head === 'string') this.#handle(head, payload)
    else this.#handleFrom(head, payload)
    const { hooks } = this.host
    if (hooks !== null && this.#turnUnderWay === null) hooks.handled(head, null)
  }

  #handle(name: string, payload: unknown): void {
    const { dispatcher } = this
    dispatcher.head = name
    dispatcher.payload = payload
    let result: unknown
    try {
      result = name === this.#firstName ? this.#firstHandler.call(this.#handlers, payload) : this.#lookUp(name, payload)
    } catch (thrown) {
      this.failed(toError(thrown))
      return
    }
    if (result instanceof Promise) this.#await(result)
  }

  #handleFrom(origin: Origin, payload: unknown): void {
    if (!origin.begin()) return
    const { dispatcher } = this
    const name = origin.message
    dispatcher.head = origin
    dispatcher.payload = payload
    this.#origin = origin
    let result: unknown
    try {
      result = name === this.#firstName ? this.#firstHandler.call(this.#handlers, payload) : this.#lookUp(name, payload)
    } catch (thrown) {
      this.#handlerFailed(origin, toError(thrown))
      return
    }
    if (result instanceof Promise) this.#await(result)
    else this.#answer(result)
  }

  /** Calls the handler of that name, after a closer look. */
  #lookUp(name: string, payload: unknown): unknown {
    const handlers = this.#handlers
    if (this.#waiting !== null) {
      const { known } = this.#waiting
      for (let i = 0; i < known.length; i += 2) {
        if (known[i] === name) return (known[i + 1] as Handler).call(handlers, payload)
      }
    }
    // Not remembered: from anybody else a message of that name is none.
    if (name === CHILD_FAILED && this.#origin?.own === true) return handlers[name]?.(payload)
    const handler = handlers[name]
    if (typeof handler === 'function' && !RESERVED.has(name) && handler !== INHERITED[name]) {
      this.#remember(name, handler)
      return handler.call(handlers, payload)
    }
    if (handlers.unhandled !== undefined) return handlers.unhandled(name, payload)
    const origin = this.takeOrigin()
    this.#undelivered('unhandled', origin ?? name, payload)
    return undefined
  }

  #remember(name: string, handler: Handler): void {
    if (this.#firstHandler === noHandler) {
      this.#firstName = name
      this.#firstHandler = handler
      return
    }
    const { known } = this.#own
    if (known.length < MOST_KNOWN) known.push(name, handler)
  }

  #answer(result: unknown): void {
    const origin = this.#origin
    this.#origin = null
    if (origin !== null) origin.settle(result)
  }

  #handlerFailed(head: Head | null, error: Error): void {
    this.takeOrigin()?.fail(error, 'handler')
    if (head !== null) this.host.hooks?.handled(head, error)
    this.failed(error)
  }

  #await(promise: Promise<unknown>): void {
    const waiting = this.#own
    const { head, payload } = this.dispatcher
    waiting.busy = true
    this.hold()
    const turn = (waiting.turn ??= this.#pendingTurn())
    turn.head = (head as Head | undefined) ?? null
    turn.payload = payload
    turn.sinceMs = this.dispatcher.lastLookMs
    if (!turn.watched) this.host.pendingHandlers.add(turn)
    turn.number = this.dispatcher.turn
    promise.then(turn.onValue, turn.onReason)
  }

  #pendingTurn(): PendingTurn {
    return new PendingTurn(
      this,
      (turn, value) => {
        const { head } = turn
        if (this.#continues(turn)) {
          this.#answer(value)
          if (head !== null) this.host.hooks?.handled(head, null)
        }
        this.goOn()
      },
      (turn, error) => {
        const { head } = turn
        if (this.#continues(turn)) this.#handlerFailed(head, error)
        this.goOn()
      },
    )
  }

  /** Whether a handler of the present incarnation is pending, as `turn`. */
  isPending(turn: PendingTurn): boolean {
    const waiting = this.#waiting
    return waiting !== null && waiting.busy && waiting.turn === turn
  }

  /** A pending handler has settled. @returns false when it belongs to an incarnation that is over */
  #continues(turn: PendingTurn): boolean {
    const waiting = this.#own
    if (turn !== waiting.turn || !waiting.busy) {
      this.host.report({ type: 'stale-result', path: this.path })
      return false
    }
    waiting.busy = false
    turn.head = null
    turn.payload = undefined
    if (this.state !== RUNNING) this.turnEnded()
    return true
  }

  // Handlers beside a pending one

  /** Whether the message may be handled beside the pending handler. What comes in goes to the ring then. */
  #goesBeside(waiting: Waiting, head: Head, mailbox: Mailbox | null): boolean {
    if (!this.interleaved?.has(nameOf(head))) return false
    // A bounded mailbox stays bounded: no more of it in the ring than of any other actor's.
    const room = mailbox === null || mailbox instanceof UnboundedMailbox || this.#inRing < TURN_MESSAGES
    if (waiting.busy && room && this.state === RUNNING && !waiting.suspended) return true
    waiting.sift = true
    return false
  }

  /** Puts what need not wait from the queues back into the ring. */
  #release(waiting: Waiting, names: ReadonlySet<string>): void {
    waiting.sift = false
    const { mailbox } = waiting
    const rest = new Fifo()
    for (const queue of [waiting.front, waiting.held, mailbox instanceof UnboundedMailbox ? mailbox : null]) {
      while (queue?.take()) {
        const head = queue.head as Head
        if (!names.has(nameOf(head))) {
          rest.push(head, queue.payload)
          continue
        }
        this.#inRing++
        this.dispatcher.post(this, head, queue.payload)
      }
    }
    waiting.front = null
    waiting.held = rest
  }

  #handleBeside(head: Head, payload: unknown): void {
    const origin = originOf(head)
    if (origin !== null && !origin.begin()) return
    const { dispatcher } = this
    const waiting = this.#own
    const pending = this.#origin
    dispatcher.head = head
    dispatcher.payload = payload
    this.#origin = origin
    waiting.aside = true
    let result: unknown
    let failure: Error | null = null
    try {
      result = this.#lookUp(nameOf(head), payload)
    } catch (thrown) {
      failure = toError(thrown)
    }
    const answerTo = this.takeOrigin()
    waiting.aside = false
    this.#origin = pending
    if (result instanceof Promise) return this.#awaitBeside(result, head, answerTo)
    if (failure === null) answerTo?.settle(result)
    else answerTo?.fail(failure, 'handler')
    this.host.hooks?.handled(head, failure)
    if (failure !== null) this.failed(failure)
  }

  #awaitBeside(promise: Promise<unknown>, head: Head, origin: Origin | null): void {
    const waiting = this.#own
    const turn = new SideTurn(origin)
    waiting.sideTurns ??= new Set()
    waiting.sideTurns.add(turn)
    promise.then(
      (value) => {
        if (!this.#endsBeside(turn)) return
        origin?.settle(value)
        this.host.hooks?.handled(head, null)
      },
      (reason) => {
        if (!this.#endsBeside(turn)) return
        const error = toError(reason)
        origin?.fail(error, 'handler')
        this.host.hooks?.handled(head, error)
        this.failed(error)
      },
    )
  }

  #endsBeside(turn: SideTurn): boolean {
    if (this.#waiting === null || !this.#waiting.sideTurns?.delete(turn)) {
      this.host.report({ type: 'stale-result', path: this.path })
      return false
    }
    if (this.state !== RUNNING) this.turnEnded()
    return true
  }

  // The message being handled, as the context sees it

  /** Null where there is none: in the set-up, in clean-ups, outside of handlers, and once it was stashed. */
  get current(): Head | null {
    const turn = this.#turnUnderWay
    if (turn !== null) return turn.head
    return this.dispatcher.running === this ? ((this.dispatcher.head as Head | undefined) ?? null) : null
  }

  get currentPayload(): unknown {
    const turn = this.#turnUnderWay
    return turn === null ? this.dispatcher.payload : turn.payload
  }

  /** The turn of a handler that has returned its promise. */
  get #turnUnderWay(): PendingTurn | null {
    const waiting = this.#waiting
    return waiting !== null && waiting.busy && !waiting.aside ? waiting.turn : null
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

  /** Messages set aside. */
  get stashed(): number {
    return this.#waiting?.stash?.size ?? 0
  }

  /** Sets the message being handled aside, with whoever waits for its answer. There must be one. */
  stash(scope: { readonly live: boolean }): void {
    const head = setAside(this.current!, this.#origin, scope)
    const payload = this.currentPayload
    this.#origin = null
    // It is not at hand any more: it must not be set aside twice.
    const place = this.#turnUnderWay ?? this.dispatcher
    place.head = null
    place.payload = undefined
    const stash = (this.#own.stash ??= new Fifo())
    stash.push(head, payload)
  }

  /** Everything set aside comes before all that waits, in its order. */
  unstash(): void {
    this.#unstash()
    this.goOn()
  }

  #unstash(): void {
    const waiting = this.#waiting
    if (waiting === null || waiting.stash === null) return
    this.hold()
    waiting.front = joined(waiting.stash, waiting.front)
    waiting.stash = null
    // What is still in the ring goes behind.
    waiting.held ??= new Fifo()
    waiting.sift = true
  }

  // Asking others

  get newestAsk(): NestedAsk | null {
    return this.#waiting === null ? null : this.#waiting.newestAsk
  }

  set newestAsk(ask: NestedAsk | null) {
    this.#own.newestAsk = ask
  }

  get pendingTurn(): number {
    const waiting = this.#waiting
    return waiting !== null && waiting.busy ? waiting.turn!.number : NO_TURN
  }

  get pendingHead(): Head {
    const waiting = this.#waiting
    return waiting !== null && waiting.busy ? (waiting.turn!.head ?? '') : ''
  }

  /** Calls `ask` as if in the handler under way: whoever is asked knows for which message, and by whom. */
  asking<T>(ask: () => T): T {
    const { dispatcher } = this
    const { running, head } = dispatcher
    if (running === this && !this.busy) return ask()
    // Out of turn the clock may not have been looked at for long.
    if (running === null) dispatcher.startCounting()
    dispatcher.running = this
    dispatcher.head = this.busy ? this.pendingHead : undefined
    try {
      return ask()
    } finally {
      dispatcher.running = running
      dispatcher.head = head
    }
  }

  become(handlers: object): void {
    this.#handlers = handlers as HandlerTable
    this.#firstName = ''
    this.#firstHandler = noHandler
    if (this.#waiting !== null) this.#waiting.known.length = 0
  }

  // For the life of the actor

  /** The behaviour's object of handlers, for inspectors. */
  protected get handlers(): object {
    return this.#handlers
  }

  /** Name of the message whose handler is pending; null when none is. */
  get handling(): string | null {
    const waiting = this.#waiting
    if (waiting === null || !waiting.busy || waiting.turn === null || waiting.turn.head === null) return null
    return nameOf(waiting.turn.head)
  }

  get suspended(): boolean {
    return this.#waiting !== null && this.#waiting.suspended
  }

  /** From the next message on all wait. A handler under way goes on; steps of the actor's life are taken. */
  suspend(): boolean {
    if (this.state >= STOPPING) return false
    this.hold()
    this.#own.suspended = true
    return true
  }

  resume(): boolean {
    if (this.suspended) {
      this.#own.suspended = false
      this.goOn()
    }
    return this.state < STOPPED
  }

  get busy(): boolean {
    const waiting = this.#waiting
    return waiting !== null && (waiting.busy || (waiting.sideTurns !== null && waiting.sideTurns.size > 0))
  }

  protected get inRing(): number {
    return this.#inRing
  }

  /** Whatever handler is pending counts no more. */
  protected endTurn(): void {
    if (this.#waiting !== null) {
      this.#waiting.busy = false
      this.#waiting.turn = null
      for (const { origin } of this.#waiting.sideTurns ?? []) origin?.abandoned('stopped')
      this.#waiting.sideTurns = null
    }
    this.takeOrigin()?.abandoned('stopped')
    this.#unstash()
    endAsksOf(this)
    this.become(NO_HANDLERS)
  }

  /** Turns everything that waits into dead letters, or gives what was told to `onUndelivered`. */
  protected discard(onUndelivered: ((letter: DeadLetter) => void) | undefined): void {
    const waiting = this.#waiting
    if (waiting === null) return
    this.#waiting = null
    for (let queue = nextQueue(waiting); queue !== null; queue = nextQueue(waiting)) {
      const { head, payload } = queue as { readonly head: Head; readonly payload: unknown }
      const given = onUndelivered !== undefined && typeof head === 'string' && this.#give(onUndelivered, head, payload)
      if (!given) this.#undelivered('stopped', head, payload)
    }
  }

  /** @returns false when whoever was to have it threw */
  #give(onUndelivered: (letter: DeadLetter) => void, message: string, payload: unknown): boolean {
    try {
      onUndelivered({ reason: 'stopped', target: this.path, message, payload })
      return true
    } catch (thrown) {
      this.host.logger(this.path).error('onUndelivered threw', toError(thrown))
      return false
    }
  }

  #undelivered(reason: DeadLetterReason, head: Head, payload: unknown): void {
    this.host.undelivered(reason, this.path, nameOf(head), payload, originOf(head))
  }

  #reportHighWater(waiting: Waiting): void {
    this.host.report({ type: 'high-water', path: this.path, queued: this.queued })
    waiting.highWater *= 2
  }
}

/** The queue from which the next message was just taken. */
function nextQueue(waiting: Waiting): Fifo | Mailbox | null {
  if (waiting.front !== null) {
    if (waiting.front.take()) return waiting.front
    waiting.front = null
  }
  if (waiting.held !== null) {
    if (waiting.held.take()) return waiting.held
    waiting.held = null
  }
  return waiting.mailbox?.take() ? waiting.mailbox : null
}

function noHandler(): undefined {}
