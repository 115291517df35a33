import { toError } from '../errors.ts'
import { RUNNING } from './life-state.ts'
import { type NestedAsk, NO_TURN } from './nested-ask.ts'
import { type Head, nameOf, type Origin, originOf } from './origin.ts'
import { promiseOf } from './promise-of.ts'
import { Turns } from './turns.ts'
import { SideTurn } from './waiting.ts'

/** Handles messages beside a pending handler, where the behaviour says that they may; and asks others on its behalf. */
export abstract class SideTurns extends Turns {
  protected handleBeside(head: Head, payload: unknown): void {
    const origin = originOf(head)
    if (origin !== null && !origin.begin()) return
    const { dispatcher } = this
    const waiting = this.ownWaiting
    const pending = this.origin
    dispatcher.head = head
    dispatcher.payload = payload
    this.origin = origin
    waiting.aside = true
    let result: unknown
    let failure: Error | null = null
    try {
      result = this.lookUp(nameOf(head), payload)
    } catch (thrown) {
      failure = toError(thrown)
    }
    const answerTo = this.takeOrigin()
    waiting.aside = false
    this.origin = pending
    const promise = promiseOf(result)
    if (promise !== null) return this.awaitBeside(promise, head, answerTo)
    if (failure === null) answerTo?.settle(result)
    else answerTo?.fail(failure, 'handler')
    this.host.hooks?.handled(head, failure)
    if (failure !== null) this.failed(failure)
  }

  protected awaitBeside(promise: Promise<unknown>, head: Head, origin: Origin | null): void {
    const waiting = this.ownWaiting
    const turn = new SideTurn(this, head, origin, this.dispatcher.lastLookMs)
    waiting.sideTurns ??= new Set()
    waiting.sideTurns.add(turn)
    this.host.pendingHandlers.add(turn)
    promise.then(
      (value) => {
        if (!this.endsBeside(turn)) return
        origin?.settle(value)
        this.host.hooks?.handled(head, null)
      },
      (reason) => {
        if (!this.endsBeside(turn)) return
        const error = toError(reason)
        origin?.fail(error, 'handler')
        this.host.hooks?.handled(head, error)
        this.failed(error)
      },
    )
  }

  /** Whether that handler is pending still. */
  isPendingBeside(turn: SideTurn): boolean {
    return this.waiting !== null && this.waiting.sideTurns !== null && this.waiting.sideTurns.has(turn)
  }

  protected endsBeside(turn: SideTurn): boolean {
    if (this.waiting === null || !this.waiting.sideTurns?.delete(turn)) {
      this.host.report({ type: 'stale-result', path: this.path })
      return false
    }
    if (this.state !== RUNNING) this.turnEnded()
    return true
  }

  // Asking others

  get newestAsk(): NestedAsk | null {
    return this.waiting === null ? null : this.waiting.newestAsk
  }

  set newestAsk(ask: NestedAsk | null) {
    this.ownWaiting.newestAsk = ask
  }

  get pendingTurn(): number {
    const waiting = this.waiting
    // What is asked beside the pending turn is none of that one's.
    return waiting !== null && waiting.busy && !waiting.aside ? waiting.turn!.number : NO_TURN
  }

  get pendingHead(): Head {
    const waiting = this.waiting
    return waiting !== null && waiting.busy ? (waiting.turn!.head ?? '') : ''
  }

  /** Calls `ask` as if in the handler under way: whoever is asked knows for which message, and by whom. */
  asking<T>(ask: () => T): T {
    const { dispatcher } = this
    const { running, head } = dispatcher
    if (running === this && (!this.busy || this.waiting!.aside)) return ask()
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
}
