import { type ActorSystem, actor, protocol, type Ref, type Terminated } from '@troupe/core'
import { type Checker, type HistoryEvent, type SimulatedCluster, type SimulatedNode, scenario } from '@troupe/testkit'
import { isLinked, type LinkNote, noteLinks, noteStalls, runOf, type StallNote } from '../stage/link-notes.ts'

const GRACE_MS = 3_000
const HEARTBEAT_MS = 250
const DURATION_MS = 12_000
/** What was lost before all is healed is connected again this long after it, in ms. */
const RECONNECT_MS = 2_500
/** Most subjects that a node has at one time. */
const MOST_SUBJECTS = 3

interface Subject {
  known: (refs: readonly Ref<Observer>[]) => void
  live: () => void
  end: () => void
}
const Subject = protocol<Subject>('sim.subject')

interface Observer {
  known: (refs: readonly Ref<Subject>[]) => void
  word: (word: { readonly subject: string; readonly n: number }) => void
  gone: (notice: Terminated) => void
}
const Observer = protocol<Observer>('sim.observer')

interface Keeper {
  breed: () => void
  rest: () => void
}
const Keeper = protocol<Keeper>('sim.keeper')

/** What one run has seen of one subject. */
interface Seen {
  /** Uid of the run that sees. */
  readonly run: string
  readonly subject: string
}

interface Notice extends Seen {
  readonly reason: string
}

/** Tells every observer numbers, now and then, until it ends in one way or another; the last word in the same turn. */
const subject = actor(Subject, (context, node: SimulatedNode) => {
  let observers: readonly Ref<Observer>[] = []
  let n = 0
  const me = context.self.id
  context.register(Subject)
  context.subscribe(Observer, 'known')
  context.after(context.random.below(200), 'live')
  const say = (): void => {
    n++
    for (const ref of observers) ref.tell('word', { subject: me, n })
  }
  const end = (how: 'stopped' | 'failed'): void => {
    for (let last = 0; last < 3; last++) say()
    node.note('ended', { subject: me, how })
    if (how === 'failed') throw new RangeError('as is the way of all flesh')
    context.stop()
  }
  return {
    known: (refs) => {
      observers = refs
    },
    live: () => {
      if (context.random.below(8) === 0) return end(context.random.below(3) === 0 ? 'failed' : 'stopped')
      say()
      context.after(context.random.below(400), 'live')
    },
    end: () => end('stopped'),
  }
})

/** Watches every subject it hears of, once, and gives up some of the watches. */
const observer = actor(Observer, (context, node: SimulatedNode) => {
  const run = runOf(context.self)
  const watched = new Map<string, Ref<Subject>>()
  context.register(Observer)
  context.subscribe(Subject, 'known')
  return {
    known: (refs) => {
      for (const ref of refs) {
        if (watched.has(ref.id)) continue
        watched.set(ref.id, ref)
        node.note('watched', { run, subject: ref.id } satisfies Seen)
        context.watch(ref, 'gone')
      }
    },
    word: ({ subject, n }) => {
      node.note('word', { run, subject })
      const ref = watched.get(subject)
      if (n !== 4 || ref === undefined || context.random.below(4) > 0) return
      context.unwatch(ref)
      node.note('unwatched', { run, subject } satisfies Seen)
    },
    gone: ({ ref, reason }) => {
      node.note('notice', { run, subject: ref.id, reason } satisfies Notice)
    },
  }
})

const keeper = actor(Keeper, (context, node: SimulatedNode) => {
  const breeding = context.every(300, 'breed')
  return {
    breed: () => {
      if (context.children.length < MOST_SUBJECTS) context.spawn(subject, { args: node })
    },
    rest: () => {
      breeding.cancel()
      for (const child of context.children) (child as Ref<Subject>).tell('end')
    },
  }
})

/** What is so far known of one watch. */
interface Watch extends Seen {
  reason: string | null
  unwatched: boolean
}

/** All watches of a run, and the first thing that is wrong with one. */
class Watches {
  readonly all = new Map<string, Watch>()
  readonly #nodeOf = new Map<string, string>()
  readonly #latest = new Map<string, string>()
  readonly #ended = new Map<string, string>()
  /** When a run lost the connection to another one. */
  readonly #lostMs = new Map<string, number>()
  readonly #down = new Map<string, string>()
  /** Of each run, the others it was connected to. */
  readonly #met = new Map<string, Set<string>>()
  readonly #stalls: readonly { readonly run: string; readonly fromMs: number; readonly toMs: number }[]

