import { toError } from '../errors.ts'
import { Fifo } from '../mailbox/fifo.ts'
import { CHILD_FAILED } from './child-failed.ts'
import { RUNNING } from './life-state.ts'
import { endAsksOf } from './nested-ask.ts'
import { type Head, nameOf, type Origin } from './origin.ts'
import { promiseOf } from './promise-of.ts'
import { Queues } from './queues.ts'
import { joined, setAside } from './stash.ts'
import { type Handler, PendingTurn } from './waiting.ts'

/** Names and handlers remembered besides the first one: looking through more takes longer than a look-up. */
const MOST_KNOWN = 8

export type HandlerTable = Record<string, ((...args: readonly unknown[]) => unknown) | undefined>

const NO_HANDLERS: HandlerTable = {}
/** Half a character: no message has that name, and none can come over a link. */
const NO_NAME = '\ud800'
/** What every object has besides: `toString` and the like are messages only where a behaviour says so. */
const INHERITED = Object.prototype as object as HandlerTable
/** Members of a behaviour that the runtime calls, and nobody else. */
const RESERVED: ReadonlySet<string> = new Set(['constructor', 'unhandled', CHILD_FAILED])

/** A name that no object has by itself: actors of one kind are mostly started in a row, and get the same first message. */
let lastFine = NO_NAME

/** Whether a message of that name may call that function. */
function isFine(name: string, handler: unknown): boolean {
  if (RESERVED.has(name) || handler === INHERITED[name]) return false
  if (!(name in INHERITED)) lastFine = name
  return true
}

/** Handles an actor's messages, one at a time: calls handlers, waits for their promises, gives their answers. */
export abstract class Turns extends Queues {
  #handlers: HandlerTable = NO_HANDLERS
  /** The first handler called: most actors get the same message again and again. */
  #firstName = NO_NAME
  #firstHandler: Handler = noHandler
  /** Behind the message being handled; null when it is a plain tell or its answer was taken over. */
  protected origin: Origin | null = null

  /** The handler threw or rejected. */
  protected abstract failed(error: Error): void
  /** The handler that the end of the incarnation waited for has ended. */
  protected abstract turnEnded(): void

  protected take(head: Head, payload: unknown): void {
    if (typeof head === 'string') this.handleTell(head, payload)
    else this.handleFrom(head, payload)
    const { hooks } = this.host
    if (hooks !== null && this.turnUnderWay === null) hooks.handled(head, null)
  }

  protected handleTell(name: string, payload: unknown): void {
    const { dispatcher } = this
    dispatcher.head = name
    dispatcher.payload = payload
    let result: unknown
    try {
      result = name === this.#firstName ? this.#firstHandler.call(this.#handlers, payload) : this.lookUp(name, payload)
    } catch (thrown) {
      this.failed(toError(thrown))
      return
    }
    const promise = typeof result === 'object' || typeof result === 'function' ? promiseOf(result) : null
    if (promise !== null) this.awaitTurn(promise)
  }

  protected handleFrom(origin: Origin, payload: unknown): void {
    if (!origin.begin()) return
    const { dispatcher } = this
    const name = origin.message
    dispatcher.head = origin
    dispatcher.payload = payload
    this.origin = origin
    let result: unknown
    try {
      result = name === this.#firstName ? this.#firstHandler.call(this.#handlers, payload) : this.lookUp(name, payload)
    } catch (thrown) {
      this.handlerFailed(origin, toError(thrown))
      return
    }
    const promise = typeof result === 'object' || typeof result === 'function' ? promiseOf(result) : null
    if (promise !== null) this.awaitTurn(promise)
    else this.answer(result)
  }

  /** Calls the handler of that name, after a closer look. */
  protected lookUp(name: string, payload: unknown): unknown {
    const handlers = this.#handlers
    if (this.waiting !== null) {
      const { known } = this.waiting
      for (let i = 0; i < known.length; i += 2) {
        if (known[i] !== name) continue
        const handler = known[i + 1] as Handler
        // Now and then the one just wanted comes first: what is wanted most is there most of the time.
        if ((this.dispatcher.turn & 7) === 0) {
          known[i] = this.#firstName
          known[i + 1] = this.#firstHandler
          this.#firstName = name
          this.#firstHandler = handler
        }
        return handler.call(handlers, payload)
      }
    }
    // Not remembered: from anybody else a message of that name is none.
    if (name === CHILD_FAILED && this.origin?.own === true) return handlers[name]?.(payload)
    const handler = handlers[name]
    if (typeof handler === 'function' && (name === lastFine || isFine(name, handler))) {
      this.remember(name, handler)
      return handler.call(handlers, payload)
    }
    if (handlers.unhandled !== undefined) return handlers.unhandled(name, payload)
    const origin = this.takeOrigin()
    this.undelivered('unhandled', origin ?? name, payload)
    return undefined
  }

  protected remember(name: string, handler: Handler): void {
    if (this.#firstHandler === noHandler) {
      this.#firstName = name
      this.#firstHandler = handler
      return
    }
    const { known } = this.ownWaiting
    if (known.length < MOST_KNOWN) known.push(name, handler)
  }

  protected answer(result: unknown): void {
    const origin = this.origin
    this.origin = null
    if (origin !== null) origin.settle(result)
  }

