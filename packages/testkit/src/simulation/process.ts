import type { Cancellable, Random } from '@troupe/core'
import type { EventQueue, Queued } from './event-queue.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** Of what is due at one instant, what is late by then goes first, and what is done from without. */
export const FIRST = 0
const IN_TIME = 1

/** One run of a program on a simulated machine, from its start to its crash. */
export class Process {
  readonly name: string
  /** Its number in the run, for the trace; 0 for whoever stands outside. */
  readonly number: number
  readonly clock: VirtualClock
  /** Who goes first at one instant; null: whoever was there first. */
  readonly #ties: Random | null
  /** False from its crash on: nothing of it runs any more. */
  isAlive = true
  /** The operating system gives it no time. */
  isPaused = false
  /** What each turn costs it, in us of the world's time. */
  turnUs = 0
  /** Until when the turn before keeps it busy. */
  busyUntilUs = 0
  /** What was due while it was paused, in order. */
  readonly backlog: Task[] = []

  constructor(name: string, number: number, clock: VirtualClock, ties: Random | null) {
    this.name = name
    this.number = number
    this.clock = clock
    this.#ties = ties
  }

  /** It is no machine of the run, but whoever stands outside. */
  get isOutside(): boolean {
    return this.number === 0
  }

  /** The place of its next turn among those of its instant. */
  nextTie(): number {
    if (this.#ties !== null) return this.#ties.next()
    return this.isOutside ? FIRST : IN_TIME
  }
}

/** A turn that a process is to have. */
export class Task implements Queued, Cancellable {
  slot = -1
  readonly process: Process
  readonly #queue: EventQueue<Task>
  #run: (() => void) | null

  constructor(process: Process, queue: EventQueue<Task>, run: () => void) {
    this.process = process
    this.#queue = queue
    this.#run = run
  }

  /** Runs, unless it was called off while it waited for its process. */
  run(): void {
    const run = this.#run
    this.#run = null
    run?.()
  }

  cancel(): void {
    this.#run = null
    this.#queue.remove(this)
  }
}
