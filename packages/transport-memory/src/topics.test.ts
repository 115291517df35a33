import { type Actor, actor, InvalidOptionError, NotSerializableError, protocol, type Ref } from '@troupe/core'
import { topic, topics } from '@troupe/core/cluster'
import test from 'ava'
import { eventsOf, type Node, World } from './testing/world.ts'

interface Price {
  readonly tea: number
  readonly from?: Ref<Screen>
}
interface Screen {
  show: (price: Price) => void
}
const Screen = protocol<Screen>('screen')
const Prices = topic<Price>('prices')

/** A screen on a node, and what it has shown. */
function screen({ system }: Node): { ref: Ref<Screen>; shown: Price[] } {
  const shown: Price[] = []
  const one: Actor<Screen> = actor(Screen, () => ({ show: (price) => void shown.push(price) }))
  return { ref: system.spawn(one), shown }
}

test('what is published reaches each subscriber on each node once, in order, with the refs in it', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const screens = [screen(a), screen(b), screen(b)]
  for (const [i, { ref }] of screens.entries()) {
    const { system } = i === 0 ? a : b
    topics(system).subscribe(Prices, ref, 'show')
    topics(system).subscribe(Prices, ref, 'show')
  }
  await world.time.advance(50)
  const from = screens[0]!.ref
  const reached = [1, 2, 3].map((tea) => topics(a.system).publish(Prices, { tea, from }))
  await world.time.advance(50)

  t.deepEqual(reached, [2, 2, 2])
  for (const { shown } of screens) {
    t.deepEqual(
      shown.map(({ tea }) => tea),
      [1, 2, 3],
    )
    t.is(shown[0]!.from!.id, from.id)
  }
  await world.stop()
})

test('a node without subscribers is sent nothing, and one with many is sent one copy', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const c = await world.node('c')
  await world.connect(c, a)
  const many = Array.from({ length: 5 }, () => screen(b))
  for (const { ref } of many) topics(b.system).subscribe(Prices, ref, 'show')
  await world.time.advance(50)
  const before = [b.system.stats().messagesHandled, c.system.stats().messagesHandled]
  topics(a.system).publish(Prices, { tea: 1 })
  await world.time.advance(50)

  // The copy, and one message for each subscriber.
  t.deepEqual([b.system.stats().messagesHandled - before[0]!, c.system.stats().messagesHandled - before[1]!], [6, 0])
  await world.stop()
})

test('a subscription ends when it is told to, and with its subscriber', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const [left, ended] = [screen(b), screen(b)]
  const leave = topics(b.system).subscribe(Prices, left.ref, 'show')
  topics(b.system).subscribe(Prices, ended.ref, 'show')
  await world.time.advance(50)
  leave()
  await world.during(b.system.stop(ended.ref))
  await world.time.advance(50)

  t.is(topics(a.system).publish(Prices, { tea: 1 }), 0)
  await world.time.advance(50)
  t.deepEqual([left.shown, ended.shown], [[], []])
  t.deepEqual(eventsOf(b, 'dead-letter'), [])
  await world.stop()
})

test('what has no form on the wire is refused, and nobody hears of it', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const [here, there] = [screen(a), screen(b)]
  topics(a.system).subscribe(Prices, here.ref, 'show')
  topics(b.system).subscribe(Prices, there.ref, 'show')
  await world.time.advance(50)
  const broken = { tea: (() => 1) as never }

  t.throws(() => topics(a.system).publish(Prices, broken), { instanceOf: NotSerializableError })
  await world.time.advance(50)
  t.deepEqual([here.shown, there.shown], [[], []])
  const error = t.throws(() => topics(a.system).subscribe(Prices, { ...there.ref } as Ref<Screen>, 'show'))
  t.true(error instanceof InvalidOptionError)
  await world.stop()
})
