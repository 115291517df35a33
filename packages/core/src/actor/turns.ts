import { type Dispatcher, type Runnable, TURN_MESSAGES } from '../dispatch/dispatcher.ts'
import { toError } from '../errors.ts'
import { Fifo } from '../mailbox/fifo.ts'
import type { Mailbox, MailboxStrategy } from '../mailbox/mailbox.ts'
import { UnboundedMailbox } from '../mailbox/unbounded.ts'
import type { CellHost } from './cell-host.ts'
import { CHILD_FAILED } from './child-failed.ts'
import type { DeadLetterReason } from './dead-letter.ts'
import { type Head, nameOf, type Origin, originOf } from './origin.ts'

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

/** Queue length at which the first `high-water` event is reported; then at each doubling. */
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
class PendingTurn {
  readonly onValue: (value: unknown) => void
  readonly onReason: (reason: unknown) => void
  head: Head = ''
  payload: unknown = undefined

  constructor(settled: (turn: PendingTurn, value: unknown) => void, failed: (turn: PendingTurn, error: Error) => void) {
    this.onValue = (value) => settled(this, value)
    this.onReason = (reason) => failed(this, toError(reason))
  }
}

/** What an actor has besides once the ring alone will not do, or its handlers are more than one. */
class Waiting {
  /** A handler's promise is pending: nothing else runs in this actor. */
  busy = false
  suspended = false
  visitPosted = false
  turn: PendingTurn | null = null
  held: Fifo | null = null
  mailbox: Mailbox | null = null
  highWater = HIGH_WATER
  /** Handlers called lately, names and handlers in turn: for actors that get a few messages by turns. */
  readonly known: (string | Handler)[] = []
}

/**
 * Takes an actor's messages one at a time. As long as it has less to do than one turn allows, the dispatcher's
 * ring is its mailbox: nothing is queued twice, and an idle actor has no queue at all.
 *
 * What waits is oldest in `held`, where the ring puts what it brings while the actor is busy; then come the
 * entries still in the ring; then `mailbox`, which gets all that is sent while there is something in it.
 */
