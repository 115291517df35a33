import type { DeadLetterReason } from '../actor/dead-letter.ts'

/** A message on its way, as interceptors see it: the same object from `sent` to the end, good as a key. */
export interface InterceptedMessage {
  /** 1 and up, in the order of sending; never the same twice on one node. */
  readonly id: number
  /**
   * The message during whose handling this one was sent, by its id; null for one sent from outside any handler.
   * A handler is known until its first `await`.
   */
  readonly causeId: number | null
  /** Own: what an actor sends itself by its context, such as timers, notices of watches and results of pipes. */
  readonly kind: 'tell' | 'ask' | 'own'
  /** Path of the actor it is for; with the address where that is another node. */
  readonly target: string
  readonly name: string
  /** Not to be changed. */
  readonly payload: unknown
}

/** How the handling of a message ended. */
export interface HandlingResult {
  /**
   * `completed`: the handler has ended. `failed`: it threw or rejected. `refused`: it answered with an error on
   * purpose. `abandoned`: its actor ended first.
   */
  readonly outcome: 'completed' | 'failed' | 'refused' | 'abandoned'
  /** From the call of the handler to the end of what it returned, or to its answer if that was earlier, in ms. */
  readonly tookMs: number
  /** What the handler threw or answered with; null otherwise. */
  readonly error: Error | null
}

/** Why a message never reaches a handler: like a dead letter, or because nobody wants it any more. */
export type DropReason = DeadLetterReason | 'called-off'

/**
 * Watches the messages of a node, for tracing, metrics and tests: it cannot change, delay or stop any. What it
 * throws is reported as an event and concerns nobody else; what it sends itself is not shown to interceptors.
 * With one or more, a message costs about 0.2 us more.
 *
 * Each message is `sent`, then either `handling` and `handled`, or `dropped`; a message for another node is `sent`
 * here, and all of it there. Of several interceptors the first is told first of what begins (`sent`, `handling`)
 * and last of what ends. Messages among actors of the runtime itself, below `/system`, are not shown.
 */
export interface Interceptor {
  /** For reports. Default `interceptor` and its place in the list. */
  readonly name?: string
  /** A message is about to be queued, or to leave for another node. */
  sent?(message: InterceptedMessage): void
  /** Its handler is about to be called. */
  handling?(message: InterceptedMessage): void
  /** Its handler has ended; after that a deferred answer may still come. */
  handled?(message: InterceptedMessage, result: HandlingResult): void
  /** It will reach no handler. */
  dropped?(message: InterceptedMessage, reason: DropReason): void
}

type Step = 'sent' | 'handling' | 'handled' | 'dropped'

/** The interceptors of a system, in order. */
export class Interceptors {
  readonly #list: readonly Interceptor[]
  readonly #onError: (interceptor: string, step: Step, thrown: unknown) => void
  #calling = false

  constructor(list: readonly Interceptor[], onError: (interceptor: string, step: Step, thrown: unknown) => void) {
    this.#list = list
    this.#onError = onError
  }

  /** Whether one of them is under way: what it sends is its own affair, or there would be no end. */
  get calling(): boolean {
    return this.#calling
  }

  sent(message: InterceptedMessage): void {
    this.#each('sent', false, (interceptor) => interceptor.sent?.(message))
  }

  handling(message: InterceptedMessage): void {
    this.#each('handling', false, (interceptor) => interceptor.handling?.(message))
  }

  handled(message: InterceptedMessage, result: HandlingResult): void {
    this.#each('handled', true, (interceptor) => interceptor.handled?.(message, result))
  }

  dropped(message: InterceptedMessage, reason: DropReason): void {
    this.#each('dropped', true, (interceptor) => interceptor.dropped?.(message, reason))
  }

  #each(step: Step, backwards: boolean, call: (interceptor: Interceptor) => void): void {
    const list = this.#list
    // A step may be part of another one: a full mailbox drops the oldest message while the next is sent.
    const outer = this.#calling
    this.#calling = true
    for (let i = 0; i < list.length; i++) {
      const at = backwards ? list.length - 1 - i : i
      const interceptor = list[at]!
      try {
        call(interceptor)
      } catch (thrown) {
        this.#onError(interceptor.name ?? `interceptor ${at + 1}`, step, thrown)
      }
    }
    this.#calling = outer
  }
}
