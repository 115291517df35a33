import { AskError } from '@troupe/core'
import type { HistoryEvent } from '../checkers/history.ts'

/** What an operation is recorded with. */
export interface OperationOptions {
  /** Operations on different keys are checked apart. */
  readonly key?: string
  /** What goes in. */
  readonly value?: unknown
  /** It changes nothing: without an answer it says nothing, and counts as failed. */
  readonly read?: boolean
}

/** Takes an event of a history, which gets its time from it. */
export type Recorded = (event: HistoryEvent) => void

/**
 * The operations of one client, as events of a history. In a history a process does one thing at a time, and nothing
 * more once nobody knows what became of it: so a client is as many processes as that takes, `c1`, `c1.2`, `c1.3`.
 */
export class Operations {
  /** How many were begun. */
  count = 0
  readonly #client: string
  readonly #record: Recorded
  /** Processes that may do something. */
  readonly #idle: string[] = []
  #processes = 0

  constructor(client: string, record: Recorded) {
    this.#client = client
    this.#record = record
  }

  /**
   * Records an invoke; then `ok` with what `run` gives, `fail` if it certainly did nothing, or `info` if it may have.
   *
   * @returns what `run` gives; undefined when it rejects, whatever with
   */
  async operation<T>(f: string, options: OperationOptions, run: () => Promise<T>): Promise<T | undefined> {
    const process = this.#idle.pop() ?? this.#newProcess()
    const { key, value, read = false } = options
    const base = key === undefined ? { process, f } : { process, f, key }
    this.count++
    this.#record({ ...base, type: 'invoke', value })
    try {
      const result = await run()
      this.#record({ ...base, type: 'ok', value: result })
      this.#idle.push(process)
      return result
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      const failed = read || (error instanceof AskError && error.outcome === 'not-sent')
      this.#record({ ...base, type: failed ? 'fail' : 'info', value, error: message })
      if (failed) this.#idle.push(process)
      return undefined
    }
  }

  #newProcess(): string {
    return ++this.#processes === 1 ? this.#client : `${this.#client}.${this.#processes}`
  }
}
