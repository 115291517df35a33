import { type Cancellable, type Random, type Runtime, randomDispatch, type Scheduler } from '@troupe/core'
import { nanoidFrom } from '@troupe/core/testing'
import type { EventLoop } from './event-loop.ts'
import type { Process } from './process.ts'

const NOTHING: Cancellable = { cancel() {} }
/** Longer delays than a run can last: for a timer that is set to never fire. */
const NEVER_US = 2 ** 52

/**
 * The runtime of one simulated process: an ordinary one to whatever runs on it. When the process has crashed,
 * nothing it was to do is done, and nothing more can be given to it.
 *
 * @param random of this process alone
 * @param explores whether actors have their turns in any order instead of the one they became ready in
 */
export function simulatedRuntime(loop: EventLoop, process: Process, random: Random, explores: boolean): Runtime {
  return {
    clock: process.clock,
    scheduler: new SimulatedScheduler(loop, process),
    random: random.stream('random'),
    ids: nanoidFrom(random.stream('ids')),
    ...(explores ? { dispatch: randomDispatch(random.stream('dispatch')) } : {}),
  }
}

class SimulatedScheduler implements Scheduler {
  readonly #loop: EventLoop
  readonly #process: Process

  constructor(loop: EventLoop, process: Process) {
    this.#loop = loop
    this.#process = process
  }

  defer(task: () => void): void {
    if (this.#process.isAlive) this.#loop.defer(this.#process, task)
  }

  yield(task: () => void): void {
    if (this.#process.isAlive) this.#loop.at(this.#process, this.#loop.nowUs, task)
  }

  after(delayMs: number, task: () => void): Cancellable {
    if (!this.#process.isAlive) return NOTHING
    // Up, never down: what was to come later must not come earlier.
    const delayUs = Math.min(Math.ceil(delayMs * 1000), NEVER_US)
    return this.#loop.at(this.#process, this.#loop.nowUs + this.#process.clock.worldUs(delayUs), task)
  }
}
