import {
  type Actor,
  type AskError,
  actor,
  InvalidOptionError,
  type LogSink,
  oneForOne,
  protocol,
  type Ref,
  type ReplyError,
} from '@troupe/core'
import { type Consumer, consumer, deliveryGuarantee, memoryDeliveryLog, producer } from '@troupe/core/cluster'
import test from 'ava'
import { eventsOf, World } from './testing/world.ts'

interface Shop {
  order: (n: number) => Promise<void> | void
}
const Shop = protocol<Shop>('shop')
const Orders = protocol<Consumer<number>>('orders')

/** A shop on a node, and what it has handled; it waits for `open`, if that is given. */
async function shop(
  world: World,
  handle: (n: number) => Promise<void> | void,
  options: { readonly window?: number; readonly maxAttempts?: number } = {},
): Promise<{ shopAt: Awaited<ReturnType<World['node']>>; buyerAt: Awaited<ReturnType<World['node']>> }> {
  const [shopAt, buyerAt] = await world.pair()
  const one: Actor<Shop> = actor(Shop, () => ({ order: handle }))
  const target = shopAt.system.spawn(one, { supervise: oneForOne({ maxRestarts: 100, backoff: { minMs: 1 } }) })
  shopAt.system.register(Orders, shopAt.system.spawn(consumer({ target, message: 'order', retryMs: 10, ...options })))
  return { shopAt, buyerAt }
}

test('what a producer takes in is handled in order, and its answers say which number is confirmed', async (t) => {
  const world = new World()
  const handled: number[] = []
  const { buyerAt } = await shop(world, (n) => void handled.push(n))
  const orders = buyerAt.system.spawn(producer<number>({ id: 'b', consumer: Orders }))
  const answers = Array.from({ length: 200 }, (_, i) => orders.ask('send', i + 1))

  t.deepEqual(await world.during(Promise.all(answers)), handled)
  t.is(handled.length, 200)
  t.regex(deliveryGuarantee.acknowledged, /handled/)
  await world.stop()
})

test('no more than the window is on its way, and no more than the capacity is taken in', async (t) => {
  const world = new World()
  const open: (() => void)[] = []
  const received: number[] = []
  const { shopAt, buyerAt } = await shop(
    world,
    (n) => {
      received.push(n)
      return new Promise<void>((resolve) => void open.push(resolve))
    },
    { window: 4 },
  )
  const orders = buyerAt.system.spawn(producer<number>({ id: 'b', consumer: Orders, capacity: 10 }))
  await world.time.advance(100)
  const before = shopAt.system.stats().messagesHandled
  for (let n = 1; n <= 10; n++) orders.tell('send', n)
  const full = await t.throwsAsync(world.during(orders.ask('send', 11)))
  orders.tell('send', 12)
  await world.time.advance(200)

  t.is(((full as AskError).cause as ReplyError).causeCode, 'DELIVERY_BUFFER_FULL')
  t.like(eventsOf(buyerAt, 'dead-letter'), [{ reason: 'mailbox-full', message: 'send', payload: 12 }])
  t.deepEqual(received, [1])
  // Four deliveries, and one of them with the target.
  t.is(shopAt.system.stats().messagesHandled - before, 5)
  await world.stop()
})

test('unless told otherwise 64 messages are on their way', async (t) => {
  const world = new World()
  const { shopAt, buyerAt } = await shop(world, () => new Promise<void>(() => {}))
  const orders = buyerAt.system.spawn(producer<number>({ id: 'b', consumer: Orders }))
  await world.time.advance(100)
  const before = shopAt.system.stats().messagesHandled
  for (let n = 1; n <= 500; n++) orders.tell('send', n)
  await world.time.advance(200)

  t.is(shopAt.system.stats().messagesHandled - before, 64 + 1)
  await world.stop()
})

test('a producer that restarts goes on where its log ends, and nothing is handled twice', async (t) => {
  const world = new World()
  const handled: number[] = []
  const { buyerAt } = await shop(world, (n) => void handled.push(n))
  const log = memoryDeliveryLog<number>()
  let breaks = true
  const broken = {
    ...log,
    append: (seq: number, value: number) => {
      log.append(seq, value)
      if (value === 3 && breaks) throw new Error('the log is written, and broken')
    },
  }
  const supervise = oneForOne({ backoff: { minMs: 1 } })
  const orders = buyerAt.system.spawn(producer<number>({ id: 'b', consumer: Orders, log: broken }), { supervise })
  for (const n of [1, 2, 3]) orders.tell('send', n)
  await world.time.advance(50)
  breaks = false
  t.is(await world.during(orders.ask('send', 4)), 4)

  t.deepEqual(handled, [1, 2, 3, 4])
  t.deepEqual(log.load().unconfirmed, [])
  await world.stop()
})

