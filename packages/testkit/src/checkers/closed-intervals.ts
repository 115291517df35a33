import type { HistoryEvent } from './history.ts'

/**
 * Orders events by their times, for histories that have no order of their own: written by several recorders, say. What
 * is equal in time is taken as concurrent: of one instant, invokes come before ends, except that a process ends what it
 * has begun before it begins anew. A history with events that have no time stays as it is.
 */
export function closedIntervals(history: readonly HistoryEvent[]): HistoryEvent[] {
  if (history.some(({ at }) => at === undefined)) return [...history]
  const timed = history.toSorted((a, b) => a.at! - b.at!)
  const ordered: HistoryEvent[] = []
  for (let start = 0; start < timed.length; ) {
    let end = start + 1
    while (end < timed.length && timed[end]!.at === timed[start]!.at) end++
    ordered.push(...invokesFirst(timed.slice(start, end)))
    start = end
  }
  return ordered
}

function invokesFirst(instant: readonly HistoryEvent[]): HistoryEvent[] {
  const ordered: HistoryEvent[] = []
  let left = instant
  while (left.length > 0) {
    // A process is held up by its own first event that is an end.
    const held = new Set<number | string>()
    const waiting: HistoryEvent[] = []
    for (const event of left) {
      if (event.type === 'invoke' && !held.has(event.process)) ordered.push(event)
      else waiting.push(event)
      if (event.type !== 'invoke') held.add(event.process)
    }
    // Ends that an invoke waits for come next; when none does, all that is left are ends.
    const begins = new Set(waiting.filter(({ type }) => type === 'invoke').map(({ process }) => process))
    const done = new Set<number | string>()
    left = waiting.filter((event) => {
      const { process } = event
      const isDue = begins.size === 0 || (begins.has(process) && !done.has(process))
      done.add(process)
      if (isDue) ordered.push(event)
      return !isDue
    })
  }
  return ordered
}
