import { toError } from '../errors.ts'
import type { Fifo } from '../mailbox/fifo.ts'
import type { Mailbox } from '../mailbox/mailbox.ts'
import type { PendingHandler } from './cell-host.ts'
import { type NestedAsk, NO_TURN } from './nested-ask.ts'
import type { OfferLine } from './offer.ts'
import { type Head, nameOf, type Origin } from './origin.ts'

/** Queue length at which the first `high-water` event is reported; then at each doubling, and anew once it has shrunk. */
export const HIGH_WATER = 1000

export type Handler = (payload: unknown) => unknown

/** What a pending turn says of its actor. */
interface TurnOwner {
  readonly path: string
  readonly queued: number
  isPending(turn: PendingTurn): boolean
}

/** The promise of a handler under way. Made once per incarnation that has such handlers, then used again. */
export class PendingTurn implements PendingHandler {
  readonly #actor: TurnOwner
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
    actor: TurnOwner,
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

/** What a turn beside a pending one says of its actor. */
interface SideTurnOwner {
  readonly path: string
  readonly queued: number
  isPendingBeside(turn: SideTurn): boolean
}

/** The promise of a handler that runs beside the one that the mailbox waits for. */
export class SideTurn implements PendingHandler {
  readonly #actor: SideTurnOwner
  readonly #head: Head
  readonly origin: Origin | null
  readonly sinceMs: number
  watched = false

  constructor(actor: SideTurnOwner, head: Head, origin: Origin | null, sinceMs: number) {
    this.#actor = actor
    this.#head = head
    this.origin = origin
    this.sinceMs = sinceMs
  }

  get path(): string {
    return this.#actor.path
  }

  get pending(): string | null {
    return this.#actor.isPendingBeside(this) ? nameOf(this.#head) : null
  }

  get queued(): number {
    return this.#actor.queued
  }
}

/** What an actor has besides once the ring alone will not do, or its handlers are more than one. */
export class Waiting {
  /** A handler's promise is pending: nothing else runs in this actor. */
  busy = false
  suspended = false
  /** The synchronous part of a handler runs beside the pending one. */
  aside = false
  sideTurns: Set<SideTurn> | null = null
  /** Something may be queued that need not wait for the handler under way. */
  sift = false
  visitPosted = false
  besidePosted = false
  turn: PendingTurn | null = null
  /** Set aside by the actor itself, until it wants them back. */
  stash: Fifo | null = null
  /** Back from the stash: the oldest of all that wait. Never without `held`. */
  front: Fifo | null = null
  /** Need not wait for the handler under way. */
  beside: Fifo | null = null
  held: Fifo | null = null
  newestAsk: NestedAsk | null = null
  mailbox: Mailbox | null = null
  /** The same where nothing else has a say in what becomes of a message: no hook and no interleaving. */
  plain: Mailbox | null = null
  /** Who waits for room in the mailbox. */
  offers: OfferLine | null = null
  highWater: number = HIGH_WATER
  /** Handlers called lately, names and handlers in turn: for actors that get a few messages by turns. */
  readonly known: (string | Handler)[] = []
}

/** Messages in all its queues. */
export function waitingIn({ front, beside, held, mailbox }: Waiting): number {
  let count = mailbox === null ? 0 : mailbox.size
  if (held !== null) count += held.size
  if (beside !== null) count += beside.size
  if (front !== null) count += front.size
  return count
}

/** Takes the message that has waited longest. @returns the queue it was in, which has it; null when none waits */
export function nextQueue(waiting: Waiting): Fifo | Mailbox | null {
  if (waiting.front !== null) {
    if (waiting.front.take()) return waiting.front
    waiting.front = null
  }
  if (waiting.beside?.take()) return waiting.beside
  if (waiting.held !== null) {
    if (waiting.held.take()) return waiting.held
    waiting.held = null
  }
  return waiting.mailbox?.take() ? waiting.mailbox : null
}
