import type { CellEvent, PendingHandler, PendingHandlers } from '../actor/cell-host.ts'
import type { Runtime } from '../runtime/runtime.ts'

/** Looks per limit: a handler is reported at most a quarter of the limit late. */
const LOOKS = 4

/**
 * Finds handlers whose promise stays pending. One timer for all, and only while something was pending lately:
 * a handler that is done in time costs a comparison, and a synchronous one nothing.
 */
export class StuckHandlers implements PendingHandlers {
  readonly #limitMs: number
  readonly #runtime: Pick<Runtime, 'clock' | 'scheduler'>
  readonly #report: (event: CellEvent) => void
  /** Those that were pending at some time since the last look, and their actors' next handlers after them. */
  #watched: PendingHandler[] = []
  /** Since when those are pending that have been reported. */
  readonly #reported = new Map<PendingHandler, number>()
  #looking = false
  #closed = false

  constructor(limitMs: number, runtime: Pick<Runtime, 'clock' | 'scheduler'>, report: (event: CellEvent) => void) {
    this.#limitMs = limitMs
    this.#runtime = runtime
    this.#report = report
  }

  add(handler: PendingHandler): void {
    if (this.#closed) return
    handler.watched = true
    this.#watched.push(handler)
    if (this.#looking) return
    this.#looking = true
    this.#lookLater()
  }

  /** Looks no more. */
  close(): void {
    this.#closed = true
    this.#watched = []
    this.#reported.clear()
  }

  #lookLater(): void {
    // In the background: a promise that nothing will settle keeps no process alive, and neither do we.
    this.#runtime.scheduler.after(this.#limitMs / LOOKS, () => this.#look(), true)
  }

  #look(): void {
    const nowMs = this.#runtime.clock.now()
    const before = this.#watched
    this.#watched = []
    for (const handler of before) {
      const message = handler.pending
      if (message === null) {
        handler.watched = false
        this.#reported.delete(handler)
        continue
      }
      this.#watched.push(handler)
      const pendingMs = nowMs - handler.sinceMs
      if (pendingMs < this.#limitMs || this.#reported.get(handler) === handler.sinceMs) continue
      this.#reported.set(handler, handler.sinceMs)
      const { path, queued } = handler
      this.#report({ type: 'stuck-handler', path, message, pendingMs, queued })
    }
    this.#looking = this.#watched.length > 0
    if (this.#looking) this.#lookLater()
  }
}
