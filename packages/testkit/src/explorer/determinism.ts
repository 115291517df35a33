import type { Run, SimulateOptions } from '../simulation/run.ts'
import { simulate } from '../simulation/simulate.ts'
import { CHECKPOINT_EVENTS, type TraceEvent } from '../simulation/trace.ts'
import type { Violation } from '../simulation/violation.ts'

/**
 * Runs a seed again and compares. Costs one run; where the two differ, up to six more, with their events kept.
 *
 * @param run what `simulate(options)` gave
 * @returns null when both are the same; else a violation that says what happened first in one of them only
 */
export async function checkDeterminism(
  run: Run,
  options: SimulateOptions,
  runAgain: typeof simulate = simulate,
): Promise<Violation | null> {
  const again = await runAgain(options)
  if (again.hash === run.hash) return null
  for (let attempt = 0; attempt < RECORDED_ATTEMPTS; attempt++) {
    const first = await runAgain({ ...options, record: true })
    const second = await runAgain({ ...options, record: true })
    if (first.hash !== second.hash) return violation(first, second)
  }
  return violation(run, again)
}

/** What differs now and then only may not differ while we look. */
const RECORDED_ATTEMPTS = 3

function violation(first: Run, second: Run): Violation {
  const checkpoint = firstDifference(first.checkpoints, second.checkpoints)
  const from = checkpoint * CHECKPOINT_EVENTS
  const where = `events ${from} to ${from + CHECKPOINT_EVENTS} differ (hash ${first.hash} and ${second.hash})`
  const at = first.trace.findIndex((event, i) => line(event) !== line(second.trace[i]))
  const one = first.trace[at]
  const other = second.trace[at]
  const difference =
    one !== undefined
      ? `the first that differs: ${line(one)}, and ${line(other)}`
      : second.trace.length > first.trace.length
        ? `the first that differs: nothing, and ${line(second.trace[first.trace.length])}`
        : 'what was recorded is the same: look at what lives on from run to run, such as variables of a module, at the bytes in messages, and at turns of actors'
  const event = one ?? other
  return {
    kind: 'nondeterminism',
    name: 'trace',
    message: `the same seed gave two runs; ${where}; ${difference}`,
    atMs: event?.atMs ?? Math.min(first.simulatedMs, second.simulatedMs),
    ...(event === undefined || event.node === '' ? {} : { node: event.node }),
  }
}

/**
 * The first index at which two lists of checkpoints differ; where one is the beginning of the other, its length. By
 * bisection, as each checkpoint depends on all before it.
 */
export function firstDifference(first: readonly string[], second: readonly string[]): number {
  let low = 0
  let high = Math.min(first.length, second.length)
  while (low < high) {
    const middle = (low + high) >> 1
    if (first[middle] === second[middle]) low = middle + 1
    else high = middle
  }
  return low
}

function line(event: TraceEvent | undefined): string {
  if (event === undefined) return 'nothing'
  const { atMs, node, kind, peer, n, sizeBytes, text, process } = event
  const details = [
    peer === undefined ? '' : ` ${peer}`,
    n === undefined ? '' : ` frame ${n}`,
    sizeBytes === undefined ? '' : ` of ${sizeBytes} bytes`,
    process === undefined ? '' : ` ${process}`,
    text === undefined ? '' : ` ${text}`,
  ]
  return `"${atMs} ms ${node} ${kind}${details.join('')}"`
}
