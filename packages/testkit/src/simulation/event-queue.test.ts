import test from 'ava'
import fc from 'fast-check'
import { EventQueue, type Queued } from './event-queue.ts'

interface Event extends Queued {
  readonly time: number
  readonly tie: number
  readonly id: number
}

type Step = { readonly add: readonly [time: number, tie: number] } | { readonly remove: number } | 'take'

const step = fc.oneof<fc.Arbitrary<Step>[]>(
  fc.record({ add: fc.tuple(fc.nat(20), fc.nat(2)) }),
  fc.record({ add: fc.tuple(fc.nat(20), fc.nat(2)) }),
  fc.record({ remove: fc.nat(1_000) }),
  fc.constant('take'),
)

test('events come out by time, then tie, then in the order they were added, whatever is removed meanwhile', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new EventQueue<Event>()
      let twin: Event[] = []
      let id = 0
      for (const each of steps) {
        if (each === 'take') {
          twin.sort((a, b) => a.time - b.time || a.tie - b.tie || a.id - b.id)
          t.is(queue.nextTime, twin[0]?.time ?? Number.POSITIVE_INFINITY)
          t.is(queue.take(), twin.shift() ?? null)
        } else if ('add' in each) {
          const [time, tie] = each.add
          const event = { time, tie, id: id++, slot: -1 }
          twin.push(event)
          queue.add(event, time, tie)
        } else if (twin.length > 0) {
          const removed = twin[each.remove % twin.length]!
          queue.remove(removed)
          queue.remove(removed)
          twin = twin.filter((event) => event !== removed)
        }
        t.is(queue.size, twin.length)
      }
    }),
  )
})

test('it grows, and takes events in again that it has given back', (t) => {
  const queue = new EventQueue<Queued>()
  const events = Array.from({ length: 1_000 }, () => ({ slot: -1 }))

  for (let round = 0; round < 3; round++) {
    for (const [i, event] of events.entries()) queue.add(event, (i * 7_919) % 1_000, 0)
    const times: number[] = []
    for (let time = queue.nextTime; queue.take() !== null; time = queue.nextTime) times.push(time)

    t.deepEqual(
      times,
      Array.from({ length: 1_000 }, (_, i) => i),
    )
  }
})
