import { type Actor, actor, type Protocol, protocol, type Ref } from '@troupe/core'
import { type Checker, type CheckResult, type HistoryEvent, type SimulatedNode, scenario } from '@troupe/testkit'
import { askAll, isLinked, type LinkNote, noteLinks, runOf } from '../stage/link-notes.ts'

/** Somebody who hears words. */
export interface Talker {
  known: (refs: readonly Ref<Talker>[]) => void
  talk: () => void
  /** Some words come with whoever says them: what is no plain data goes another way through the runtime. */
  hear: (word: { readonly from: string; readonly n: number; readonly by: Ref<Talker> | null }) => void
  echo: (n: number) => number
}
export const Talker: Protocol<Talker> = protocol<Talker>('sim.talker')

const MOST_FORMER = 2

/** A word on its way from one run to another, or come to its end. */
interface Word {
  readonly from: string
  readonly to: string
  readonly n: number
}

/** Tells all others numbers that rise, a few at a time, and writes down what it tells and hears. */
export const talker: Actor<Talker, SimulatedNode> = actor(Talker, (context, node: SimulatedNode) => {
  const me = runOf(context.self)
  const told = new Map<string, number>()
  let others: readonly Ref<Talker>[] = []
  /** Those that are gone: whatever is told to them must not reach anybody else. */
  let former: readonly Ref<Talker>[] = []
  context.subscribe(Talker, 'known')
  context.after(context.random.below(100), 'talk')
  return {
    known: (refs) => {
      const gone = others.filter((ref) => !refs.some(({ id }) => id === ref.id))
      former = [...former, ...gone].slice(-MOST_FORMER)
      others = refs.filter((ref) => runOf(ref) !== me)
    },
    talk: () => {
      for (const ref of [...others, ...former]) {
        const to = runOf(ref)
        for (let burst = context.random.below(4); burst > 0; burst--) {
          const n = (told.get(to) ?? 0) + 1
          told.set(to, n)
          node.note('told', { from: me, to, n } satisfies Word)
          ref.tell('hear', { from: me, n, by: n % 3 === 0 ? context.self : null })
        }
      }
      context.after(context.random.below(160), 'talk')
    },
    hear: ({ from, n }) => {
      node.note('heard', { from, to: me, n } satisfies Word)
    },
    echo: (n) => n,
  }
})

/** What is known of one pair so far: everything as places in the history. */
class Pair {
  /** Where the n-th word was told; the first one has number 1. */
  readonly told: number[] = [-1]
  /** The last one heard. */
  heard = 0
  /** Where the sender last lost the connection to the receiver. */
  lostAt = -1
}

/** Each pair keeps its order and repeats nothing, and what is missing was told before a connection was lost. */
export const inOrder: Checker = {
  name: 'pair-order',
  check(history) {
    const pairs = new Map<string, Pair>()
    const connected = new Set<string>()
    const pairOf = (from: string, to: string): Pair => {
      const key = `${from} ${to}`
      const pair = pairs.get(key) ?? new Pair()
      pairs.set(key, pair)
      return pair
    }
    for (const [at, event] of history.entries()) {
      if (event.f === 'told') {
        const { from, to } = event.value as Word
        pairOf(from, to).told.push(at)
      } else if (event.f === 'heard') {
        const word = event.value as Word
        const wrong = hear(pairOf(word.from, word.to), word.n)
        if (wrong !== null) return illegal(word, wrong, event)
      } else if (event.f === 'lost' || event.f === 'down' || event.f === 'up') {
        const { run, peer } = event.value as LinkNote
        const key = `${run} ${peer}`
        // One that is up takes the place of another that nobody has missed yet.
        if (event.f !== 'up' || connected.has(key)) pairOf(run, peer).lostAt = at
        if (event.f === 'up') connected.add(key)
        else connected.delete(key)
      }
    }
    return { verdict: 'ok' }
  },
}

function hear(pair: Pair, n: number): string | null {
  const last = pair.heard
  if (n <= last) return `was heard after ${last}`
  if (n >= pair.told.length) return 'was never told'
  pair.heard = n
  // Told in order: if the last one that is missing had no loss after it, it is one too many.
  if (n > last + 1 && pair.told[n - 1]! > pair.lostAt) return `was heard after ${last}, and no connection was lost`
  return null
}

function illegal({ from, to, n }: Word, wrong: string, event: HistoryEvent): CheckResult {
  return { verdict: 'illegal', message: `word ${n} from ${from} to ${to} ${wrong}`, conflict: [event] }
}

/** Law 1, across everything that can happen to a connection. */
export const pairOrder = scenario({
  name: 'pair-order',
  nodes: { min: 2, max: 3 },
  durationMs: 12_000,
  convergeMs: 15_000,
  network: {
    minLatencyMs: 1,
    meanLatencyMs: 30,
    longTail: { oneIn: 50, maxMs: 300 },
    resetPerMillion: 6_000,
    corruptPerMillion: 3_000,
    capacityBytes: 400,
    reconnectMs: 50,
    detectMs: 150,
  },
  faults: { kinds: ['crash', 'pause', 'partition', 'clog', 'reset', 'slow'], meanGapMs: 700 },
  async start(node) {
    const system = await node.createSystem({ seeds: node.others, disconnectGraceMs: 4_000, heartbeatMs: 250 })
    noteLinks(node, system)
    system.register(Talker, system.spawn(talker, { args: node, name: 'talker' }))
  },
  converged: isLinked,
  settle: (cluster) => askAll(cluster, Talker, (ref) => ref.ask('echo', 1, { timeoutMs: 1_000 })),
  checkers: [inOrder],
})
