import { checkOptions } from '@troupe/core'
import { canonical } from './canonical.ts'
import type { Checker } from './checker.ts'
import type { Operation } from './history.ts'
import { HistoryError } from './history-error.ts'
import { type Broken, guarantees, judgeKeys, SESSION_GUARANTEES, type SessionGuarantee } from './session-guarantee.ts'

/** Which guarantees are held. */
export interface SessionOptions {
  /** Those to be held. Default all four. */
  readonly guarantees?: readonly SessionGuarantee[]
}

/**
 * Session guarantees of a collection: `add` or `write` brings in a value that no other operation brings, `read`
 * answers all values there are. A process is a session; keys are judged apart.
 *
 * - monotonic reads: what a session has read is in all its later reads.
 * - read your writes: what a session was told is written is in all its later reads.
 * - monotonic writes: who reads a write of a session reads also those it was told are written before.
 * - writes follow reads: who reads a write of a session reads also all that the session had read before it wrote.
 *
 * Time: per read, sessions times values. Where a read answers one value with a version, see `versionedSessions`.
 *
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function sessions(options: SessionOptions = {}): Checker {
  checkOptions('sessions', options, { guarantees })
  const wanted = new Set(options.guarantees ?? SESSION_GUARANTEES)
  return {
    name: 'sessions',
    check: (history) => judgeKeys(history, (all) => new Collection(all).broken(wanted)),
  }
}

interface Session {
  readonly acknowledged: { readonly value: string; readonly operation: Operation }[]
  /** What it has read, each value once, with the read that first had it. */
  readonly seen: { readonly value: string; readonly operation: Operation }[]
  readonly seenValues: Set<string>
}

/** An operation of a session, with how much the session had done before. */
interface Step {
  readonly operation: Operation
  readonly session: Session
  /** So many of the session's acknowledged writes came before. */
  readonly writesBefore: number
  /** So many of what the session had read came before. */
  readonly seenBefore: number
}

/** The operations of one key, looked through in the order of their calls: within a session, that of all. */
class Collection {
  readonly #sessions = new Map<number | string, Session>()
  readonly #writes = new Map<string, Step>()
  readonly #reads: { readonly step: Step; readonly values: ReadonlySet<string> }[] = []

  constructor(all: readonly Operation[]) {
    for (const operation of all) if (operation.outcome !== 'refused') this.#follow(operation)
  }

  /** The first guarantee of those wanted that does not hold. */
  broken(wanted: ReadonlySet<SessionGuarantee>): Broken | null {
    for (const { step, values } of this.#reads) {
      const broken = this.#ofItsOwn(step, values, wanted) ?? this.#ofOthers(step.operation, values, wanted)
      if (broken !== null) return broken
    }
    return null
  }

  #follow(operation: Operation): void {
    const { process, f, outcome, input } = operation
    const session = this.#sessions.get(process) ?? { acknowledged: [], seen: [], seenValues: new Set() }
    this.#sessions.set(process, session)
    const step = {
      operation,
      session,
      writesBefore: session.acknowledged.length,
      seenBefore: session.seen.length,
    }
    if (f === 'read') {
      if (outcome !== 'ok') return
      const values = valuesOf(operation)
      this.#reads.push({ step, values })
      for (const value of values) {
        if (session.seenValues.has(value)) continue
        session.seenValues.add(value)
        session.seen.push({ value, operation })
      }
      return
    }
    if (f !== 'add' && f !== 'write') throw new HistoryError(`sessions know add, write and read, not ${f}`)
    const value = canonical(input)
    if (this.#writes.has(value))
      throw new HistoryError(`${value} is written twice; each write needs a value of its own`)
    this.#writes.set(value, step)
    if (outcome === 'ok') session.acknowledged.push({ value, operation })
  }

  #ofItsOwn(
    { operation: read, session, writesBefore, seenBefore }: Step,
    values: ReadonlySet<string>,
    wanted: ReadonlySet<SessionGuarantee>,
  ): Broken | null {
    const missing = ({ value }: { readonly value: string }): boolean => !values.has(value)
    const unread = wanted.has('monotonic reads') && session.seen.slice(0, seenBefore).find(missing)
    if (unread) {
      const text = `process ${read.process} has read ${unread.value}, and later it was gone`
      return { guarantee: 'monotonic reads', text, shown: [...this.#writeOf(unread.value), unread.operation, read] }
    }
    const unseen = wanted.has('read your writes') && session.acknowledged.slice(0, writesBefore).find(missing)
    if (!unseen) return null
    const text = `process ${read.process} has written ${unseen.value}, and later did not read it`
    return { guarantee: 'read your writes', text, shown: [unseen.operation, read] }
  }

  #ofOthers(read: Operation, values: ReadonlySet<string>, wanted: ReadonlySet<SessionGuarantee>): Broken | null {
    const missing = ({ value }: { readonly value: string }): boolean => !values.has(value)
    for (const { operation, session, writesBefore, seenBefore } of this.#lastWrites(values)) {
      const which = `process ${read.process} read ${canonical(operation.input)} of process ${operation.process}`
      const earlier = wanted.has('monotonic writes') && session.acknowledged.slice(0, writesBefore).find(missing)
      if (earlier) {
        const text = `${which}, but not ${earlier.value}, which that had written before`
        return { guarantee: 'monotonic writes', text, shown: [earlier.operation, operation, read] }
      }
      const basis = wanted.has('writes follow reads') && session.seen.slice(0, seenBefore).find(missing)
      if (!basis) continue
      const text = `${which}, but not ${basis.value}, which that had read before it wrote`
      const shown = [...this.#writeOf(basis.value), basis.operation, operation, read]
      return { guarantee: 'writes follow reads', text, shown }
    }
    return null
  }

  /** Of each session, its last write among the values: what that relies on includes what earlier ones do. */
  #lastWrites(values: ReadonlySet<string>): Iterable<Step> {
    const last = new Map<Session, Step>()
    for (const value of values) {
      const write = this.#writes.get(value)
      if (write === undefined) continue
      const other = last.get(write.session)
      if (other === undefined || other.operation.calledAt < write.operation.calledAt) last.set(write.session, write)
    }
    return last.values()
  }

  #writeOf(value: string): Operation[] {
    const write = this.#writes.get(value)
    return write === undefined ? [] : [write.operation]
  }
}

function valuesOf({ output }: Operation): Set<string> {
  if (!Array.isArray(output) && !(output instanceof Set))
    throw new HistoryError('a read answers the list of all values written')
  return new Set([...output].map(canonical))
}
