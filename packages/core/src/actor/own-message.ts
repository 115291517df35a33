import type { Origin } from './origin.ts'

/**
 * Behind a message that an actor sends to itself: it counts only for the incarnation it was made in, nobody
 * waits for its answer, and it leaves no dead letter.
 */
export class OwnMessage implements Origin {
  message: string
  readonly #scope: { readonly live: boolean }

  constructor(message: string, scope: { readonly live: boolean }) {
    this.message = message
    this.#scope = scope
  }

  get own(): boolean {
    return true
  }

  begin(): boolean {
    return this.#scope.live
  }

  settle(): void {}
  fail(): void {}
  abandoned(): void {}

  undelivered(): boolean {
    return false
  }

  remainingMs(): null {
    return null
  }
}
