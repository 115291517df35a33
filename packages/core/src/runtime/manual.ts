import { nanoidFrom } from './ids.ts'
import { SeededRandom } from './random.ts'
import type { Runtime } from './runtime.ts'
import type { Cancellable } from './scheduler.ts'

/** A runtime whose time stands still until a test moves it. */
export interface ManualRuntime extends Runtime {
  /**
   * Moves time on by `ms`, running each task at its own instant and in order, and waits after each
   * for the promises it woke. Tasks scheduled meanwhile run too when they are due by then.
   */
  advance(ms: number): Promise<void>
  /** Lets everything run that is due now: deferred tasks, yielded tasks, promises. Moves no time. */
  settle(): Promise<void>
}

/** @param seed of `random` and `ids`: equal seeds, equal runs */
export function manualRuntime(seed = 1): ManualRuntime {
  const random = new SeededRandom(seed)
  const agenda = new Agenda()
  return {
    clock: { now: () => agenda.nowMs, wall: () => WALL_START_MS + agenda.nowMs },
    scheduler: {
      defer: (task) => void Promise.resolve().then(task),
      yield: (task) => void agenda.add(0, task),
      after: (delayMs, task) => agenda.add(delayMs, task),
    },
    random,
    ids: nanoidFrom(random),
    advance: (ms) => agenda.advance(ms),
    settle: () => agenda.advance(0),
  }
}

/** 2020-01-01T00:00:00Z: a wall clock that is plainly not today's. */
const WALL_START_MS = 1_577_836_800_000

interface Entry extends Cancellable {
  readonly atMs: number
  readonly task: () => void
}

class Agenda {
  nowMs = 0
  #entries: Entry[] = []

  add(delayMs: number, task: () => void): Entry {
    const entry: Entry = {
      atMs: this.nowMs + Math.max(0, delayMs),
      task,
      cancel: () => {
        this.#entries = this.#entries.filter((other) => other !== entry)
      },
    }
    this.#entries.push(entry)
    return entry
  }

  async advance(ms: number): Promise<void> {
    const until = this.nowMs + ms
    await drainPromises()
    for (let due = this.#takeDue(until); due !== null; due = this.#takeDue(until)) {
      this.nowMs = due.atMs
      due.task()
      await drainPromises()
    }
    this.nowMs = until
  }

  #takeDue(until: number): Entry | null {
    let first: Entry | null = null
    // Strictly earlier only: of two at one instant, the one added first goes first.
    for (const entry of this.#entries)
      if (entry.atMs <= until && (first === null || entry.atMs < first.atMs)) first = entry
    first?.cancel()
    return first
  }
}

/** Promise reactions all run before a macrotask does, however long their chains are. */
function drainPromises(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
