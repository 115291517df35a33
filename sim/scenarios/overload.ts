import { type Actor, actor, bounded, type Overflow, protocol, type Ref, type Terminated } from '@troupe/core'
import {
  type Checker,
  type HistoryEvent,
  type Scenario,
  type SimulatedCluster,
  type SimulatedNode,
  scenario,
} from '@troupe/testkit'
import { SITE } from '../stage/network.ts'
import { isStageEmpty, Stage, wrongOnStage } from '../stage/stage.ts'

interface Item {
  readonly id: string
  readonly bulk: Uint8Array | null
}

interface Sink {
  put: (item: Item) => void
  gone: (notice: Terminated) => void
}
const Sink = protocol<Sink>('sink')

interface Mortal {
  live: () => void
}
const Mortal = protocol<Mortal>('mortal')

interface Watcher {
  gone: (notice: Terminated) => void
}
const Watcher = protocol<Watcher>('watcher')

const SINK_NODE = 'n1'
/** What a message takes at the sink, in ms; and how many each node sends in that time. */
const TAKES_MS = 2
const TIMES_TOO_FAST = 10
/** Each node sends for so many ms. */
const FLOOD_MS = 100
/** A watch is known to the other node after this, in ms. */
const WATCH_MS = 200
/** Actors that the sink watches, and that end meanwhile. */
const MORTALS = 5
/** What may wait for another node, in bytes. */
const OUTBOX_BYTES = 8 * 1024 * 1024
const BULK_BYTES = 32 * 1024
const BULKS = 300
/** Messages of that size that do not wait: they are on the link, or in the batch that is made just now. */
const BULKS_ON_THE_WAY = 10
/** A notice from another node may take so long, in ms: beside a flood, and behind a full outbox. */
const NOTICE_MS = 500
const NOTICE_BEHIND_BULK_MS = 3_000

const mortal = actor(Mortal, () => ({ live: () => {} }))

/** For the history: an actor that is watched was stopped, and its notice may take so long. */
interface Stopped {
  readonly id: string
  readonly mostMs: number
}

const plays = new WeakMap<SimulatedNode, Play>()

/** A node that sends ten times as much as one sink can take; the first node has the sink. */
class Play {
  readonly #stage: Stage
  readonly #node: SimulatedNode
  /** Messages told here, and those of them that were turned down at once. */
  sent = 0
  refused = 0
  /** What became of messages here, by whomever they were sent. */
  readonly fates = new Map<string, string>()
  /** What else is to be done while it sends. */
  #meanwhile = (): void => {}

  constructor(stage: Stage, node: SimulatedNode) {
    this.#stage = stage
    this.#node = node
    stage.system.events.subscribe((event) => {
      if (event.type === 'dead-letter' && event.message === 'put') this.#end((event.payload as Item).id, event.reason)
    })
    if (node.name === SINK_NODE) this.#openSink()
    const own = stage.system.spawn(mortal)
    stage.system.register(Mortal, own)
    stage.began('begin')
    void this.#begin(own)
  }

