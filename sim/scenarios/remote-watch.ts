import { type ActorSystem, actor, protocol, type Ref, type Terminated, type Transport } from '@troupe/core'
import type { Dialect } from '@troupe/core/testing'
import { type Checker, type HistoryEvent, type SimulatedCluster, type SimulatedNode, scenario } from '@troupe/testkit'
import { isLinked, noteLinks, noteStalls, notingDials, runOf } from '../stage/link-notes.ts'
import { type Notice, type Seen, type Terms, Watches } from '../stage/watches.ts'

const TERMS: Terms = { graceMs: 4_000, heartbeatMs: 250, healedMs: 12_000 }
/** Most subjects that a node has at one time. */
const MOST_SUBJECTS = 3

interface Subject {
  known: (refs: readonly Ref<Observer>[]) => void
  live: () => void
  end: () => void
}
const Subject = protocol<Subject>('sim.subject')

export interface Observer {
  known: (refs: readonly Ref<Subject>[]) => void
  word: (word: { readonly subject: string; readonly n: number }) => void
  gone: (notice: Terminated) => void
  /** Watches once more whom it has watched. */
  again: () => void
}
export const Observer = protocol<Observer>('sim.observer')

interface Keeper {
  breed: () => void
  rest: () => void
}
const Keeper = protocol<Keeper>('sim.keeper')

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
  const watch = (ref: Ref<Subject>): void => {
    watched.set(ref.id, ref)
    node.note('watched', { run, subject: ref.id } satisfies Seen)
    context.watch(ref, 'gone')
  }
  context.register(Observer)
  context.subscribe(Subject, 'known')
  return {
    known: (refs) => {
      for (const ref of refs) if (!watched.has(ref.id)) watch(ref)
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
    again: () => {
      for (const ref of watched.values()) watch(ref)
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

/** One notice for each watch, with the right reason, and nothing of the dead after it. */
export const watching: Checker = {
  name: 'watches',
  check(history) {
    const watches = new Watches(history, TERMS)
    for (const event of history) {
      const wrong = watches.add(event)
      if (wrong !== null) return { verdict: 'illegal', message: wrong, conflict: [event] }
    }
    return { verdict: 'ok' }
  },
}

/** A watch that should have brought a notice by the time that all subjects have ended; null when there is none. */
function missing(history: readonly HistoryEvent[]): string | null {
  const watches = new Watches(history, TERMS)
  for (const event of history) watches.add(event)
  for (const { run, subject, reason, unwatched } of watches.all.values()) {
    if (reason !== null || unwatched || !watches.isCurrent(run)) continue
    return `nobody has told ${run} of the end of ${subject}`
  }
  return null
}

/** A node with observers and subjects. @param dialect what it speaks. Default: what this version speaks */
export async function startWatching(
  node: SimulatedNode,
  dialect?: Dialect,
  transport: Transport = node.transport,
): Promise<void> {
  const options = {
    transport: notingDials(node, transport),
    seeds: node.others,
    disconnectGraceMs: TERMS.graceMs,
    heartbeatMs: TERMS.heartbeatMs,
    // Less than the grace, so that attempts fail in the midst of it; but few on a network that is merely slow, where dials
    // of 700 ms at most all failed within a grace of three seconds, once in 1,000 runs.
    handshakeTimeoutMs: 1_200,
  }
  const system: ActorSystem = await node.createSystem(options, dialect)
  noteLinks(node, system)
  noteStalls(node, system)
  system.spawn(observer, { args: node, name: 'observer' })
  system.register(Keeper, system.spawn(keeper, { args: node, name: 'keeper' }))
}

/** Laws 10 and 11, across everything that can happen to a connection. */
export const remoteWatch = scenario({
  name: 'remote-watch',
  nodes: { min: 2, max: 3 },
  durationMs: TERMS.healedMs,
  convergeMs: 15_000,
  faults: { kinds: ['crash', 'pause', 'partition', 'clog', 'reset', 'slow', 'clock'], meanGapMs: 700 },
  start: (node) => startWatching(node),
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
