/**
 * One line of a history, in Jepsen's shape. A process invokes one operation at a time and completes it with
 * `ok` (done), `fail` (definitely not done) or `info` (nobody knows). An invoke without an end counts as `info`.
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
  /** At `fail` and `info` what is known of the reason. */
  readonly error?: string
  /** When, in ms of virtual time. */
  readonly at?: number
}

/** An operation with its place in time. */
export interface Operation {
  readonly process: number | string
  readonly f: string
  readonly key: string
  readonly input: unknown
  readonly output: unknown
  /** Index of the invoke in the history. */
  readonly calledAt: number
  /** Index of the `ok`; infinite when nobody knows whether it was done. */
  readonly returnedAt: number
}

/** Joins each invoke with its end. Operations that failed are left out: they have not happened. */
export function operations(history: readonly HistoryEvent[]): Operation[] {
  const open = new Map<number | string, { at: number; event: HistoryEvent }>()
  const found: Operation[] = []
  history.forEach((event, at) => {
    const invoked = open.get(event.process)
    if (event.type === 'invoke') {
      if (invoked !== undefined) throw new RangeError(`event ${at}: process ${event.process} is busy already`)
      open.set(event.process, { at, event })
      return
    }
    if (invoked === undefined) throw new RangeError(`event ${at}: process ${event.process} has invoked nothing`)
    open.delete(event.process)
    if (event.type === 'ok') found.push(operation(invoked, event.value, at))
    if (event.type === 'info') found.push(operation(invoked, undefined, Number.POSITIVE_INFINITY))
  })
  for (const invoked of open.values()) found.push(operation(invoked, undefined, Number.POSITIVE_INFINITY))
  return found.sort((a, b) => a.calledAt - b.calledAt)
}

function operation({ at, event }: { at: number; event: HistoryEvent }, output: unknown, returnedAt: number): Operation {
  const { process, f, key = '', value: input } = event
  return { process, f, key, input, output, calledAt: at, returnedAt }
}
