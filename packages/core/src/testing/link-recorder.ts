import type { Scheduler } from '../runtime/scheduler.ts'
import type { CloseCode, Link, LinkHandlers } from '../transport/transport.ts'

/** Keeps what a link tells its handlers, and lets a test wait for it. */
export class LinkRecorder implements LinkHandlers {
  readonly link: Link
  readonly frames: Uint8Array[] = []
  /** One `code: reason` per call of `close`; more than one is a fault of the transport. */
  readonly endings: string[] = []
  drains = 0
  /** Calls that came after `close`; anything but 0 is a fault of the transport. */
  callsAfterEnd = 0
  /** Called with each frame after it was kept. */
  onFrame: (bytes: Uint8Array) => void = () => {}
  readonly #scheduler: Scheduler
  #waiting: Waiting[] = []

  /** Does not open the link: `link.open(recorder)` is for the test to place. */
  constructor(link: Link, scheduler: Scheduler) {
    this.link = link
    this.#scheduler = scheduler
  }

  frame(bytes: Uint8Array): void {
    this.#count()
    this.frames.push(bytes)
    this.#wake()
    this.onFrame(bytes)
  }

  drain(): void {
    this.#count()
    this.drains++
    this.#wake()
  }

  close(code: CloseCode, reason: string): void {
    this.#count()
    this.endings.push(`${code}: ${reason}`)
    this.#wake()
  }

  /** Resolves once `condition` holds, which is looked at after each call of a handler; rejects after 20 s. */
  until(what: string, condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve()
    const happened = new Promise<void>((resolve) => this.#waiting.push({ condition, resolve }))
    const seen = () =>
      `${this.frames.length} frames, ${this.drains} drains, endings: ${this.endings.join(', ') || 'none'}`
    return within(this.#scheduler, happened, () => `${what}; the link to ${this.link.peer} had ${seen()}`)
  }

  /** Resolves with the first ending. */
  async ended(): Promise<string> {
    await this.until('the link to end', () => this.endings.length > 0)
    return this.endings[0]!
  }

  #count(): void {
    if (this.endings.length > 0) this.callsAfterEnd++
  }

  #wake(): void {
    for (const waiting of this.#waiting) if (waiting.condition()) waiting.resolve()
    this.#waiting = this.#waiting.filter((waiting) => !waiting.condition())
  }
}

interface Waiting {
  readonly condition: () => boolean
  readonly resolve: () => void
}

/** `promise`, or after 20 s a rejection that says what was waited for: a hanging test says nothing. */
export function within<T>(scheduler: Scheduler, promise: Promise<T>, what: () => string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = scheduler.after(PATIENCE_MS, () => reject(new Error(`waited ${PATIENCE_MS} ms for ${what()}`)))
    promise.then(resolve, reject).finally(() => timer.cancel())
  })
}

/** Far above what any of it takes, for machines that stall. */
const PATIENCE_MS = 20_000