export abstract class Turns implements Runnable {
  readonly host: CellHost
  protected readonly dispatcher: Dispatcher
  protected state = STARTING
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
    this.host = host
    this.dispatcher = host.dispatcher
    if (mailbox === undefined && host.hooks === null) return
    this.#mode = QUEUED
    if (mailbox !== undefined) {
      this.#own.mailbox = mailbox.create((head, payload) => this.#undelivered('mailbox-full', head, payload))
    }
  }

  abstract get path(): string
  abstract obey(signal: unknown): void
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
    if (this.state >= STOPPING) {
      this.#undelivered(this.state === STOPPING ? 'stopping' : 'stopped', head, payload)
      return true
    }
    const { hooks } = this.host
    if (hooks !== null) payload = hooks.passed(payload, head)
    this.#mode = QUEUED
    const waiting = this.#own
    const mailbox = (waiting.mailbox ??= new UnboundedMailbox())
    const pushed = mailbox.push(head, payload)
    if (pushed !== 'queued') return this.#notQueued(pushed, head, payload)
    if (mailbox.size + this.#inRing >= waiting.highWater) this.#reportHighWater(waiting)
    if (this.#inRing === 0 && !waiting.visitPosted) this.goOn()
    return true
  }

  #notQueued(pushed: 'rejected' | 'dropped' | 'failed', head: Head, payload: unknown): boolean {
    // Who only told can be told so. Who asked waits for an answer, and gets this one.
    if (pushed === 'rejected' && typeof head === 'string') return false
    this.#undelivered('mailbox-full', head, payload)
    if (pushed === 'failed') this.overflowed()
    return true
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
    return this.#inRing + (waiting === null ? 0 : (waiting.held?.size ?? 0) + (waiting.mailbox?.size ?? 0))
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
    if (!this.#runnable) return
    this.dispatcher.beginVisit()
    for (let left = Math.min(TURN_MESSAGES, this.queued); left > 0; left--) {
      const queue = nextQueue(waiting)
      if (queue === null) break
      this.#take(queue.head as Head, queue.payload)
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
    if (this.#mode === DIRECT || this.#inRing > 0 || !this.#runnable) return
    const waiting = this.#own
    if (waiting.visitPosted) return
    if (this.queued > 0) {
      waiting.visitPosted = true
      this.dispatcher.post(this, VISIT, undefined)
      return
    }
    waiting.held = null
    // An idle actor must not keep the last thing it was told.
    waiting.mailbox?.forget()
    if (this.host.hooks !== null) return
    if (waiting.mailbox === null || waiting.mailbox instanceof UnboundedMailbox) this.#mode = DIRECT
  }

  /** From here on messages wait in queues of the actor's own. */
  protected hold(): void {
    this.#mode = QUEUED
  }

  #take(head: Head, payload: unknown): void {
    if (typeof head === 'string') this.#handle(head, payload)
    else this.#handleFrom(head, payload)
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
    if (result instanceof Promise) this.#await(result, name, payload)
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
      this.#handlerFailed(toError(thrown))
      return
    }
    if (result instanceof Promise) this.#await(result, origin, payload)
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

  #handlerFailed(error: Error): void {
    this.takeOrigin()?.fail(error, 'handler')
    this.failed(error)
  }

  #await(promise: Promise<unknown>, head: Head, payload: unknown): void {
    const waiting = this.#own
    waiting.busy = true
    this.hold()
    const turn = (waiting.turn ??= this.#pendingTurn())
    turn.head = head
    turn.payload = payload
    promise.then(turn.onValue, turn.onReason)
  }

  #pendingTurn(): PendingTurn {
    return new PendingTurn(
      (turn, value) => {
        if (this.#continues(turn)) this.#answer(value)
        this.goOn()
      },
      (turn, error) => {
        if (this.#continues(turn)) this.#handlerFailed(error)
        this.goOn()
      },
    )
  }

  /** A pending handler has settled. @returns false when it belongs to an incarnation that is over */
  #continues(turn: PendingTurn): boolean {
    const waiting = this.#own
    if (turn !== waiting.turn || !waiting.busy) {
      this.host.report({ type: 'stale-result', path: this.path })
      return false
    }
    waiting.busy = false
    turn.head = ''
    turn.payload = undefined
    if (this.state !== RUNNING) this.turnEnded()
    return true
  }

  // The message being handled, as the context sees it

  get current(): Head {
    return this.busy ? this.#own.turn!.head : (this.dispatcher.head as Head)
  }

  get currentPayload(): unknown {
    return this.busy ? this.#own.turn!.payload : this.dispatcher.payload
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
    this.#firstName = ''
    this.#firstHandler = noHandler
    if (this.#waiting !== null) this.#waiting.known.length = 0
  }

  // For the life of the actor

  protected get busy(): boolean {
    return this.#waiting !== null && this.#waiting.busy
  }

  protected get inRing(): number {
    return this.#inRing
  }

  /** Whatever handler is pending counts no more. */
  protected endTurn(): void {
    if (this.#waiting !== null) {
      this.#waiting.busy = false
      this.#waiting.turn = null
    }
    this.takeOrigin()?.abandoned('stopped')
    this.become(NO_HANDLERS)
  }

  /** Turns everything that waits into dead letters. */
  protected discard(): void {
    const waiting = this.#waiting
    if (waiting === null) return
    this.#waiting = null
    for (let queue = nextQueue(waiting); queue !== null; queue = nextQueue(waiting)) {
      this.#undelivered('stopped', queue.head as Head, queue.payload)
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
  if (waiting.held !== null) {
    if (waiting.held.take()) return waiting.held
    waiting.held = null
  }
  return waiting.mailbox?.take() ? waiting.mailbox : null
}

function noHandler(): undefined {}
