import { actor, OfferError, protocol, type Ref } from '@troupe/core'
import { type Checker, type HistoryEvent, type SimulatedNode, scenario } from '@troupe/testkit'
import { askAll, isLinked, noteLinks, notes, runOf, systemsOf } from '../stage/link-notes.ts'

const KIB = 1024
/** What is offered, in bytes: so that the bytes, and not the messages, are what is bounded first. */
const ITEM_BYTES = 100 * KIB
/** What one node may have sent to an actor that is not handled: 4 MiB, and the message that goes over it. */
const MOST_AHEAD = 41
/** What may wait for one peer at the sender: 8 MiB, and the message that goes over it. */
const MOST_QUEUED_BYTES = 8_192 * KIB + ITEM_BYTES + 100
/** Those, and the markers between them. */
const MOST_WAITING = MOST_AHEAD + 10
const WORK_MS = 40
/** Each worker that is fed gets on within this, once all faults are healed. */
const PROGRESS_MS = 4_000

interface Item {
  readonly from: string
  readonly to: string
  readonly n: number
  readonly bytes: Uint8Array
}

interface Worker {
  item: (item: Item) => Promise<void>
  echo: (n: number) => number
}
const Worker = protocol<Worker>('sim.worker')

interface Feeder {
  known: (refs: readonly Ref<Worker>[]) => void
  feed: () => void
  look: () => void
  rest: () => void
}
const Feeder = protocol<Feeder>('sim.feeder')

/** An item that was queued, or has been handled. */
interface Sent {
  readonly from: string
  readonly to: string
  readonly n: number
}

/** What a node holds: for others, and of others. */
interface Look {
  readonly queuedBytes: number
  readonly waiting: number
}

/** Takes its time over each item. */
const worker = actor(Worker, (_context, node: SimulatedNode) => ({
  item: async ({ from, to, n }) => {
    await new Promise<void>((resolve) => void node.runtime.scheduler.after(WORK_MS, resolve))
    node.note('handled', { from, to, n } satisfies Sent)
  },
  echo: (n) => n,
}))

/** Offers items to every worker of another node as quickly as they are taken. */
const feeder = actor(Feeder, (context, node: SimulatedNode) => {
  const me = runOf(context.self)
  const sent = new Map<string, number>()
  const feeding = new Set<string>()
  let others: readonly Ref<Worker>[] = []
  let isResting = false
  const item = (ref: Ref<Worker>): Item => {
    const n = (sent.get(ref.id) ?? 0) + 1
    sent.set(ref.id, n)
    return { from: me, to: ref.id, n, bytes: new Uint8Array(ITEM_BYTES) }
  }
  const offer = async (ref: Ref<Worker>): Promise<void> => {
    while (!isResting && others.includes(ref)) {
      const next = item(ref)
      try {
        await ref.offer('item', next, { timeoutMs: 60_000 })
        node.note('offered', { from: me, to: ref.id, n: next.n } satisfies Sent)
      } catch (error) {
        if (!(error instanceof OfferError) || error.reason !== 'unreachable') return
        await new Promise<void>((resolve) => void node.runtime.scheduler.after(100, resolve))
      }
    }
  }
  context.subscribe(Worker, 'known')
  context.every(200, 'look')
  return {
    known: (refs) => {
      // The same ref for the same worker, so that nobody is fed twice.
      const before = new Map(others.map((ref) => [ref.id, ref]))
      others = refs.filter((ref) => runOf(ref) !== me).map((ref) => before.get(ref.id) ?? ref)
      context.self.tell('feed')
    },
    feed: () => {
      for (const ref of others) {
        if (feeding.has(ref.id)) continue
        feeding.add(ref.id)
        context.task(() => offer(ref).finally(() => feeding.delete(ref.id)))
      }
    },
    look: () => {
      const { system } = node
      const queuedBytes = system.stats().remote?.queuedBytes ?? 0
      const waiting = system.inspect({ below: '/user/worker' }).actors[0]?.queued ?? 0
      node.note('look', { queuedBytes, waiting } satisfies Look)
      context.self.tell('feed')
    },
    rest: () => {
      isResting = true
    },
  }
})

