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

/** Takes the events of a history. */
export type Recorded = (event: HistoryEvent) => void

/**
 * The operations of one client, as events of a history. In a history a process does one thing at a time, and nothing
 * more once nobody knows what became of it: so a client is as many processes as that takes, `c1`, `c1.2`, `c1.3`.
 */
export class Operations {
  /** How many were begun, and left out. */
  count = 0
  readonly #client: string
  readonly #nowMs: () => number
  readonly #record: Recorded
  readonly #isLeftOut: () => boolean
  /** Processes that may do something. */
  readonly #idle: string[] = []
  #processes = 0

  /** @param isLeftOut asked for each operation, whether it is to be left out */
  constructor(client: string, nowMs: () => number, record: Recorded, isLeftOut: () => boolean) {
    this.#client = client
    this.#nowMs = nowMs
    this.#record = record
    this.#isLeftOut = isLeftOut
  }

  /**
   * Records an invoke; then `ok` with what `run` gives, `fail` if it certainly did nothing, or `info` if it may have.
   *
   * @returns what `run` gives; undefined when it rejects, whatever with, and when it is left out
   */
  async operation<T>(f: string, { key, value, read }: OperationOptions, run: () => Promise<T>): Promise<T | undefined> {
    this.count++
    if (this.#isLeftOut()) return undefined
    const process = this.#idle.pop() ?? this.#newProcess()
    this.#add('invoke', process, f, key, value)
    try {
      const result = await run()
      this.#add('ok', process, f, key, result)
      this.#idle.push(process)
      return result
    } catch (error) {
      const failed = read === true || (error instanceof AskError && error.outcome === 'not-sent')
      this.#add(failed ? 'fail' : 'info', process, f, key, value, reasonOf(error))
      if (failed) this.#idle.push(process)
      return undefined
    }
  }

  /** Written out: spreading is ten times as slow, and there are two for each operation. */
  #add(
    type: HistoryEvent['type'],
    process: string,
    f: string,
    key: string | undefined,
    value: unknown,
    error?: string,
  ): void {
    const at = this.#nowMs()
    if (error !== undefined) this.#record({ process, type, f, ...(key === undefined ? {} : { key }), value, at, error })
    else if (key === undefined) this.#record({ process, type, f, value, at })
    else this.#record({ process, type, f, key, value, at })
  }

  #newProcess(): string {
    return ++this.#processes === 1 ? this.#client : `${this.#client}.${this.#processes}`
  }
}

/** Never empty: a `fail` without a reason would be an answer. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error) || 'rejected'
  return error.message || error.name || 'rejected'
}
