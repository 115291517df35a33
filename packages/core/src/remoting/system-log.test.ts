import test from 'ava'
import fc from 'fast-check'
import { MalformedFrameError } from '../errors.ts'
import { MAX_BACKLOG, SystemLog } from './system-log.ts'
import { type Envelope, Kind, type SystemEnvelope } from './wire.ts'

/** What a frame carries. */
interface Frame {
  readonly batch: readonly Envelope[]
  readonly acknowledged: number
}

/** One side, its way to the other one, and what it has got from there. */
class Side {
  readonly log = new SystemLog()
  readonly waiting: SystemEnvelope[] = []
  way: Frame[] = []
  readonly got: number[] = []
  sent = 0

  tell(): void {
    this.waiting.push([Kind.unwatch, ++this.sent])
  }

  /** @param most of those that wait */
  flush(most: number): void {
    while (this.log.again > 0) this.#send(this.log.takeAgain())
    this.#send(this.waiting.splice(0, most))
  }

  #send(batch: Envelope[]): void {
    this.log.send(batch)
    this.way.push({ batch, acknowledged: this.log.say() })
  }

  /** Takes the next frame of the other side. */
  take({ way }: Side): void {
    const frame = way.shift()
    if (frame === undefined) return
    this.log.acknowledged(frame.acknowledged)
    for (const [, id, number] of frame.batch as readonly [number, number, number][]) {
      if (this.log.received(number)) this.got.push(id)
    }
  }

  lose(): void {
    this.way = []
    this.log.linkLost()
  }
}

type Step = 'tell' | 'flush' | 'take' | 'lose'
const step = fc.tuple(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant<Step>('tell') },
    { weight: 3, arbitrary: fc.constant<Step>('flush') },
    { weight: 4, arbitrary: fc.constant<Step>('take') },
    { weight: 1, arbitrary: fc.constant<Step>('lose') },
  ),
  fc.boolean(),
  fc.nat(4),
)

test('however often the link is lost, each system message arrives once, in order, and none is kept in the end', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const sides = [new Side(), new Side()] as const
      for (const [what, isFirst, count] of steps) {
        const [here, there] = isFirst ? sides : [sides[1], sides[0]]
        if (what === 'tell') here.tell()
        else if (what === 'flush') here.flush(count)
        else if (what === 'take') here.take(there)
        else for (const side of sides) side.lose()
      }
      // A link that holds, for as long as both have something to say.
      for (let round = 0; round < 3; round++) {
        for (const side of sides) side.flush(Number.POSITIVE_INFINITY)
        for (const [here, there] of [sides, [sides[1], sides[0]]] as const) {
          while (there.way.length > 0) here.take(there)
        }
      }
      for (const [here, there] of [sides, [sides[1], sides[0]]] as const) {
        t.deepEqual(
          there.got,
          Array.from({ length: here.sent }, (_, i) => i + 1),
        )
        t.is(here.log.kept, 0)
      }
    }),
    { numRuns: 500 },
  )
})

test('a message without a number, one too early, and the end of one that was never sent break the protocol', (t) => {
  const log = new SystemLog()
  log.send([[Kind.unwatch, 1]])

  for (const wrong of [() => log.received(undefined), () => log.received(2), () => log.acknowledged(2)])
    t.throws(wrong, { instanceOf: MalformedFrameError })
  t.true(log.received(1))
  t.false(log.received(1))
  log.acknowledged(1)
  t.is(log.kept, 0)
})

test('every 64th message is acknowledged without delay', (t) => {
  const log = new SystemLog()
  for (let n = 1; n < 64; n++) log.received(n)
  t.deepEqual([log.isDue, log.isUrgent], [true, false])
  log.received(64)
  t.true(log.isUrgent)

  t.is(log.say(), 64)
  t.deepEqual([log.isDue, log.isUrgent], [false, false])
})

test('whoever acknowledges nothing for 5 heartbeats while more than 20,000 are on the link is behind', (t) => {
  const log = new SystemLog()
  const send = (count: number): void => log.send(Array.from({ length: count }, () => [Kind.unwatch, 1]))
  const beats = (count: number): boolean[] => Array.from({ length: count }, () => log.beat())
  send(MAX_BACKLOG)
  t.false(beats(9).includes(true))

  send(2)
  log.acknowledged(1)
  t.deepEqual(beats(4), [false, false, false, false])
  log.acknowledged(2)
  t.false(beats(9).includes(true))
  send(1)
  t.true(log.beat())
})
