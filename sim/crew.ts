import { type ChildProcess, fork } from 'node:child_process'
import type { Traits } from '@troupe/testkit'
import type { Report, Task } from './tasks.ts'
import { UsageError } from './terminal.ts'

/** A run that takes longer than this hangs in code that does not let go of its thread. */
const HANG_MS = 300_000
/** Loading a scenario takes less, unless its file never comes to an end. */
const START_MS = 60_000

/** A process that a task was given to has ended, or had to be ended. */
export class WorkerLostError extends Error {
  override readonly name = 'WorkerLostError'
}

/** Those that are not closed yet: one that hangs outlives us unless we end it. */
const open = new Set<Worker>()
process.on('exit', () => {
  for (const worker of open) worker.close()
})

/** A process that runs a bundle, and does one task at a time. */
export class Worker {
  readonly #process: ChildProcess
  /** Why it can be given nothing any more. */
  #lost: WorkerLostError | null = null
  #settle: ((report: Report | Error) => void) | null = null
  #onProgress: (report: Extract<Report, { report: 'progress' }>) => void = () => {}

  /** @param file a bundle */
  constructor(file: string) {
    // What a scenario prints is no result.
    const stdio = ['ignore', 2, 2, 'ipc'] as ['ignore', number, number, 'ipc']
    this.#process = fork(file, { stdio, serialization: 'advanced', execArgv: ['--enable-source-maps'] })
    open.add(this)
    this.#process.on('message', (report: Report) => {
      if (report.report === 'progress') this.#onProgress(report)
      else this.#done(report)
    })
    this.#process.on('error', (error) => this.#lose(error.message))
    this.#process.on('exit', (status, signal) => {
      open.delete(this)
      this.#lose(`its process ended with ${signal ?? `status ${status}`}`)
    })
  }

  /** It can be given nothing any more. */
  get isLost(): boolean {
    return this.#lost !== null
  }

  /**
   * Resolves when it can be given a task, with what the scenario says of its runs.
   *
   * @throws {UsageError} with what the bundle says when it has nothing to run
   */
  async ready(): Promise<Traits> {
    const report = await this.#within(START_MS, this.#next()).catch((error: unknown) => {
      throw new UsageError(error instanceof Error ? error.message : String(error))
    })
    if (report.report !== 'ready') throw new UsageError(`it said ${report.report} before it was ready`)
    return report.traits
  }

  /**
   * @throws {WorkerLostError} when the process ends before the task does
   * @throws {Error} with what the task failed with
   */
  async perform(
    task: Task,
    onProgress: (report: Extract<Report, { report: 'progress' }>) => void = () => {},
    limitMs = HANG_MS,
  ): Promise<Report> {
    if (this.#lost !== null) throw this.#lost
    this.#onProgress = onProgress
    const next = this.#next()
    this.#process.send(task)
    return this.#within(limitMs, next)
  }

  /** Ends the task under way, if it can be ended early. */
  stop(): void {
    if (this.#process.connected) this.#process.send({ task: 'stop' } satisfies Task)
  }

  /** Ends it, and with it the task under way. */
  close(): void {
    this.#process.kill('SIGKILL')
  }

  async #within<T>(limitMs: number, work: Promise<T>): Promise<T> {
    const timer = setTimeout(() => {
      this.#lose(`it has not ended within ${limitMs / 1_000} s, and was killed`)
      this.close()
    }, limitMs)
    try {
      return await work
    } finally {
      clearTimeout(timer)
    }
  }

  #lose(why: string): void {
    this.#lost ??= new WorkerLostError(why)
    this.#done(this.#lost)
  }

  #next(): Promise<Report> {
    return new Promise((resolve, reject) => {
      this.#settle = (report) => {
        this.#settle = null
        if (report instanceof Error) reject(report)
        else if (report.report === 'failed') reject(new Error(report.message))
        else resolve(report)
      }
    })
  }

  #done(report: Report | Error): void {
    this.#settle?.(report)
  }
}
