import { codeOf } from '../actor/ask.ts'
import type { DeadLetterReason } from '../actor/dead-letter.ts'
import type { AbandonReason, Origin } from '../actor/origin.ts'
import { describe } from '../errors.ts'
import type { Clock } from '../runtime/clock.ts'
import type { AnswerRoute, Question } from './answer-route.ts'
import { Kind } from './wire.ts'
import type { WireReason } from './wire-failure.ts'

/** Longest text of a failure that travels, in characters: some errors carry whole responses in theirs. */
const MAX_TEXT = 16 * 1024

/** Behind a message that an actor of another node asked: carries the answer back over the link it came from. */
export class RemoteReply implements Origin {
  message: string
  /** Who was asked, for reports. */
  readonly #target: string
  readonly #route: AnswerRoute
  readonly #clock: Clock
  readonly #correlation: number
  readonly #deadlineMs: number
  #answered = false

  constructor(target: string, message: string, route: AnswerRoute, clock: Clock, correlation: number, ttlMs: number) {
    this.#target = target
    this.message = message
    this.#route = route
    this.#clock = clock
    this.#correlation = correlation
    this.#deadlineMs = clock.now() + ttlMs
  }

  get own(): boolean {
    return false
  }

  /** An ask whose time is over has failed on the asking side: handling it would be work for nobody. */
  begin(): boolean {
    return this.#clock.now() < this.#deadlineMs
  }

  remainingMs(): number | null {
    return this.#answered ? null : Math.max(0, this.#deadlineMs - this.#clock.now())
  }

  settle(value: unknown): void {
    this.#answered = true
    this.#route.reply(this.#correlation, value, this.#asked)
  }

  fail(error: Error, reason: 'handler' | 'refused'): void {
    this.#send(reason, error)
  }

  abandoned(reason: AbandonReason): void {
    this.#send(`abandoned:${reason}`, null)
  }

  undelivered(reason: DeadLetterReason): boolean {
    this.#send(`undelivered:${reason}`, null)
    return true
  }

  #send(reason: WireReason, error: Error | null): void {
    this.#answered = true
    const cause = error === null ? (['', '', null] as const) : causeOf(error)
    this.#route.fail([Kind.failure, this.#correlation, reason, ...cause], this.#asked)
  }

  get #asked(): Question {
    return { target: this.#target, message: this.message }
  }
}

function causeOf(error: Error): [message: string, name: string, code: string | null] {
  const code = codeOf(error)
  return [text(error.message), text(error.name), code === null ? null : text(code)]
}

/** Nothing keeps code from setting a message or a name to something else than text. */
function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_TEXT) : describe(value)
}