test('a message that its target fails at comes again until it is handled, or maxAttempts times', async (t) => {
  const world = new World()
  const tried: number[] = []
  const { buyerAt } = await shop(
    world,
    (n) => {
      tried.push(n)
      if (n === 2) throw new Error('out of stock')
    },
    { maxAttempts: 3 },
  )
  const orders = buyerAt.system.spawn(producer<number>({ id: 'b', consumer: Orders }))
  const answers = [1, 2, 3].map((n) => orders.ask('send', n))

  t.deepEqual(await world.during(Promise.all(answers)), [1, 2, 3])
  t.deepEqual(tried, [1, 2, 2, 2, 3])
  await world.stop()
})

test('a consumer ends with its target, and producers take another', async (t) => {
  const world = new World()
  const lines: string[] = []
  const log: LogSink = (level, path, message) => void lines.push(`${level} ${path} ${message}`)
  const [shopAt, buyerAt] = [await world.node('a', { log }), await world.node('b')]
  await world.connect(buyerAt, shopAt)
  const handled: string[] = []
  const open = (name: string, fails: boolean): void => {
    const order = (n: number): void => {
      if (fails) throw new Error('closed for good')
      handled.push(`${name} ${n}`)
    }
    const target = shopAt.system.spawn(
      actor(Shop, () => ({ order })),
      { name },
    )
    shopAt.system.register(
      Orders,
      shopAt.system.spawn(consumer({ target, message: 'order' }), { name: `${name}-orders` }),
    )
  }
  open('first', true)
  const orders = buyerAt.system.spawn(producer<number>({ id: 'b', consumer: Orders }))
  const answers = [1, 2].map((n) => orders.ask('send', n))
  await world.time.advance(500)
  open('second', false)

  t.deepEqual(await world.during(Promise.all(answers)), [1, 2])
  t.deepEqual(handled, ['second 1', 'second 2'])
  t.true(
    lines.includes('warn /user/first-orders the target of this consumer has ended (failed), and so does the consumer'),
  )
  await world.stop()
})

test('a consumer says which producers have the same id, once', async (t) => {
  const world = new World()
  const errors: string[] = []
  const log: LogSink = (level, _path, message) => void (level === 'error' && errors.push(message))
  const [shopAt, buyerAt] = [await world.node('a', { log }), await world.node('b')]
  await world.connect(buyerAt, shopAt)
  const target = shopAt.system.spawn(actor(Shop, () => ({ order: () => {} })))
  shopAt.system.register(Orders, shopAt.system.spawn(consumer({ target, message: 'order' })))
  const tills = [shopAt, buyerAt].map(({ system }) => system.spawn(producer<number>({ id: 'till', consumer: Orders })))
  for (let n = 0; n < 5; n++) {
    for (const till of tills) till.tell('send', n)
    await world.time.advance(2_000)
  }

  t.deepEqual(errors, [`two producers have the id "till" and stand in each other's way: give each its own`])
  await world.stop()
})

test('options of producers and consumers are checked', (t) => {
  const target = {} as Ref<Shop>
  t.throws(() => consumer({ target, message: 'order' }), { instanceOf: InvalidOptionError })
  t.throws(() => producer({ id: '', consumer: Orders }), { instanceOf: InvalidOptionError })
  t.throws(() => producer({ id: 'a', consumer: {} as never }), { message: /a ref to a consumer, or the protocol/ })
  t.throws(() => producer({ id: 'a', consumer: Orders, log: {} as never }), { instanceOf: InvalidOptionError })
})

test('what has no form on the wire is refused when it is taken in, and what was taken in before arrives', async (t) => {
  const world = new World()
  const handled: number[] = []
  const { buyerAt } = await shop(world, (n) => void handled.push(n))
  const log = memoryDeliveryLog<number>()
  const orders = buyerAt.system.spawn(producer<number>({ id: 'b', consumer: Orders, log }))
  orders.tell('send', 1)
  const bad = orders.ask('send', (() => {}) as never)
  const good = orders.ask('send', 2)

  const { cause } = await t.throwsAsync<AskError>(world.during(bad), { code: 'ASK_FAILED' })
  t.is((cause as ReplyError).causeCode, 'NOT_SERIALIZABLE')
  t.is(await world.during(good), 2)
  t.deepEqual(handled, [1, 2])
  t.is(log.load().last, 2)
  await world.stop()
})
