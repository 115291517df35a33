import { nanoidFrom } from './ids.ts'
import { MessageTurns } from './message-turns.ts'
import { drawBelow, hash32, type Random, SeededRandom } from './random.ts'
import type { Runtime } from './runtime.ts'
import type { Cancellable, Scheduler } from './scheduler.ts'

/** The host's clock, event loop and entropy. */
export function hostRuntime(): Runtime {
  const random = new HostRandom()
  // Looked up once: the global is a getter, and costs as much as the clock itself.
  const { performance } = globalThis
  return {
    clock: { now: () => performance.now(), wall: () => Date.now() },
    scheduler: new HostScheduler(),
    random,
    ids: nanoidFrom(random),
  }
}

const resolved = Promise.resolve()
/** Node rounds longer delays down to 1 ms: 2^31 - 1 is the most a host timer takes. */
const MAX_DELAY_MS = 2 ** 31 - 1

class HostScheduler implements Scheduler {
  /** Browsers have no `setImmediate`. */
  readonly #turns = typeof setImmediate === 'function' ? null : new MessageTurns(new MessageChannel())

  defer(task: () => void): void {
    // A settled promise's reaction is the cheapest way to the end of a turn: 52 ns, queueMicrotask 158.
    void resolved.then(task)
  }

  yield(task: () => void): void {
    if (this.#turns === null) setImmediate(task)
    else this.#turns.add(task)
  }

  after(delayMs: number, task: () => void, background = false): Cancellable {
    const timer = setTimeout(task, Math.min(delayMs, MAX_DELAY_MS))
    // Browsers have numbers for timers, and no process that could end.
    if (background && typeof timer === 'object') timer.unref()
    return { cancel: () => clearTimeout(timer) }
  }
}

class HostRandom implements Random {
  readonly #words = new Uint32Array(256)
  #used = 256

  next(): number {
    if (this.#used === this.#words.length) {
      crypto.getRandomValues(this.#words)
      this.#used = 0
    }
    return this.#words[this.#used++]!
  }

  below(bound: number): number {
    return drawBelow(bound, this)
  }

  stream(name: string): Random {
    return new SeededRandom(hash32(name, this.next()))
  }
}
