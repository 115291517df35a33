import type { HistoryEvent } from '@troupe/testkit'
import { type DialNote, type LinkNote, runOf, type StallNote } from './link-notes.ts'

/** So long after all faults are healed what was lost is connected again, but on the slowest networks. In ms. */
const RECONNECT_MS = 2_500
/** Attempts of which on those all may take too long. */
const UNLUCKY_DIALS = 2

/** What the nodes were told, in ms. */
export interface Terms {
  readonly graceMs: number
  readonly heartbeatMs: number
  /** When all faults are healed. */
  readonly healedMs: number
}

/** What one run has seen of one subject. */
export interface Seen {
  /** Uid of the run that sees. */
  readonly run: string
  readonly subject: string
}

/** The notice of its end. */
export interface Notice extends Seen {
  readonly reason: string
}

/** What is so far known of one watch. */
export interface Watch extends Seen {
  reason: string | null
  unwatched: boolean
}

/** All watches of a run, and the first thing that is wrong with one. */
export class Watches {
  readonly all = new Map<string, Watch>()
  readonly #nodeOf = new Map<string, string>()
  readonly #latest = new Map<string, string>()
  readonly #ended = new Map<string, string>()
  /** When a run lost the connection to another one. */
  readonly #lostMs = new Map<string, number>()
  /** How often a node has dialled another one since it lost the connection: by name and address. */
  readonly #dials = new Map<string, number>()
  readonly #down = new Map<string, string>()
  /** Of each run, the others it was connected to. */
  readonly #met = new Map<string, Set<string>>()
  readonly #stalls: readonly { readonly run: string; readonly fromMs: number; readonly toMs: number }[]
  readonly #terms: Terms

  constructor(history: readonly HistoryEvent[], terms: Terms) {
    this.#terms = terms
    this.#stalls = history
      .filter(({ f }) => f === 'stalled')
      .map(({ value, at = 0 }) => ({ ...(value as StallNote), toMs: at }))
      .map(({ run, ms, toMs }) => ({ run, fromMs: toMs - ms, toMs }))
  }

  /** @returns what is wrong */
  add({ f, value, at = 0 }: HistoryEvent): string | null {
    switch (f) {
      case 'run': {
        const { run, node } = value as { readonly run: string; readonly node: string }
        this.#nodeOf.set(run, node)
        this.#latest.set(node, run)
        return null
      }
      case 'ended': {
        const { subject, how } = value as { readonly subject: string; readonly how: string }
        this.#ended.set(subject, how)
        return null
      }
      case 'watched':
        this.all.set(keyOf(value as Seen), { ...(value as Seen), reason: null, unwatched: false })
        return null
      case 'unwatched':
        this.all.get(keyOf(value as Seen))!.unwatched = true
        return null
      case 'word':
        return this.#word(value as Seen)
      case 'notice':
        return this.#notice(value as Notice)
      case 'up':
        return this.#up(value as LinkNote)
      case 'dial': {
        const { node, address } = value as DialNote
        this.#dials.set(`${node} ${address}`, this.#dialsOf(node, address) + 1)
        return null
      }
      case 'lost':
        return this.#isLost(value as LinkNote, at)
      case 'down':
        return this.#isDown(value as LinkNote, at)
      default:
        return null
    }
  }

  isCurrent(run: string): boolean {
    return this.#latest.get(this.#nodeOf.get(run) ?? '') === run
  }

  isDown(run: string, peer: string): boolean {
    return this.#down.has(`${run} ${peer}`)
  }

