import { actor, OfferError, protocol, type Ref } from '@troupe/core'
import { type Checker, type HistoryEvent, type SimulatedNode, scenario } from '@troupe/testkit'
import { askAll, isLinked, type LinkNote, noteLinks, runOf, systemsOf } from '../stage/link-notes.ts'

const KIB = 1024
/** What is offered, in bytes: so that the bytes, and not the messages, are what is bounded first. */
const ITEM_BYTES = 100 * KIB
/** What one node may have sent to an actor that is not handled: 4 MiB, and the message that goes over it. */
const MOST_AHEAD = 41
/** What may wait for one peer at the sender: 8 MiB, and the message that goes over it. */
const MOST_QUEUED_BYTES = 8_192 * KIB + ITEM_BYTES + 100
const WORK_MS = 15

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

/** An item that was sent, has been handled, or has become a dead letter. */
interface Sent {
  readonly from: string
  readonly to: string
  readonly n: number
}

/** Takes its time over each item. */
const worker = actor(Worker, (context, node: SimulatedNode) => ({
  item: async ({ from, to, n }) => {
    await new Promise<void>((resolve) => void node.runtime.scheduler.after(WORK_MS, resolve))
    node.note('handled', { from, to: runOf(context.self) === runOf({ id: to }) ? to : '', n } satisfies Sent)
  },
  echo: (n) => n,
}))

/** Offers items to one worker after the other as quickly as they are taken, and tells a few besides. */
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
        node.note('refused', { from: me, to: ref.id, n: next.n } satisfies Sent)
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
      const queuedBytes = node.system.stats().remote?.queuedBytes ?? 0
      node.note('queued', queuedBytes)
      context.self.tell('feed')
    },
    rest: () => {
      isResting = true
    },
  }
})
