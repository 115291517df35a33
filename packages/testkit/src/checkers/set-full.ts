import { checkOptions, is } from '@troupe/core'
import { canonical } from './canonical.ts'
import type { Checker, CheckResult } from './checker.ts'
import { eventsOf, type HistoryEvent, type Operation, operations } from './history.ts'
import { HistoryError } from './history-error.ts'

/** How soon an element must be there. */
export interface SetFullOptions {
  /**
   * Whether an element must be in every read that begins after it is known to be there. Default false: it may be
   * missing for a while, as long as it comes.
   */
  readonly linearizable?: boolean
}

/**
 * What became of one element. It is *known* from the end of its add, or of the first read that has it.
 *
 * - `stable`: from some read on, all reads that began later have it.
 * - `lost`: a read that began after it was known lacks it, and so do all that began later.
 * - `never-read`: nobody read it, and no read that began after it was known lacks it.
 */
export interface ElementFate {
  readonly element: unknown
  readonly fate: 'stable' | 'lost' | 'never-read'
  /** When it was known to be there, in ms; null when it never was, or the events have no times. */
  readonly knownAtMs: number | null
  /** From then to the begin of the last read that lacks it; 0 when none does. Null without times, or unless stable. */
  readonly stableAfterMs: number | null
  /** From then to the begin of the first read from which on it is missing. Null without times, or unless lost. */
  readonly lostAfterMs: number | null
}

/**
 * A set that only grows: `add` brings in an element, `read` answers all of them. No element is lost, and none comes
 * that nobody tried to add. Says `unknown` when no element was read at all.
 *
 * Time: reads times elements.
 *
 * @see `elementFates` for what became of each element, with times
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function setFull(options: SetFullOptions = {}): Checker {
  checkOptions('setFull', options, { linearizable: is.boolean })
  const linearizable = options.linearizable === true
  return {
    name: 'set-full',
    check(history) {
      const { elements, reads, foreign } = follow(history)
      if (foreign !== null) {
        const message = `${foreign.value} was read, and nobody has tried to add it`
        return { verdict: 'illegal', message, conflict: eventsOf(history, [foreign.read]) }
      }
      const read = [...elements.values()].filter(({ lastPresent }) => lastPresent !== null)
      for (const element of elements.values()) {
        if (isLost(element)) return missing(history, element, 'is lost')
        if (linearizable && wasMissing(element)) return missing(history, element, 'was missing for a while')
      }
      if (read.length > 0 || elements.size === 0) return { verdict: 'ok' }
      return { verdict: 'unknown', message: `no element was read, in ${reads} reads` }
    },
  }
}

/** What became of each element that was added or read, in the order of the adds. For statistics. */
export function elementFates(history: readonly HistoryEvent[]): ElementFate[] {
  const at = (place: number | null): number | null => (place === null ? null : (history[place]?.at ?? null))
  const since = (from: number | null, to: number | null): number | null =>
    from === null || to === null ? null : Math.max(0, to - from)
  return [...follow(history).elements.values()].map((element) => {
    const { add, knownBy, lastPresent, lastAbsent, lostFrom } = element
    const lost = isLost(element)
    const stable = !lost && lastPresent !== null
    const knownAtMs = at(knownBy === null ? null : knownBy.returnedAt)
    const stableFrom = lastAbsent === null || !wasMissing(element) ? knownAtMs : at(lastAbsent.calledAt)
    return {
      element: add.input,
      fate: lost ? 'lost' : stable ? 'stable' : 'never-read',
      knownAtMs,
      stableAfterMs: stable ? since(knownAtMs, stableFrom) : null,
      lostAfterMs: lost ? since(knownAtMs, at(lostFrom!.calledAt)) : null,
    }
  })
}

/** One element, as far as the history tells; reads are told apart by where they begin. */
interface Element {
  readonly add: Operation
  /** The add that was acknowledged, or the read that had it, whichever ended first; null when there is neither. */
  knownBy: Operation | null
  lastPresent: Operation | null
  lastAbsent: Operation | null
  /** The first read after `lastPresent` that lacks it and began after it was known. */
  lostFrom: Operation | null
}

function follow(history: readonly HistoryEvent[]): {
  elements: Map<string, Element>
  reads: number
  foreign: { readonly value: string; readonly read: Operation } | null
} {
  const elements = new Map<string, Element>()
  const reads: Operation[] = []
  for (const operation of operations(history)) {
    if (operation.f === 'read') {
      if (operation.outcome === 'ok') reads.push(operation)
    } else if (operation.f !== 'add') throw new HistoryError(`a set that grows knows add and read, not ${operation.f}`)
    else if (operation.outcome !== 'refused') {
      const value = canonical(operation.input)
      const element = elements.get(value) ?? unknown(operation)
      elements.set(value, element)
      if (operation.outcome === 'ok') know(element, operation)
    }
  }
  let foreign: { value: string; read: Operation } | null = null
  const answers = reads.map((read) => ({ read, values: valuesOf(read) }))
  for (const { read, values } of answers) {
    for (const value of values) {
      const element = elements.get(value)
      if (element === undefined || element.add.calledAt > read.returnedAt) foreign ??= { value, read }
      else know(element, read)
    }
  }
  for (const { read, values } of answers) {
    for (const [value, element] of elements) {
      if (values.has(value)) {
        element.lastPresent = read
        element.lostFrom = null
      } else {
        element.lastAbsent = read
        if (isKnown(element, read)) element.lostFrom ??= read
      }
    }
  }
  return { elements, reads: reads.length, foreign }
}

function unknown(add: Operation): Element {
  return { add, knownBy: null, lastPresent: null, lastAbsent: null, lostFrom: null }
}

function know(element: Element, by: Operation): void {
  if (element.knownBy === null || by.returnedAt < element.knownBy.returnedAt) element.knownBy = by
}

/** Whether it was known to be there when the read began. */
function isKnown({ knownBy }: Element, read: Operation): boolean {
  return knownBy !== null && read.calledAt > knownBy.returnedAt
}

/** Reads stand in the order of their begins, so a read from which on it is missing began after all that have it. */
function isLost({ lostFrom }: Element): boolean {
  return lostFrom !== null
}

function wasMissing(element: Element): boolean {
  return element.lastAbsent !== null && isKnown(element, element.lastAbsent)
}

function missing(history: readonly HistoryEvent[], element: Element, what: string): CheckResult {
  const { add, knownBy, lastAbsent, lostFrom } = element
  const shown = [add, knownBy, lostFrom ?? lastAbsent].filter((operation) => operation !== null)
  const message = `${canonical(add.input)} ${what}: a read that began after it was known to be there lacks it`
  return { verdict: 'illegal', message, conflict: eventsOf(history, shown) }
}

function valuesOf({ output }: Operation): Set<string> {
  if (!Array.isArray(output) && !(output instanceof Set)) throw new HistoryError('a read of a set answers a list')
  return new Set([...output].map(canonical))
}