/** What is not handled is bounded, on both sides; each pair keeps its order; and no link breaks over credit. */
export const bounds: Checker = {
  name: 'slow-receiver',
  check(history) {
    const peers = new Set(notes<{ readonly run: string }>(history, 'run').map(({ run }) => run)).size - 1
    const handled = new Map<string, number>()
    for (const event of history) {
      const wrong = wrongWith(event, peers, handled)
      if (wrong !== null) return { verdict: 'illegal', message: wrong, conflict: [event] }
    }
    return { verdict: 'ok' }
  },
}

function wrongWith({ f, value }: HistoryEvent, peers: number, handled: Map<string, number>): string | null {
  if (f === 'broken') return `a link is broken: ${value}`
  if (f === 'look') {
    const { queuedBytes, waiting } = value as Look
    if (queuedBytes > peers * MOST_QUEUED_BYTES) return `${queuedBytes} bytes wait to be sent`
    if (waiting > peers * MOST_WAITING) return `${waiting} messages wait to be handled`
  } else if (f === 'handled') {
    const { from, to, n } = value as Sent
    const last = handled.get(`${from} ${to}`) ?? 0
    handled.set(`${from} ${to}`, n)
    if (n <= last) return `item ${n} from ${from} to ${to} was handled after ${last}`
  }
  return null
}

/** How many items each has of each so far. */
function handledSoFar(history: readonly HistoryEvent[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { from, to } of notes<Sent>(history, 'handled')) {
    counts.set(`${from} ${to}`, (counts.get(`${from} ${to}`) ?? 0) + 1)
  }
  return counts
}

/** Law 19 across everything that can happen to a connection: a sender that is much too fast. */
export const slowReceiver = scenario({
  name: 'slow-receiver',
  nodes: 2,
  durationMs: 6_000,
  convergeMs: 20_000,
  network: {
    minLatencyMs: 1,
    meanLatencyMs: 5,
    capacityBytes: 512 * KIB,
    bytesPerSecond: 64_000 * KIB,
    reconnectMs: 50,
    detectMs: 150,
  },
  // Another run of a node has other credit: what the one before has sent is there all the same.
  faults: { kinds: ['pause', 'partition', 'clog', 'reset', 'slow'], meanGapMs: 800 },
  async start(node) {
    const system = await node.createSystem({ seeds: node.others, disconnectGraceMs: 60_000, heartbeatMs: 250 })
    noteLinks(node, system)
    system.events.subscribe((event) => {
      if (event.type === 'link-broken' && event.message.startsWith('malformed')) node.note('broken', event.message)
    })
    system.register(Worker, system.spawn(worker, { args: node, name: 'worker' }))
    system.register(Feeder, system.spawn(feeder, { args: node, name: 'feeder' }))
  },
  converged: isLinked,
  async settle(cluster) {
    const before = handledSoFar(cluster.history)
    await cluster.sleep(PROGRESS_MS)
    const after = handledSoFar(cluster.history)
    const pairs = systemsOf(cluster).length * (systemsOf(cluster).length - 1)
    if (after.size < pairs) throw new Error(`${after.size} of ${pairs} pairs have got anywhere`)
    for (const [pair, count] of after) {
      if (count - (before.get(pair) ?? 0) < 10) throw new Error(`${pair} has stopped at ${count} items`)
    }
    for (const system of systemsOf(cluster)) for (const ref of system.findAll(Feeder)) ref.tell('rest')
    await cluster.sleep(3_000)
    await askAll(cluster, Worker, (ref) => ref.ask('echo', 1, { timeoutMs: 5_000 }))
  },
  checkers: [bounds],
})
