import { given, is, requireOptions } from '../options.ts'
import { Fifo } from './fifo.ts'
import type { Mailbox, MailboxStrategy, MessageHead, Pushed } from './mailbox.ts'
import { Ring } from './ring.ts'

/** What a bounded mailbox does with a message for which there is no room. */
export type Overflow =
  /** That message becomes a dead letter. */
  | 'drop-newest'
  /** The message that has waited longest becomes a dead letter, and the new one is queued. */
  | 'drop-oldest'
  /** The sender is told: `tell` returns false. */
  | 'reject'
  /** That message becomes a dead letter, and the actor fails with `MailboxFullError`. */
  | 'fail'

const OVERFLOWS: readonly Overflow[] = ['drop-newest', 'drop-oldest', 'reject', 'fail']

/** How many messages may wait, and what becomes of more. */
export interface BoundedOptions {
  /** Most messages that may wait: an integer of at least 1. The actor's own are not counted. */
  readonly capacity: number
  /** What becomes of one more. Default `reject`: the only policy that loses nothing unsaid. */
  readonly overflow?: Overflow
}

/**
 * A first-in first-out mailbox of at most `capacity` messages. Timers, watch notices and piped results of the
 * actor's own are neither counted nor dropped nor turned down, and keep their place in the order.
 *
 * Every message it loses is a dead letter `mailbox-full`; an ask it loses fails at once with `AskError`, outcome
 * `not-sent`. `ref.offer` waits for room. Memory grows with what waits, not with `capacity`.
 *
 * ```ts
 * system.spawn(writer, { mailbox: bounded({ capacity: 1_000, overflow: 'drop-oldest' }) })
 * ```
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function bounded(options: BoundedOptions): MailboxStrategy {
  requireOptions('bounded', options, { capacity: is.integer(1) }, { overflow: is.oneOf(...OVERFLOWS) })
  const settings: Required<BoundedOptions> = { overflow: 'reject', ...given(options) }
  return {
    name: `bounded(${settings.capacity}, ${settings.overflow})`,
    create: (onDropped) => new BoundedMailbox(settings, onDropped),
  }
}

/** Messages of the actor's own, each with its place among those that are counted. */
class OwnLane extends Fifo {
  /** How many counted messages come before it, since the mailbox was made. */
  readonly #places = new Ring<number>()

  add(head: MessageHead, payload: unknown, place: number): void {
    this.push(head, payload)
    this.#places.push(place)
  }

  /** @returns false when a counted message comes first, of which `passed` are gone, or none is there */
  takeAt(passed: number): boolean {
    if (this.size === 0 || this.#places.peek()! > passed) return false
    this.#places.shift()
    return this.take()
  }
}

class BoundedMailbox extends Fifo implements Mailbox {
  readonly #capacity: number
  readonly #overflow: Overflow
  readonly #onDropped: (head: MessageHead, payload: unknown) => void
  /** Most actors send themselves nothing. */
  #own: OwnLane | null = null
  /** Counted messages that are here no more, since the mailbox was made. */
  #passed = 0

  constructor(
    { capacity, overflow }: Required<BoundedOptions>,
    onDropped: (head: MessageHead, payload: unknown) => void,
  ) {
    super()
    this.#capacity = capacity
    this.#overflow = overflow
    this.#onDropped = onDropped
  }

  override get size(): number {
    return this.#own === null ? this.count : this.count + this.#own.size
  }

  get full(): boolean {
    return this.count >= this.#capacity
  }

  override push(head: MessageHead, payload: unknown): Pushed {
    if (typeof head !== 'string' && head.own) {
      this.#own ??= new OwnLane()
      this.#own.add(head, payload, this.#passed + this.count)
      return 'queued'
    }
    if (this.count >= this.#capacity) return this.#overflowed(head, payload)
    super.push(head, payload)
    return 'queued'
  }

  override take(): boolean {
    if (this.#own !== null && this.#own.takeAt(this.#passed)) return this.#takenFrom(this.#own)
    if (!super.take()) return false
    this.#passed++
    return true
  }

  #takenFrom(lane: OwnLane): true {
    this.head = lane.head
    this.payload = lane.payload
    lane.forget()
    return true
  }

  #overflowed(head: MessageHead, payload: unknown): Pushed {
    switch (this.#overflow) {
      case 'drop-newest':
        return 'dropped'
      case 'reject':
        return 'rejected'
      case 'fail':
        return 'failed'
      case 'drop-oldest':
        this.#replaceOldest(head, payload)
        return 'queued'
    }
  }

  #replaceOldest(head: MessageHead, payload: unknown): void {
    const { head: takenHead, payload: takenPayload } = this
    super.take()
    const oldestHead = this.head as MessageHead
    const oldestPayload = this.payload
    this.head = takenHead
    this.payload = takenPayload
    this.#passed++
    super.push(head, payload)
    this.#onDropped(oldestHead, oldestPayload)
  }
}