  constructor(history: readonly HistoryEvent[]) {
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

  #isLost(note: LinkNote, at: number): string | null {
    this.#lostMs.set(linkOf(note), at)
    const silentMs = Number(/^silent for (\d+) ms/.exec(note.why)?.[1] ?? Number.NaN)
    const stalledMs = this.#stalledMs(note.run, at - silentMs, at, 2.5 * HEARTBEAT_MS)
    // Clocks may be a thousandth too fast.
    if (!(silentMs - stalledMs < 3.9 * HEARTBEAT_MS)) return null
    return `a run that was stalled for ${stalledMs} ms accuses another one of ${silentMs} ms of silence`
  }

  /** How long a run was stalled in a span of time, counting what is no shorter than `leastMs`. */
  #stalledMs(run: string, fromMs: number, toMs: number, leastMs: number): number {
    const parts = this.#stalls
      .filter((stall) => stall.run === run && stall.toMs - stall.fromMs >= leastMs)
      .map((stall) => Math.min(toMs, stall.toMs) - Math.max(fromMs, stall.fromMs))
    return parts.reduce((sum, ms) => sum + Math.max(0, ms), 0)
  }

  #isDown({ run, peer, why }: LinkNote, at: number): string | null {
    const link = `${run} ${peer}`
    if (this.isDown(run, peer)) return 'a run is down twice'
    this.#down.set(link, why)
    if (why === 'node-restarted') return this.isCurrent(peer) ? 'a run counts as restarted that goes on' : null
    // It may have been told that the other side has ended it.
    if (this.isDown(peer, run)) return null
    const sinceMs = this.#lostMs.get(link) ?? at
    // One stalled for less than two seconds may have been stalled in two pieces of its grace, which are counted then.
    const lostMs = at - sinceMs - this.#stalledMs(run, sinceMs, at, 2_000)
    if (lostMs < 0.99 * GRACE_MS) return `a run counts as down after ${lostMs} ms without a connection`
    return at < DURATION_MS + RECONNECT_MS ? null : 'a run counts as down long after all was healed'
  }
}

function keyOf({ run, subject }: Seen): string {
  return `${run} ${subject}`
}

function linkOf({ run, peer }: LinkNote): string {
  return `${run} ${peer}`
}

/** One notice for each watch, with the right reason, and nothing of the dead after it. */
export const watching: Checker = {
  name: 'watches',
  check(history) {
    const watches = new Watches(history)
    for (const event of history) {
      const wrong = watches.add(event)
      if (wrong !== null) return { verdict: 'illegal', message: wrong, conflict: [event] }
    }
    return { verdict: 'ok' }
  },
}

/** A watch that should have brought a notice by the time that all subjects have ended; null when there is none. */
function missing(history: readonly HistoryEvent[]): string | null {
  const watches = new Watches(history)
  for (const event of history) watches.add(event)
  for (const { run, subject, reason, unwatched } of watches.all.values()) {
    if (reason !== null || unwatched || !watches.isCurrent(run)) continue
    return `nobody has told ${run} of the end of ${subject}`
  }
  return null
}

/** Laws 10 and 11, across everything that can happen to a connection. */
export const remoteWatch = scenario({
  name: 'remote-watch',
  nodes: { min: 2, max: 3 },
  durationMs: DURATION_MS,
  convergeMs: 15_000,
  faults: { kinds: ['crash', 'pause', 'partition', 'clog', 'reset', 'slow', 'clock'], meanGapMs: 700 },
  async start(node) {
    const options = {
      seeds: node.others,
      disconnectGraceMs: GRACE_MS,
      heartbeatMs: HEARTBEAT_MS,
      // Less than the grace, so that attempts fail in the midst of it.
      handshakeTimeoutMs: 700,
    }
    const system: ActorSystem = await node.createSystem(options)
    noteLinks(node, system)
    noteStalls(node, system)
    system.spawn(observer, { args: node, name: 'observer' })
    system.register(Keeper, system.spawn(keeper, { args: node, name: 'keeper' }))
  },
  converged: isLinked,
  async settle(cluster) {
    rest(cluster)
    for (let left = 100; missing(cluster.history) !== null; left--) {
      if (left === 0) throw new Error(missing(cluster.history) ?? '')
      await cluster.sleep(100)
    }
  },
  checkers: [watching],
})

function rest({ nodes }: SimulatedCluster): void {
  for (const { system } of nodes.values()) {
    for (const ref of system.findAll(Keeper)) if (runOf(ref) === system.uid) ref.tell('rest')
  }
}
