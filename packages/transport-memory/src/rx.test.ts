import { actor, protocol, type Ref } from '@troupe/core'
import { into, type Output, observe, output, peers } from '@troupe/core/rx'
import test from 'ava'
import { eventsOf, type Node, World } from './testing/world.ts'

interface Feed {
  items: Output<unknown>
  publish: (item: unknown) => void
  end: (error?: string) => void
  fail: () => void
  quit: () => void
}
const Feed = protocol<Feed>('feed')

function feed(counts: number[] = []) {
  return actor(Feed, (ctx) => {
    const items = output(ctx, 'items', { onObservers: (count) => counts.push(count) })
    return {
      items: items.handler,
      publish: (item) => items.next(item),
      end: (error) => (error === undefined ? items.complete() : items.error(new RangeError(error))),
      fail: () => {
        throw new Error('broken')
      },
      quit: () => ctx.stop(),
    }
  })
}

/** What one subscription hears: values, then how it ended. */
function hear(node: Node, ref: Ref<Feed>): { readonly heard: unknown[]; unsubscribe(): void } {
  const heard: unknown[] = []
  const subscription = observe(node.system, ref, 'items').subscribe({
    next: (item) => heard.push(item),
    error: (error) => heard.push(`${error.name}: ${error.reason ?? error.message}`),
    complete: () => heard.push('complete'),
  })
  return { heard, unsubscribe: () => subscription.unsubscribe() }
}

const isOver = ({ heard }: { readonly heard: readonly unknown[] }): boolean => typeof heard.at(-1) === 'string'

test('the output of an actor on another node is seen in order, and completes when the actor stops', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const counts: number[] = []
  const here = a.system.spawn(feed(counts))
  const there = await world.lend(here, a, b)
  const first = hear(b, there)
  const second = hear(b, there)
  await world.until('two observers', () => counts.includes(2))

  for (let n = 1; n <= 100; n++) there.tell('publish', { n })
  await world.until('the values', () => first.heard.length === 100)
  second.unsubscribe()
  await world.until('one observer', () => counts.at(-1) === 1)
  there.tell('publish', { n: 101 })
  there.tell('quit')
  await world.until('the end', () => isOver(first))

  const values = Array.from({ length: 100 }, (_, i) => ({ n: i + 1 }))
  t.deepEqual([first.heard, second.heard], [[...values, { n: 101 }, 'complete'], values])
  t.deepEqual([eventsOf(a, 'dead-letter'), eventsOf(b, 'dead-letter')], [[], []])
  await world.stop()
})

test('an observer on another node hears why it ended: the output, the actor, or the node', async (t) => {
  const world = new World()
  const [a, b] = await world.pair({ disconnectGraceMs: 2_000 })
  const refs = [a.system.spawn(feed()), a.system.spawn(feed()), a.system.spawn(feed()), a.system.spawn(feed())]
  const lent: Ref<Feed>[] = []
  for (const ref of refs) lent.push(await world.lend(ref, a, b))
  const ends = lent.map((ref) => hear(b, ref))

  lent[0]!.tell('end')
  lent[1]!.tell('end', 'too much')
  lent[2]!.tell('fail')
  await world.until('three ends', () => ends.slice(0, 3).every(isOver))
  const late = hear(b, lent[2]!)
  await world.until('the end of the late one', () => isOver(late))
  world.kill(a)
  await world.until('the last end', () => ends.every(isOver))

  t.deepEqual(
    [...ends, late].map(({ heard }) => heard),
    [
      ['complete'],
      ['RangeError: too much'],
      ['ActorEndedError: failed'],
      ['ActorEndedError: node-down'],
      ['ActorEndedError: not-found'],
    ],
  )
})

test('a lost connection does not end a subscription that began before or during it', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const counts: number[] = []
  const ref = await world.lend(a.system.spawn(feed(counts)), a, b)
  const before = hear(b, ref)
  await world.until('an observer', () => counts.includes(1))

  world.network.cut(a.system.address, b.system.address)
  const during = hear(b, ref)
  await world.time.advance(3_000)
  world.network.restore(a.system.address, b.system.address)
  await world.until('two observers', () => counts.includes(2))
  ref.tell('publish', 1)
  await world.until('the value', () => before.heard.length > 0 && during.heard.length > 0)

  t.deepEqual([before.heard, during.heard], [[1], [1]])
  await world.stop()
  t.deepEqual(
    [before.heard, during.heard],
    [
      [1, 'complete'],
      [1, 'complete'],
    ],
  )
})

test('an actor forgets the observers of a node that is down', async (t) => {
  const world = new World()
  const [a, b] = await world.pair({ disconnectGraceMs: 2_000 })
  const counts: number[] = []
  const ref = await world.lend(a.system.spawn(feed(counts)), a, b)
  hear(b, ref)
  await world.until('an observer', () => counts.includes(1))

  world.kill(b)
  await world.until('no observer', () => counts.at(-1) === 0)

  t.deepEqual(counts, [1, 0])
})

test('a value that cannot be encoded ends the subscriptions of other nodes, and harms neither others nor the actor', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const here = a.system.spawn(feed())
  const far = hear(b, await world.lend(here, a, b))
  const near = hear(a, here)
  await world.time.advance(10)
  const local = (): void => {}

  here.tell('publish', local)
  here.tell('publish', 2)
  await world.until('the end', () => isOver(far))

  t.is(far.heard.length, 1)
  t.regex(String(far.heard[0]), /^NotSerializableError: message "next" cannot be encoded: payload is a function/)
  t.deepEqual(near.heard, [local, 2])
  t.deepEqual(eventsOf(a, 'actor-failed'), [])
  await world.stop()
})

test('an Observer made by into tells an actor on another node', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const ref = await world.lend(a.system.spawn(feed()), a, b)
  const { heard } = hear(b, ref)
  await world.time.advance(10)
  const sink = into(ref, 'publish')

  sink.next('x')
  sink.next(ref)
  await world.until('both', () => heard.length === 2)

  t.is(heard[0], 'x')
  t.is((heard[1] as Ref<Feed>).id, ref.id)
  await world.stop()
})

test('peers gives the present list at once and at every change, and completes after an empty one', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const lists: string[] = []

  peers(a.system).subscribe({
    next: (list) => lists.push(list.map(({ name }) => name).join(' ')),
    complete: () => lists.push('complete'),
  })
  const c = await world.node('c')
  await world.connect(c, a)
  world.network.cut(a.system.address, b.system.address)
  await world.until('the loss of b', () => a.system.peers.length === 1)
  world.network.restore(a.system.address, b.system.address)
  await world.until('b again', () => a.system.peers.length === 2)
  await world.during(a.system.stop())

  t.deepEqual(lists, ['b', 'b c', 'c', 'b c', 'c', '', 'complete'])
  await world.stop()
})
