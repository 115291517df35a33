import { type Actor, type ActorSystem, actor, oneForOne, protocol } from '@troupe/core'
import { type Consumer, consumer, type DeliveryLog, memoryDeliveryLog, producer } from '@troupe/core/cluster'
import type { Checker, HistoryEvent, SimulatedCluster, SimulatedNode } from '@troupe/testkit'

interface Order {
  readonly from: string
  readonly n: number
}
interface Shop {
  order: (order: Order) => void
}
const Shop = protocol<Shop>('sim.shop')
const Orders = protocol<Consumer<Order>>('sim.orders')

/** Where the consumer is; all others produce. */
const SHOP = 'n1'

/** What is durable of a producer, kept outside of its node as on a disk. */
interface Durable {
  readonly log: DeliveryLog<Order>
  /** The last order that was taken in. */
  taken: number
  /** The node as it is at present. */
  node: SimulatedNode
}

/** By node; of the run under way, as there is one at a time. */
const durables = new Map<string, Durable>()

/** The shop handles orders, and fails at some; everybody else orders, and crashes where that may be. */
export async function trade(node: SimulatedNode): Promise<void> {
  // What is there is of another run. Before anything else: a node may crash while it starts.
  if (node.incarnation === 1) durables.delete(node.name)
  const system = await node.createSystem({ seeds: node.others, disconnectGraceMs: 600_000, heartbeatMs: 250 })
  if (node.name === SHOP) openShop(node, system)
  else order(node, system)
}

function openShop(node: SimulatedNode, system: ActorSystem): void {
  node.note('opens')
  const shop: Actor<Shop> = actor(Shop, (context) => ({
    order: (one) => {
      if (context.random.below(30) === 0) {
        node.note('failed', one)
        throw new Error('out of stock')
      }
      node.note('handled', one)
    },
  }))
  const supervise = oneForOne({ maxRestarts: 1_000, backoff: { minMs: 10, maxMs: 50 } })
  const target = system.spawn(shop, { supervise })
  system.register(Orders, system.spawn(consumer({ target, message: 'order', window: 8, retryMs: 50 })))
}

interface Buyer {
  buy: () => void
}
const Buyer = protocol<Buyer>('sim.buyer')

/** A buyer, whose producer fails now and then with its log, so that its supervision starts it anew. */
function order(node: SimulatedNode, system: ActorSystem): void {
  const durable = durableOf(node)
  const supervise = oneForOne({ maxRestarts: 1_000, backoff: { minMs: 10, maxMs: 50 } })
  const id = node.name
  const ref = system.spawn(producer<Order>({ id, consumer: Orders, capacity: 40, resendMs: 200, log: durable.log }), {
    supervise,
  })
  const buyer: Actor<Buyer> = actor(Buyer, (context) => {
    context.after(context.random.below(100), 'buy')
    return {
      buy: () => {
        const n = durable.taken + 1
        const one: Order = { from: id, n }
        void ref.ask('send', one, { timeoutMs: 3_000 }).then(
          () => node.note('answered', one),
          () => {},
        )
        context.after(10 + context.random.below(100), 'buy')
      },
    }
  })
  system.spawn(buyer)
}
function durableOf(node: SimulatedNode): Durable {
  const known = durables.get(node.name)
  if (known !== undefined) {
    known.node = node
    return known
  }
  const inner = memoryDeliveryLog<Order>()
  const append = (seq: number, value: Order): void => {
    const fate = durable.node.random.below(60)
    if (fate === 0) throw new Error('the log is full')
    inner.append(seq, value)
    durable.taken = value.n
    if (fate === 1) throw new Error('the log is written, and broken')
  }
  const confirmed = (seq: number): void => {
    inner.confirmed(seq)
    durable.node.note('confirmed', { from: node.name, n: seq } satisfies Order)
  }
  const durable: Durable = { log: { ...inner, append, confirmed }, taken: 0, node }
  durables.set(node.name, durable)
  return durable
}

/** In order, none left out and, as long as the consumer lives, none twice; what is confirmed was handled. */
export const effectivelyOnce: Checker = {
  name: 'effectively once',
  check(history) {
    const last = new Map<string, number>()
    const confirmed = new Map<string, number>()
    /** Those of whom the present consumer has handled something. */
    const met = new Set<string>()
    for (const event of history) {
      if (event.f === 'opens') met.clear()
      if (event.f !== 'handled' && event.f !== 'confirmed' && event.f !== 'answered') continue
      const { from, n } = event.value as Order
      const before = last.get(from) ?? 0
      if (event.f !== 'handled') {
        if (n > before) return illegal(`order ${n} of ${from} is ${event.f}, and not handled`, event)
        if (event.f === 'confirmed') confirmed.set(from, n)
        continue
      }
      // A new consumer begins behind what was confirmed.
      const isFirst = !met.has(from) && n > (confirmed.get(from) ?? 0) && n <= before
      if (n !== before + 1 && !isFirst) return illegal(`order ${n} of ${from} is handled after ${before}`, event)
      met.add(from)
      last.set(from, n)
    }
    return { verdict: 'ok' }
  },
}

function illegal(
  message: string,
  event: HistoryEvent,
): { verdict: 'illegal'; message: string; conflict: HistoryEvent[] } {
  return { verdict: 'illegal', message, conflict: [event] }
}

/** For `settle`: what each producer has taken in is handled in the end, and more besides. */
export async function tradeGoesOn(cluster: SimulatedCluster): Promise<void> {
  const handled = (): Map<string, number> => {
    const last = new Map<string, number>()
    for (const { f, value } of cluster.history) if (f === 'handled') last.set((value as Order).from, (value as Order).n)
    return last
  }
  const before = handled()
  await cluster.sleep(6_000)
  const after = handled()
  for (const name of cluster.nodes.keys()) {
    if (name === SHOP) continue
    if ((after.get(name) ?? 0) <= (before.get(name) ?? 0)) throw new Error(`nothing of ${name} is handled any more`)
  }
}

/** For `converged`: all nodes see the shop. */
export function shopIsOpen({ nodes }: SimulatedCluster): boolean {
  return nodes.has(SHOP) && [...nodes.values()].every(({ system }) => system.findAll(Orders).length > 0)
}
