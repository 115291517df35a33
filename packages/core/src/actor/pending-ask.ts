import { ActorFailedError, ReplyError } from '../errors.ts'
import { Deadline, type TimerQueue, type Uncounted } from '../runtime/timer-queue.ts'
import { ABANDONED, AskError, type AskFailureReason, type AskOutcome, codeOf, UNDELIVERED } from './ask.ts'
import type { DeadLetterReason } from './dead-letter.ts'
import { onAbort } from './on-abort.ts'
import type { AbandonReason, Origin } from './origin.ts'

/** Who is asked: a ref, which makes its path only when somebody wants to read it. */
export interface Asked {
  readonly path: string
  toString(): string
  /** The time on the node's clock. */
  nowMs(): number
  /** An answer came after the ask of `message` was over, since `endedMs` of the node's clock. */
  answeredLate(message: string, endedMs: number): void
}

/** The message may have reached a handler: decides between not-sent and unknown. */
const SENT = 1
/** Answered, failed or given up. */
const OVER = 2
/** Over, and not by an answer: whoever asked does not wait any more. */
const GIVEN_UP = 4
/** Its time is that of somebody who waits for the asker, not its own. */
const LIMITED = 8

/** What few asks have. */
class More {
  /** The name it was asked by, once a forward has given it another. */
  asked: string | null = null
  /** Stops listening to the caller's signal. */
  unlisten: (() => void) | null = null
  onEnd: (() => void) | null = null
  endedMs = 0
}

/** Ends an ask that was not over when its time began: most are. */
class AskDeadline extends Deadline {
  readonly #ask: PendingAsk

  constructor(ask: PendingAsk) {
    super()
    this.#ask = ask
  }

  expire(): void {
    this.#ask.expire(this.due)
  }
}

/**
 * One ask in flight on the asking side: a promise, a deadline and where the answer comes from. One is made per
 * ask, so it has few fields, and no `#methods`, which cost one: what few asks need is in objects of their own.
 */
export class PendingAsk implements Origin, Uncounted {
  message: string
  timeoutMs: number
  readonly #target: Asked
  #resolve: (value: unknown) => void = nobody
  #state = 0
  #more: More | null = null
  /** Null until its time has begun. */
  #deadline: AskDeadline | null = null

  constructor(target: Asked, message: string, timeoutMs: number) {
    this.message = message
    this.timeoutMs = timeoutMs
    this.#target = target
  }

  get own(): boolean {
    return false
  }

  get target(): string {
    return this.#target.toString()
  }

  /** The promise of the answer. To be called once. */
  answer(): Promise<unknown> {
    // A closure of its own: the engine knows it here, and calls it without the detour that a shared function takes.
    return new Promise<unknown>((resolve) => {
      this.#resolve = resolve
    })
  }

  /** Ends the ask when the caller's signal says so. */
  listen(signal: AbortSignal): void {
    const unlisten = onAbort(signal, () => this.giveUp('aborted', 'aborted by the caller', { cause: signal.reason }))
    if (unlisten !== null) this.rare.unlisten = unlisten
  }