  protected handlerFailed(head: Head | null, error: Error): void {
    this.takeOrigin()?.fail(error, 'handler')
    if (head !== null) this.host.hooks?.handled(head, error)
    this.failed(error)
  }

  protected awaitTurn(promise: Promise<unknown>): void {
    const waiting = this.ownWaiting
    const { head, payload } = this.dispatcher
    waiting.busy = true
    this.hold()
    const turn = (waiting.turn ??= this.newPendingTurn())
    turn.head = (head as Head | undefined) ?? null
    turn.payload = payload
    turn.sinceMs = this.dispatcher.lastLookMs
    if (!turn.watched) this.host.pendingHandlers.add(turn)
    turn.number = this.dispatcher.turn
    promise.then(turn.onValue, turn.onReason)
  }

  protected newPendingTurn(): PendingTurn {
    return new PendingTurn(
      this,
      (turn, value) => {
        const { head } = turn
        if (this.continues(turn)) {
          this.answer(value)
          if (head !== null) this.host.hooks?.handled(head, null)
        }
        this.goOn()
      },
      (turn, error) => {
        const { head } = turn
        if (this.continues(turn)) this.handlerFailed(head, error)
        this.goOn()
      },
    )
  }

  /** Whether a handler of the present incarnation is pending, as `turn`. */
  isPending(turn: PendingTurn): boolean {
    const waiting = this.waiting
    return waiting !== null && waiting.busy && waiting.turn === turn
  }

  /** A pending handler has settled. @returns false when it belongs to an incarnation that is over */
  protected continues(turn: PendingTurn): boolean {
    const waiting = this.ownWaiting
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

  // The message being handled, as the context sees it

  /** Null where there is none: in the set-up, in clean-ups, outside of handlers, and once it was stashed. */
  get current(): Head | null {
    const turn = this.turnUnderWay
    if (turn !== null) return turn.head
    return this.dispatcher.running === this ? ((this.dispatcher.head as Head | undefined) ?? null) : null
  }

  get currentPayload(): unknown {
    const turn = this.turnUnderWay
    return turn === null ? this.dispatcher.payload : turn.payload
  }

  /** The turn of a handler that has returned its promise. */
  protected get turnUnderWay(): PendingTurn | null {
    const waiting = this.waiting
    return waiting !== null && waiting.busy && !waiting.aside ? waiting.turn : null
  }

  get currentOrigin(): Origin | null {
    return this.origin
  }

  /** Takes over the answer to the message being handled: the handler's result is no answer any more. */
  takeOrigin(): Origin | null {
    const origin = this.origin
    this.origin = null
    return origin
  }

  /** Messages set aside. */
  get stashed(): number {
    return this.waiting?.stash?.size ?? 0
  }

  /** Sets the message being handled aside, with whoever waits for its answer. There must be one. */
  stash(scope: { readonly live: boolean }): void {
    const head = setAside(this.current!, this.origin, scope)
    const payload = this.currentPayload
    this.origin = null
    // It is not at hand any more: it must not be set aside twice.
    const place = this.turnUnderWay ?? this.dispatcher
    place.head = null
    place.payload = undefined
    const stash = (this.ownWaiting.stash ??= new Fifo())
    stash.push(head, payload)
  }

  /** Everything set aside comes before all that waits, in its order. */
  unstash(): void {
    this.takeBack()
    this.goOn()
  }

  protected takeBack(): void {
    const waiting = this.waiting
    if (waiting === null || waiting.stash === null) return
    this.hold()
    waiting.front = joined(waiting.stash, waiting.front)
    waiting.stash = null
    // What is still in the ring goes behind.
    waiting.held ??= new Fifo()
    waiting.sift = true
  }

  become(handlers: object): void {
    this.#handlers = handlers as HandlerTable
    this.#firstName = NO_NAME
    this.#firstHandler = noHandler
    if (this.waiting !== null) this.waiting.known.length = 0
  }

  // For the life of the actor

  /** Its set-up has not returned handlers as yet, or its incarnation has ended. */
  protected get withoutHandlers(): boolean {
    return this.#handlers === NO_HANDLERS
  }

  /** The behaviour's object of handlers, for inspectors. */
  protected get handlers(): object {
    return this.#handlers
  }

  /** Name of the message whose handler is pending; null when none is. */
  get handling(): string | null {
    const waiting = this.waiting
    if (waiting === null || !waiting.busy || waiting.turn === null || waiting.turn.head === null) return null
    return nameOf(waiting.turn.head)
  }

  get busy(): boolean {
    const waiting = this.waiting
    return waiting !== null && (waiting.busy || (waiting.sideTurns !== null && waiting.sideTurns.size > 0))
  }

  /** Whatever handler is pending counts no more. */
  protected endTurn(): void {
    if (this.waiting !== null) {
      this.waiting.busy = false
      this.waiting.turn = null
      for (const { origin } of this.waiting.sideTurns ?? []) origin?.abandoned('stopped')
      this.waiting.sideTurns = null
    }
    this.takeOrigin()?.abandoned('stopped')
    this.takeBack()
    endAsksOf(this)
    this.become(NO_HANDLERS)
  }
}

function noHandler(): undefined {}
