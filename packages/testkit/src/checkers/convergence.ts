import { checkOptions, is } from '@troupe/core'
import { canonical } from './canonical.ts'
import type { Checker, CheckResult } from './checker.ts'
import { byKey, eventsOf, type HistoryEvent, type Operation, operations } from './history.ts'
import { HistoryError } from './history-error.ts'

/** What a strategy may lose. */
export interface ConvergenceOptions {
  /**
   * Which acknowledged writes and deletes a strategy may lose by its own words; they count as of unknown outcome.
   * Default: none.
   */
  readonly mayLose?: (write: Operation) => boolean
}

/**
 * What replicas hold in the end, when faults are over: `write` and `delete` with a key while clients are at work, then
 * `contents` of every replica, which answers a `Map`, an object, or a list of pairs, from keys to values.
 *
 * - All contents that are asked for after the last write has ended are equal, as are their digests.
 * - No acknowledged write is lost: of each key, the value is that of a write that no other acknowledged one followed
 *   (began after its end).
 * - Nothing is there that nobody has written, and no key whose delete was acknowledged after all its writes.
 *
 * An answer that is a text is a digest: it is only compared. Says `unknown` when nobody asked for contents.
 *
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function convergence(options: ConvergenceOptions = {}): Checker {
  checkOptions('convergence', options, { mayLose: is.function })
  const mayLose = options.mayLose ?? (() => false)
  return {
    name: 'convergence',
    check(history) {
      const all = operations(history).filter(({ outcome }) => outcome !== 'refused')
      const writes = all.filter(isWrite).map((write) => (mayLose(write) ? loosened(write) : write))
      const end = all.filter(isWrite).reduce((last, { calledAt, returnedAt }) => {
        return Math.max(last, Number.isFinite(returnedAt) ? returnedAt : calledAt)
      }, -1)
      const final = all.filter(({ f, outcome, calledAt }) => f === 'contents' && outcome === 'ok' && calledAt > end)
      if (final.length === 0) {
        return { verdict: 'unknown', message: 'nobody asked for contents after the last write' }
      }
      return diverged(history, final) ?? unfounded(history, final, byKey(writes)) ?? { verdict: 'ok' }
    },
  }
}

function isWrite({ f }: Operation): boolean {
  if (f !== 'write' && f !== 'delete' && f !== 'contents' && f !== 'read')
    throw new HistoryError(`convergence knows write, delete, read and contents, not ${f}`)
  return f === 'write' || f === 'delete'
}

function loosened(write: Operation): Operation {
  return { ...write, outcome: 'unknown', returnedAt: Number.POSITIVE_INFINITY }
}

function diverged(history: readonly HistoryEvent[], final: readonly Operation[]): CheckResult | null {
  const [first, ...others] = final
  const digest = digestOf(first!.output)
  const other = others.find(({ output }) => digestOf(output) !== digest)
  if (other === undefined) return null
  const [one, two] = [contentsOf(first!.output), contentsOf(other.output)]
  const keys =
    one === null || two === null
      ? []
      : [...new Set([...one.keys(), ...two.keys()])].filter((key) => one.get(key) !== two.get(key))
  const more = keys.length > 5 ? `, and ${keys.length - 5} more` : ''
  const where = keys.length === 0 ? '' : `: at ${keys.slice(0, 5).join(', ')}${more}`
  const message = `contents differ between what ${first!.process} and ${other.process} were told${where}`
  return { verdict: 'illegal', message, conflict: eventsOf(history, [first!, other]) }
}

/** All contents are equal, so the first stand for all. */
function unfounded(
  history: readonly HistoryEvent[],
  final: readonly Operation[],
  writes: ReadonlyMap<string, readonly Operation[]>,
): CheckResult | null {
  const contents = final.find(({ output }) => contentsOf(output) !== null)
  if (contents === undefined) return null
  const held = contentsOf(contents.output)!
  for (const key of new Set([...held.keys(), ...writes.keys()])) {
    const value = held.get(key)
    const ofKey = writes.get(key) ?? []
    const sources = ofKey.filter(({ f, input }) =>
      value === undefined ? f === 'delete' : f === 'write' && canonical(input) === value,
    )
    const standing = sources.some((source) => follower(source, ofKey) === undefined)
    const absentFromTheStart = value === undefined && ofKey.every(({ outcome }) => outcome === 'unknown')
    if (standing || absentFromTheStart) continue
    const name = JSON.stringify(key)
    const source = sources.at(-1)
    const lost = source === undefined ? ofKey.findLast(({ outcome }) => outcome === 'ok') : follower(source, ofKey)
    const message =
      value !== undefined && source === undefined
        ? `${name} holds ${value}, which nobody has written`
        : lost?.f === 'delete'
          ? `${name} holds ${value} again, which was deleted`
          : `${name} ${value === undefined ? 'is absent' : `holds ${value}`}: an acknowledged write of ${canonical(lost?.input)} is lost`
    const shown = new Set([source, lost].flatMap((write) => (write === undefined ? [] : [write.calledAt])))
    const original = operations(history).filter(({ calledAt }) => shown.has(calledAt) || calledAt === contents.calledAt)
    return { verdict: 'illegal', message, key, conflict: eventsOf(history, original) }
  }
  return null
}

/** An acknowledged write or delete that began after the end of another. */
function follower(write: Operation, ofKey: readonly Operation[]): Operation | undefined {
  return ofKey.findLast(({ outcome, calledAt }) => outcome === 'ok' && calledAt > write.returnedAt)
}

function digestOf(output: unknown): string {
  const contents = contentsOf(output)
  return contents === null ? `digest ${String(output)}` : canonical(contents)
}

/** From keys to the canonical text of values; null for a digest. */
function contentsOf(output: unknown): ReadonlyMap<string, string> | null {
  if (typeof output === 'string') return null
  if (typeof output !== 'object' || output === null)
    throw new HistoryError('contents are a map, an object, a list of pairs, or a text for their digest')
  const pairs: Iterable<unknown> = Symbol.iterator in output ? (output as Iterable<unknown>) : Object.entries(output)
  return new Map(
    [...pairs].map((pair) => {
      if (!Array.isArray(pair) || pair.length !== 2) throw new HistoryError('contents are pairs of a key and a value')
      return [String(pair[0]), canonical(pair[1])]
    }),
  )
}