  #end(id: string, fate: string): void {
    const before = this.fates.get(id)
    this.#stage.expect(before === undefined, `message ${id} is ${fate}, and was ${before}`)
    this.fates.set(id, fate)
  }

  #openSink(): void {
    const stage = this.#stage
    const capacity = 1 + stage.random.below(20)
    const mailbox = bounded({ capacity, overflow: stage.pick<Overflow>('drop-newest', 'drop-oldest', 'reject') })
    const mortals = Array.from({ length: MORTALS }, () => stage.system.spawn(mortal))
    stage.system.register(Sink, stage.system.spawn(this.#sink(mortals), { name: 'sink', mailbox }))
    // Each waits for those before it, and for the notices among them.
    const noticeMs = (capacity + MORTALS + 2) * TAKES_MS
    this.#meanwhile = () => {
      const queued = stage.system.inspect({ below: '/user/sink' }).actors[0]?.queued ?? 0
      stage.expect(queued <= capacity + MORTALS, `${queued} messages wait in a mailbox of ${capacity}`)
      const doomed = stage.oneIn(FLOOD_MS / MORTALS) ? mortals.pop() : undefined
      if (doomed !== undefined) this.#stop(doomed, noticeMs)
    }
  }

  #sink(mortals: readonly Ref<Mortal>[]): Actor<Sink> {
    return actor(Sink, (ctx) => {
      for (const each of mortals) ctx.watch(each, 'gone')
      return {
        put: async ({ id }) => {
          this.#end(id, 'handled')
          await this.#stage.sleep(TAKES_MS)
        },
        gone: ({ ref }) => this.#node.note('heard', ref.id),
      }
    })
  }

  #stop(ref: Ref<Mortal>, mostMs: number): void {
    this.#node.note('stopped', { id: ref.id, mostMs } satisfies Stopped)
    void this.#stage.system.stop(ref)
  }

  /** Watches what the other node has, then sends. */
  async #begin(own: Ref<Mortal>): Promise<void> {
    const stage = this.#stage
    const sink = await stage.system.find(Sink)
    await this.#watchOther(own)
    const sendsBulk = this.#node.name !== SINK_NODE && stage.oneIn(2)
    if (sendsBulk) this.#sendBulk(sink)
    stage.after(FLOOD_MS / 2, () => this.#stop(own, sendsBulk ? NOTICE_BEHIND_BULK_MS : NOTICE_MS))
    stage.drive(FLOOD_MS, 2, () => {
      for (let left = TIMES_TOO_FAST / TAKES_MS; left > 0; left--) this.#send(sink, null)
      this.#meanwhile()
    })
    stage.ended('begin')
  }

  async #watchOther(own: Ref<Mortal>): Promise<void> {
    const stage = this.#stage
    let other: Ref<Mortal> | undefined
    while (other === undefined) {
      await stage.sleep(10)
      other = stage.system.findAll(Mortal).find(({ id }) => id !== own.id)
    }
    const watched = other
    stage.system.spawn(
      actor(Watcher, (ctx) => {
        ctx.watch(watched, 'gone')
        return { gone: ({ ref }) => this.#node.note('heard', ref.id) }
      }),
    )
    // The other one has to hear of it before it stops what is watched.
    await stage.sleep(WATCH_MS)
  }

  #send(sink: Ref<Sink>, bulk: Uint8Array | null): void {
    const id = `${this.#node.name}-${++this.sent}`
    if (!sink.tell('put', { id, bulk })) this.refused++
  }

  /** More at once than is kept for another node. */
  #sendBulk(sink: Ref<Sink>): void {
    const bulk = new Uint8Array(BULK_BYTES)
    for (let left = BULKS; left > 0; left--) this.#send(sink, bulk)
    const kept = this.sent - this.fates.size
    const most = OUTBOX_BYTES / BULK_BYTES + BULKS_ON_THE_WAY
    this.#stage.expect(
      kept <= most,
      `${kept} messages of ${BULK_BYTES} bytes are kept for a node, where ${most} may be`,
    )
  }
}

/** Each end that is watched is heard of once, and in time. */
const noticesInTime: Checker = {
  name: 'notices-in-time',
  check(history) {
    const heard = new Map<unknown, HistoryEvent[]>()
    for (const event of history)
      if (event.f === 'heard') heard.set(event.value, [...(heard.get(event.value) ?? []), event])
    for (const event of history) {
      if (event.f !== 'stopped') continue
      const { id, mostMs } = event.value as Stopped
      const notices = heard.get(id) ?? []
      const tookMs = (notices[0]?.at ?? Number.POSITIVE_INFINITY) - event.at!
      if (notices.length === 1 && tookMs <= mostMs) continue
      const message = `${notices.length} notices of the end of ${id}, after ${tookMs} ms, where ${mostMs} may pass`
      return { verdict: 'illegal', message, conflict: [event, ...notices] }
    }
    return { verdict: 'ok' }
  },
}

/** What is sent is handled, was turned down, or is a dead letter: at the node that sent it, or where it was to be handled. */
async function countsAddUp(cluster: SimulatedCluster): Promise<void> {
  await cluster.sleep(NOTICE_BEHIND_BULK_MS)
  const all = [...cluster.nodes.values()].map((node) => plays.get(node)!)
  const sent = all.reduce((sum, play) => sum + play.sent, 0)
  const refused = all.reduce((sum, play) => sum + play.refused, 0)
  const fates = all.flatMap((play) => [...play.fates.keys()])
  const known = new Set(fates).size
  if (known === fates.length && known + refused === sent) return
  throw new Error(
    `${sent} sent, ${refused} refused, ${fates.length} handled or dead letters, ${known} of them different`,
  )
}

/**
 * Two nodes that send ten times as much as one actor takes: mailboxes and what waits for a link stay bounded, notices come
 * through, and the counts add up. Judged against law 19 of docs/semantics.md.
 */
export const overload: Scenario = scenario({
  name: 'overload',
  nodes: 2,
  durationMs: 600,
  convergeMs: 15_000,
  faults: false,
  network: { ...SITE, capacityBytes: 64 * 1024 },
  async start(node) {
    const stage = await Stage.open(node)
    plays.set(node, new Play(stage, node))
  },
  invariant: wrongOnStage,
  converged: isStageEmpty,
  settle: countsAddUp,
  checkers: [noticesInTime],
})
