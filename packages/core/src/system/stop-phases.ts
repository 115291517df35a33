import { InvalidOptionError, SystemStoppedError, toError } from '../errors.ts'
import type { TimerQueue } from '../runtime/timer-queue.ts'

/**
 * When a task of the stop runs.
 *
 * - `before-stop`: actors and connections still work, though `system.spawn` starts nothing any more; for leaving
 *   registries, refusing new work, finishing what is begun.
 * - `actors-stopped`: every actor below `/user` has ended; other nodes are still connected.
 * - `connections-closed`: this node is alone; for files and pools.
 */
export type StopPhase = 'before-stop' | 'actors-stopped' | 'connections-closed'

/** A step of the stop that was given up: it threw, rejected, or took longer than it may. */
export interface StopTaskFailed {
  readonly type: 'stop-task-failed'
  /** Where in the stop: one of the phases, or what the runtime itself does between them. */
  readonly phase: StopPhase | 'connections' | 'extensions'
  readonly task: string
  readonly error: Error
}

type Task = () => void | Promise<void>

export const STOP_PHASES: readonly StopPhase[] = ['before-stop', 'actors-stopped', 'connections-closed']

/** What is to be done when a system stops, by phases, and for how long it may take. */
export class StopPhases {
  readonly #system: string
  readonly #timers: TimerQueue
  readonly #limitMs: number
  readonly #report: (event: StopTaskFailed) => void
  readonly #tasks = new Map<StopPhase, Set<{ readonly name: string; readonly task: Task }>>(
    STOP_PHASES.map((phase) => [phase, new Set()]),
  )
  readonly #over = new Set<StopPhase>()

  constructor(system: string, timers: TimerQueue, limitMs: number, report: (event: StopTaskFailed) => void) {
    this.#system = system
    this.#timers = timers
    this.#limitMs = limitMs
    this.#report = report
  }

  /** @returns takes the task back */
  add(phase: StopPhase, name: string, task: Task): () => void {
    const tasks = this.#tasks.get(phase)
    if (tasks === undefined)
      throw new InvalidOptionError('system.onStop', 'phase', `one of ${STOP_PHASES.join(', ')}`, phase)
    if (this.#over.has(phase)) throw new SystemStoppedError(this.#system, `do "${name}" in phase ${phase}`)
    const entry = { name, task }
    tasks.add(entry)
    return () => void tasks.delete(entry)
  }

  /** Runs the tasks of a phase side by side. Resolves when each has ended or the time is over; never rejects. */
  async run(phase: StopPhase): Promise<void> {
    const tasks = [...this.#tasks.get(phase)!]
    this.#over.add(phase)
    await Promise.all(tasks.map(({ name, task }) => this.attempt(phase, name, task)))
  }

  /** Runs one step, for as long as a phase may take. It never rejects: what fails or hangs is passed over. */
  attempt(phase: StopTaskFailed['phase'], name: string, task: Task): Promise<void> {
    return new Promise((resolve) => {
      const giveUp = (error: Error): void => {
        this.#report({ type: 'stop-task-failed', phase, task: name, error })
        resolve()
      }
      let limit: { cancel(): void } | null = null
      const ended = async (): Promise<void> => {
        try {
          await task()
          resolve()
        } catch (thrown) {
          // After its time it was reported already.
          if (limit !== null) giveUp(toError(thrown))
        } finally {
          limit?.cancel()
        }
      }
      limit = this.#timers.after(this.#limitMs, () => {
        limit = null
        giveUp(new Error(`"${name}" took longer than ${this.#limitMs} ms`))
      })
      void ended()
    })
  }
}
