import { actor, protocol } from '@troupe/core'
import { topic, topics as topicsOf } from '@troupe/core/cluster'
import { type Checker, type SimulatedCluster, scenario } from '@troupe/testkit'
import { isLinked, noteLinks, systemsOf } from '../stage/link-notes.ts'

interface Bulletin {
  readonly from: string
  readonly n: number
}
const News = topic<Bulletin>('sim.news')

interface Reader {
  read: (bulletin: Bulletin) => void
  write: () => void
  move: () => void
}
const Reader = protocol<Reader>('sim.reader')

/** What a reader notes: who read what. */
interface Read extends Bulletin {
  readonly reader: string
}

/** Each reader gets what one node publishes in its order, each once; and the last ones, when all is healed, all do. */
const once: Checker = {
  name: 'once and in order',
  check(history) {
    const last = new Map<string, number>()
    for (const event of history) {
      if (event.f !== 'read') continue
      const { reader, from, n } = event.value as Read
      const before = last.get(`${reader} ${from}`) ?? 0
      if (n <= before)
        return { verdict: 'illegal', message: `${reader} read ${n} of ${from} after ${before}`, conflict: [event] }
      last.set(`${reader} ${from}`, n)
    }
    return { verdict: 'ok' }
  },
}

/** Readers and writers of one topic on each node: everybody gets each bulletin once at most, and once all is healed all do. */
export const topics = scenario({
  name: 'topics',
  nodes: { min: 2, max: 4 },
  durationMs: 10_000,
  convergeMs: 20_000,
  faults: { kinds: ['crash', 'pause', 'partition', 'clog', 'reset'], meanGapMs: 700 },
  async start(node) {
    const system = await node.createSystem({ seeds: node.others, disconnectGraceMs: 3_000, heartbeatMs: 250 })
    noteLinks(node, system)
    const news = topicsOf(system)
    let n = 0
    const reader = actor(Reader, (context) => {
      const me = context.self
      let leave: (() => void) | null = news.subscribe(News, me, 'read')
      context.after(context.random.below(200), 'write')
      context.after(context.random.below(1_000), 'move')
      return {
        read: (bulletin) => node.note('read', { ...bulletin, reader: me.id } satisfies Read),
        write: () => {
          news.publish(News, { from: system.uid, n: ++n })
          context.after(20 + context.random.below(200), 'write')
        },
        move: () => {
          leave?.()
          leave = leave === null ? news.subscribe(News, me, 'read') : null
          context.after(context.random.below(1_000), 'move')
        },
      }
    })
    for (let i = 0; i < 2; i++) system.spawn(reader)
  },
  converged: isLinked,
  async settle(cluster) {
    const { length } = cluster.history
    // What was sent while a link was clogged may be on its way for seconds, and what is sent now behind it.
    for (let left = 15; ; left--) {
      await cluster.sleep(1_000)
      const silent = silentPair(cluster, length)
      if (silent === null) return
      if (left === 0) throw new Error(silent)
    }
  },
  checkers: [once],
})

/** Who has read nothing of whom, since that place in the history; null when all have read something of all. */
function silentPair(cluster: SimulatedCluster, since: number): string | null {
  const pairs = new Set<string>()
  for (const { f, value } of cluster.history.slice(since)) {
    if (f !== 'read') continue
    const { reader, from } = value as Read
    pairs.add(`${reader.slice(0, reader.lastIndexOf('/'))} ${from}`)
  }
  for (const { uid, peers } of systemsOf(cluster)) {
    const silent = [uid, ...peers.map((peer) => peer.uid)].find((from) => !pairs.has(`${uid} ${from}`))
    if (silent !== undefined) return `${uid} reads nothing of ${silent}`
  }
  return null
}
