import { is, requireOptions } from '../options.ts'
import { Fifo } from './fifo.ts'
import type { Mailbox, MailboxStrategy, MessageHead } from './mailbox.ts'

/** Which message comes first. */
export interface PriorityOptions {
  /**
   * How urgent a message is: any number, the lowest first. Called once per message, when that is sent. What it
   * throws on, or has no number for, comes last.
   */
  readonly of: (name: string, payload: unknown) => number
}

/**
 * An unbounded mailbox that hands out the most urgent message first, and those of one priority in the order they
 * were sent. Messages of different priority lose their order, also between one sender and one receiver, and under
 * constant load the less urgent ones wait for as long as it lasts.
 *
 * Timers and piped results of the actor's own are classified too. A watch notice comes after all that was queued
 * before it, so that nothing of the watched actor comes later; so does `stop` with `drain`.
 *
 * Cost: a few priorities cost little more than none; each message with a priority of its own, an instant say,
 * costs O(log n) and about 300 bytes.
 *
 * ```ts
 * system.spawn(job, { mailbox: priority({ of: (name) => (name === 'cancel' ? 0 : 1) }) })
 * ```
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function priority(options: PriorityOptions): MailboxStrategy {
  requireOptions('priority', options, { of: is.function })
  const { of } = options
  return { name: 'priority', create: () => new PriorityMailbox(of) }
}

/** Comes after every number that `of` may give to a message queued before. */
const LAST = Number.POSITIVE_INFINITY

class PriorityMailbox implements Mailbox {
  readonly #of: (name: string, payload: unknown) => number
  /** One queue per priority that something waits with. */
  readonly #queues = new Map<number, Fifo>()
  /** Those priorities as a binary heap, the lowest first. */
  readonly #heap: number[] = []
  #size = 0
  /** Where the message taken last came from. */
  #lane: Fifo = new Fifo()
  /** An empty queue for the next priority: a short mailbox would make one for each message. */
  #spare: Fifo | null = null

  constructor(of: (name: string, payload: unknown) => number) {
    this.#of = of
  }

  get size(): number {
    return this.#size
  }

  get full(): boolean {
    return false
  }

  get head(): unknown {
    return this.#lane.head
  }

  get payload(): unknown {
    return this.#lane.payload
  }

  push(head: MessageHead, payload: unknown): 'queued' {
    const priority = this.#priorityOf(head, payload)
    let queue = this.#queues.get(priority)
    if (queue === undefined) {
      queue = this.#spare ?? new Fifo()
      this.#spare = null
      this.#queues.set(priority, queue)
      siftUp(this.#heap, priority)
    }
    queue.push(head, payload)
    this.#size++
    return 'queued'
  }

  take(): boolean {
    if (this.#size === 0) return false
    const first = this.#heap[0]!
    const queue = this.#queues.get(first)!
    if (queue !== this.#lane) this.#lane.forget()
    queue.take()
    this.#lane = queue
    this.#size--
    if (queue.size === 0) {
      // At once: further down in the heap nobody would find it again.
      this.#queues.delete(first)
      removeFirst(this.#heap)
      this.#spare = queue
    }
    return true
  }

  forget(): void {
    this.#lane.forget()
  }

  #priorityOf(head: MessageHead, payload: unknown): number {
    try {
      if (typeof head === 'string') return asPriority(this.#of(head, payload))
      return head.last === true ? LAST : asPriority(this.#of(head.message, payload))
    } catch {
      // A sender is not to blame for it, and a message of the actor's own must be queued in any case.
      return LAST
    }
  }
}

function asPriority(value: unknown): number {
  return typeof value === 'number' && !Number.isNaN(value) ? value : LAST
}

function siftUp(heap: number[], value: number): void {
  let at = heap.length
  heap.push(value)
  while (at > 0) {
    const above = (at - 1) >> 1
    if (heap[above]! <= value) break
    heap[at] = heap[above]!
    at = above
  }
  heap[at] = value
}

function removeFirst(heap: number[]): void {
  const value = heap.pop()!
  if (heap.length === 0) return
  let at = 0
  for (;;) {
    let below = 2 * at + 1
    if (below >= heap.length) break
    if (below + 1 < heap.length && heap[below + 1]! < heap[below]!) below++
    if (heap[below]! >= value) break
    heap[at] = heap[below]!
    at = below
  }
  heap[at] = value
}
