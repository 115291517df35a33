import { HistoryError } from './history-error.ts'

/**
 * One line of a history, in Jepsen's shape. A process invokes one operation at a time and completes it with
 * `ok` (done), `fail` (definitely not done) or `info` (nobody knows). An invoke without an end counts as `info`.
 *
 * The place in the list is the place in time: an operation whose end stands before another's invoke came first.
 */
export interface HistoryEvent {
  readonly process: number | string
  readonly type: 'invoke' | 'ok' | 'fail' | 'info'
  /** What was asked for: `read`, `write`, `cas`. */
  readonly f: string
  /** Operations on different keys are checked apart. Default: one key for all. */
  readonly key?: string
  /** At `invoke` what went in, at `ok` what came out. */
  readonly value?: unknown
  /** At `fail` and `info`: why. A `fail` without one is an answer: the object refused (`Model.canRefuse`). */
  readonly error?: string
  /** When, in ms since the start of the run, virtual ones in a simulation; for people and for the times in messages. */
  readonly at?: number
}

/** What a model sees of an operation. */
export interface Action {
  readonly process: number | string
  readonly f: string
  readonly input: unknown
  /** What came out; undefined unless `outcome` is `ok`. */
  readonly output: unknown
  /** `refused`: it ended in a `fail` without an `error`. `unknown`: it may take effect at any later time, or never. */
  readonly outcome: 'ok' | 'refused' | 'unknown'
}

/** An operation with its place in time. */
export interface Operation extends Action {
  readonly key: string
  /** Index of the invoke in the history. */
  readonly calledAt: number
  /** Index of the end; infinite when nobody knows whether it was done. */
  readonly returnedAt: number
}

/**
 * Whether it is no part of an operation, but what a node has noted, for checkers that know of it: of a process called
 * `NODE:notes`.
 */
export function isNote({ process }: Pick<HistoryEvent, 'process'>): boolean {
  return typeof process === 'string' && process.endsWith(':notes')
}

/**
 * Joins each invoke with its end, in the order of the invokes. Operations that failed with an `error` are left
 * out: they have not happened. So are notes.
 *
 * @throws {HistoryError} when a process invokes while it is busy, or ends what it has not invoked
 */
export function operations(history: readonly HistoryEvent[]): Operation[] {
  const open = new Map<number | string, number>()
  const found: Operation[] = []
  const join = (calledAt: number, outcome: Action['outcome'], returnedAt: number, output?: unknown): void => {
    const { process, f, key = '', value: input } = history[calledAt]!
    found.push({ process, f, key, input, output, outcome, calledAt, returnedAt })
  }
  history.forEach(({ process, type, f, value, error }, at) => {
    if (isNote({ process })) return
    const calledAt = open.get(process)
    if (type === 'invoke') {
      if (calledAt !== undefined) throw new HistoryError(`event ${at}: process ${process} is busy since ${calledAt}`)
      open.set(process, at)
      return
    }
    if (calledAt === undefined) throw new HistoryError(`event ${at}: process ${process} has invoked nothing`)
    if (history[calledAt]!.f !== f)
      throw new HistoryError(`event ${at}: process ${process} ends ${f}, but invoked ${history[calledAt]!.f}`)
    open.delete(process)
    if (type === 'ok') join(calledAt, 'ok', at, value)
    if (type === 'fail' && error === undefined) join(calledAt, 'refused', at)
    if (type === 'info') join(calledAt, 'unknown', Number.POSITIVE_INFINITY)
  })
  for (const calledAt of open.values()) join(calledAt, 'unknown', Number.POSITIVE_INFINITY)
  return found.sort((a, b) => a.calledAt - b.calledAt)
}

/** Operations that have something to do with one another, in their order. */
export function byKey(all: readonly Operation[]): Map<string, Operation[]> {
  const found = new Map<string, Operation[]>()
  for (const operation of all) {
    const same = found.get(operation.key)
    if (same === undefined) found.set(operation.key, [operation])
    else same.push(operation)
  }
  return found
}

/** For messages: ` on key "a"`, or nothing where there is one key for all. */
export function onKey(key: string): string {
  return key === '' ? '' : ` on key ${JSON.stringify(key)}`
}

/** The events of some operations of a history, in its order, with the ends that lie in it. */
export function eventsOf(history: readonly HistoryEvent[], some: readonly Operation[]): HistoryEvent[] {
  const calls = new Set(some.map(({ calledAt }) => calledAt))
  const open = new Set<number | string>()
  return history.filter(({ process, type }, at) => {
    if (type !== 'invoke') return open.delete(process)
    if (calls.has(at)) open.add(process)
    return calls.has(at)
  })
}