  /** Its time begins now: for asks that take a look at the clock anyway. */
  startNow(timers: TimerQueue): void {
    this.#deadline = new AskDeadline(this)
    timers.add(this.#deadline, this.timeoutMs)
  }

  count(timers: TimerQueue, nowMs: number): void {
    if (this.settled) return
    this.#deadline = new AskDeadline(this)
    timers.addAt(this.#deadline, this.dueFrom(nowMs))
  }

  /** When it ends if its time begins at `nowMs`. */
  protected dueFrom(nowMs: number): number {
    return Math.ceil(nowMs + this.timeoutMs)
  }

  /** When its time is over, in whole ms of the node's clock; null while that is not known. */
  get dueMs(): number | null {
    return this.#deadline === null ? null : this.#deadline.due
  }

  /** It may wait for `leftMs` only, because somebody waits for the asker. */
  protected limit(leftMs: number): void {
    this.#state |= LIMITED
    this.timeoutMs = leftMs
  }

  /** Calls `task` once the ask is over, whichever way: frees what its carrier keeps for the answer. */
  atEnd(task: () => void): void {
    this.rare.onEnd = task
  }

  rename(name: string): void {
    this.rare.asked ??= this.message
    this.message = name
  }

  get settled(): boolean {
    return (this.#state & OVER) !== 0
  }

  /** Whether the message may have reached a handler. */
  get sent(): boolean {
    return (this.#state & SENT) !== 0
  }

  /** It is on its way: from here on nobody knows whether the handler has run. */
  markSent(): void {
    this.#state |= SENT
  }

  /** Whether it is over without an answer: what comes now comes too late. */
  get givenUp(): boolean {
    return (this.#state & GIVEN_UP) !== 0
  }

  begin(): boolean {
    this.#state |= SENT
    return (this.#state & OVER) === 0
  }

  remainingMs(): number | null {
    if (this.settled) return this.givenUp ? 0 : null
    const { dueMs } = this
    if (dueMs === null) return this.timeoutMs
    // The queue counts in whole ms, rounded up.
    return Math.min(this.timeoutMs, Math.max(0, dueMs - this.#target.nowMs()))
  }

  settle(value: unknown): void {
    if ((this.#state & OVER) !== 0) return this.answeredLate()
    this.finish()
    this.succeedWith(value)
  }

  fail(error: Error, reason: 'handler' | 'refused'): void {
    if (this.settled) return this.answeredLate()
    const cause = reason === 'handler' ? asFailure(this.#target.path, error) : asRefusal(error)
    this.reject('failed', reason, cause.message, { cause })
  }

  /** An answer has come that nobody waits for. */
  answeredLate(): void {
    // Of one that was answered before, no more than the first answer counts, and that is nothing to report.
    if (this.givenUp) this.#target.answeredLate(this.asked, this.rare.endedMs)
  }

  undelivered(reason: DeadLetterReason): boolean {
    this.reject('not-sent', reason, UNDELIVERED[reason])
    return true
  }

  abandoned(reason: AbandonReason): void {
    this.reject('unknown', reason, ABANDONED[reason])
  }

  expire(dueMs: number): void {
    const limited = (this.#state & LIMITED) !== 0
    const within = limited ? 'in the time left to whoever waits for the asker' : `within ${this.timeoutMs} ms`
    this.giveUp('timeout', `no reply ${within}; raise timeoutMs, or find what the actor is busy with`, undefined, dueMs)
  }

  /** Ends it from the asking side. */
  giveUp(
    reason: 'timeout' | 'aborted' | 'self-ask',
    detail: string,
    options?: ErrorOptions,
    endedMs: number = this.#target.nowMs(),
  ): void {
    if (this.settled) return
    this.rare.endedMs = endedMs
    this.#state |= GIVEN_UP
    this.reject(this.sent ? 'unknown' : 'not-sent', reason, detail, options)
  }

  reject(outcome: AskOutcome, reason: AskFailureReason, detail: string, options?: ErrorOptions): void {
    if (this.settled) return
    this.finish()
    this.failWith(() => new AskError(this.target, this.asked, outcome, reason, detail, options))
  }

  /** Answers whoever waits. */
  protected succeedWith(value: unknown): void {
    this.#resolve(value)
  }

  /** Fails whoever waits. */
  protected failWith(makeError: () => AskError): void {
    this.#resolve(failing(makeError))
  }

  /** It is over: whatever was kept for it goes. */
  protected finish(): void {
    this.#state |= OVER
    if (this.#deadline !== null) this.#deadline.cancel()
    if (this.#more !== null) this.release(this.#more)
  }

  protected release(more: More): void {
    if (more.onEnd !== null) more.onEnd()
    if (more.unlisten !== null) more.unlisten()
    // The name is needed for messages.
    more.onEnd = null
    more.unlisten = null
  }

  protected get asked(): string {
    return this.#more?.asked ?? this.message
  }

  protected get rare(): More {
    this.#more ??= new More()
    return this.#more
  }
}

function nobody(): void {}

/**
 * Rejects two turns of the microtask queue later: by then the engine knows who awaits it, and the error's stack
 * names the caller of `ask` instead of the timer or the handler that ended it.
 */
export async function failing(makeError: () => Error): Promise<never> {
  await undefined
  await undefined
  throw makeError()
}

/** An error as seen by an asker: what was thrown, wrapped once. */
function asFailure(path: string, error: Error): ActorFailedError {
  return error instanceof ActorFailedError
    ? error
    : new ActorFailedError(path, error.message, error.name, codeOf(error), { cause: error })
}

function asRefusal(error: Error): ReplyError {
  return error instanceof ReplyError
    ? error
    : new ReplyError(error.message, error.name, codeOf(error), { cause: error })
}
