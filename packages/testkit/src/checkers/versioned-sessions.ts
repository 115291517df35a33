import { checkOptions, is } from '@troupe/core'
import type { Checker } from './checker.ts'
import type { Operation } from './history.ts'
import { HistoryError } from './history-error.ts'
import { type Broken, guarantees, judgeKeys, SESSION_GUARANTEES, type SessionGuarantee } from './session-guarantee.ts'

/** Which guarantees are held, and where versions stand. */
export interface VersionedSessionOptions {
  /** Those to be held. Default all four. */
  readonly guarantees?: readonly SessionGuarantee[]
  /**
   * The version an answer speaks of: at a read that of the value read, at a write that of the value written; null when
   * it speaks of none. Default: `version` of an answer that is an object, else null.
   */
  readonly version?: (output: unknown, operation: Operation) => number | null
}

/**
 * Session guarantees of a register whose values have versions: every write makes a larger one than those it follows,
 * and no two writes the same. `read` and any other operation, which counts as a write; a process is a session; keys
 * are judged apart. Who reads a version knows all smaller ones, so each session need keep two numbers only.
 *
 * - monotonic reads: a session reads no smaller version than it has read.
 * - read your writes: it reads no smaller version than it has written.
 * - monotonic writes: it writes larger versions than it has written.
 * - writes follow reads: it writes larger versions than it has read.
 *
 * Time: linear. Operations of unknown outcome say nothing.
 *
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function versionedSessions(options: VersionedSessionOptions = {}): Checker {
  checkOptions('versionedSessions', options, { guarantees, version: is.function })
  const wanted = new Set(options.guarantees ?? SESSION_GUARANTEES)
  const version = options.version ?? versionInAnswer
  return {
    name: 'versioned sessions',
    check: (history) => judgeKeys(history, (all) => firstBroken(all, wanted, version)),
  }
}

/** The largest version a session has read, and has written, with the operation it did so by. */
interface Seen {
  read: { readonly version: number; readonly operation: Operation } | null
  written: { readonly version: number; readonly operation: Operation } | null
}

function firstBroken(
  all: readonly Operation[],
  wanted: ReadonlySet<SessionGuarantee>,
  versionOf: NonNullable<VersionedSessionOptions['version']>,
): Broken | null {
  const sessions = new Map<number | string, Seen>()
  for (const operation of all) {
    if (operation.outcome !== 'ok') continue
    const version = versionOf(operation.output, operation)
    if (version === null) continue
    if (Number.isNaN(version)) throw new HistoryError('a version is a number')
    const seen = sessions.get(operation.process) ?? { read: null, written: null }
    sessions.set(operation.process, seen)
    const isRead = operation.f === 'read'
    const rules: readonly (readonly [SessionGuarantee, Seen['read'], string])[] = isRead
      ? [
          ['monotonic reads', seen.read, 'read'],
          ['read your writes', seen.written, 'written'],
        ]
      : [
          ['monotonic writes', seen.written, 'written'],
          ['writes follow reads', seen.read, 'read'],
        ]
    for (const [guarantee, before, did] of rules) {
      if (before === null || !wanted.has(guarantee)) continue
      if (isRead ? version >= before.version : version > before.version) continue
      const text = `process ${operation.process} has ${did} version ${before.version}, and later ${isRead ? 'read' : 'wrote'} version ${version}`
      return { guarantee, text, shown: [before.operation, operation] }
    }
    const best = isRead ? seen.read : seen.written
    if (best === null || version > best.version) seen[isRead ? 'read' : 'written'] = { version, operation }
  }
  return null
}

function versionInAnswer(output: unknown): number | null {
  if (typeof output !== 'object' || output === null || !('version' in output)) return null
  return typeof output.version === 'number' ? output.version : null
}
