import type { Fifo } from '../mailbox/fifo.ts'
import type { DeadLetterReason } from './dead-letter.ts'
import { type Head, nameOf, type Origin } from './origin.ts'

/** How a message is queued in a stash: with whoever waits for its answer, or whatever of the actor's own it is. */
export function setAside(head: Head, origin: Origin | null, scope: { readonly live: boolean }): Head {
  // Its answer has been given, or taken over: from here on it is like one that was told.
  if (origin === null) return nameOf(head)
  if (origin instanceof StashedOwn) return origin
  return origin.own ? new StashedOwn(origin, scope) : origin
}

/** `first` and behind it what is left of `rest`. Costs a step per message of `rest`. */
export function joined(first: Fifo, rest: Fifo | null): Fifo {
  if (rest !== null) while (rest.take()) first.push(rest.head, rest.payload)
  return first
}

/**
 * A tick, a notice or a piped result in a stash. A stash outlives its incarnation, such a message does not; and
 * one that is called off while it is there is not handled any more.
 */
class StashedOwn implements Origin {
  message: string
  readonly #origin: Origin
  readonly #scope: { readonly live: boolean }

  constructor(origin: Origin, scope: { readonly live: boolean }) {
    this.message = origin.message
    this.#origin = origin
    this.#scope = scope
  }

  get own(): boolean {
    return true
  }

  begin(): boolean {
    return this.#scope.live && this.#origin.begin()
  }

  settle(value: unknown): void {
    this.#origin.settle(value)
  }

  fail(error: Error, reason: 'handler' | 'refused'): void {
    this.#origin.fail(error, reason)
  }

  abandoned(): void {}

  undelivered(reason: DeadLetterReason): boolean {
    return this.#origin.undelivered(reason)
  }

  remainingMs(): null {
    return null
  }
}