  #word(seen: Seen): string | null {
    const reason = this.all.get(keyOf(seen))?.reason ?? null
    return reason === null ? null : `a word comes from ${seen.subject} after the notice ${reason} of its end`
  }

  #notice(notice: Notice): string | null {
    const { run, subject, reason } = notice
    const watch = this.all.get(keyOf(notice))!
    if (watch.unwatched) return `a notice of ${subject} comes after the end of the watch`
    if (watch.reason !== null) return `a second notice of ${subject} comes: ${reason}, after ${watch.reason}`
    watch.reason = reason
    const ended = this.#ended.get(subject)
    if (reason === 'node-down' || reason === 'node-restarted') {
      const down = this.#down.get(`${run} ${runOf({ id: subject })}`)
      if (down === undefined) return `the notice ${reason} of ${subject} comes, whose node is not down`
      return (reason === 'node-restarted') === (down === 'node-restarted') ? null : `${reason} is told for ${down}`
    }
    if (ended === undefined) return `the notice ${reason} of ${subject} comes, which has not ended`
    return reason === ended || reason === 'not-found'
      ? null
      : `the notice ${reason} of ${subject} comes, which ${ended}`
  }

  #up(note: LinkNote): string | null {
    const { run, peer } = note
    this.#lostMs.delete(linkOf(note))
    if (this.isDown(run, peer)) return 'a run is connected again that counted as down for good'
    const met = this.#met.get(run) ?? new Set()
    this.#met.set(run, met)
    for (const other of met) {
      if (other !== peer && this.#nodeOf.get(other) === this.#nodeOf.get(peer) && !this.isDown(run, other))
        return 'a new run is connected, and the one before it is not down'
    }
    met.add(peer)
    return null
  }

  #dialsOf(node: string, address: string): number {
    return this.#dials.get(`${node} ${address}`) ?? 0
  }

  /** Names of the node of a run, and where that of its peer is. */
  #endsOf({ run, peer }: LinkNote): [string, string] {
    return [this.#nodeOf.get(run) ?? '', `sim://${this.#nodeOf.get(peer) ?? ''}`]
  }

  #isLost(note: LinkNote, at: number): string | null {
    const { heartbeatMs } = this.#terms
    this.#dials.delete(this.#endsOf(note).join(' '))
    this.#lostMs.set(linkOf(note), at)
    const silentMs = Number(/^silent for (\d+) ms/.exec(note.why)?.[1] ?? Number.NaN)
    const stalledMs = this.#stalledMs(note.run, at - silentMs, at, 2.5 * heartbeatMs)
    // Clocks may be a thousandth too fast.
    if (!(silentMs - stalledMs < 3.9 * heartbeatMs)) return null
    return `a run that was stalled for ${stalledMs} ms accuses another one of ${silentMs} ms of silence`
  }

  /** How long a run was stalled in a span of time, counting what is no shorter than `leastMs`. */
  #stalledMs(run: string, fromMs: number, toMs: number, leastMs: number): number {
    const parts = this.#stalls
      .filter((stall) => stall.run === run && stall.toMs - stall.fromMs >= leastMs)
      .map((stall) => Math.min(toMs, stall.toMs) - Math.max(fromMs, stall.fromMs))
    return parts.reduce((sum, ms) => sum + Math.max(0, ms), 0)
  }

  #isDown(note: LinkNote, at: number): string | null {
    const { run, peer, why } = note
    const link = `${run} ${peer}`
    if (this.isDown(run, peer)) return 'a run is down twice'
    this.#down.set(link, why)
    if (why === 'node-restarted') return this.isCurrent(peer) ? 'a run counts as restarted that goes on' : null
    // It may have been told that the other side has ended it.
    if (this.isDown(peer, run)) return null
    const { graceMs, healedMs } = this.#terms
    const sinceMs = this.#lostMs.get(link) ?? at
    // One stalled for less than two seconds may have been stalled in two pieces of its grace, which are counted then.
    const lostMs = at - sinceMs - this.#stalledMs(run, sinceMs, at, 2_000)
    if (lostMs < 0.99 * graceMs) return `a run counts as down after ${lostMs} ms without a connection`
    // On a slow network two attempts in a row may both take too long. A whole grace has room for more of them. Clocks may
    // be a thousandth too slow.
    const isUnlucky = at < healedMs + 1.01 * graceMs && this.#dialsOf(...this.#endsOf(note)) >= UNLUCKY_DIALS
    return at < healedMs + RECONNECT_MS || isUnlucky ? null : 'a run counts as down long after all was healed'
  }
}

function keyOf({ run, subject }: Seen): string {
  return `${run} ${subject}`
}

function linkOf({ run, peer }: LinkNote): string {
  return `${run} ${peer}`
}
