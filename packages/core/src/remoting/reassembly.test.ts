import test from 'ava'
import fc from 'fast-check'
import { times } from '../../../../scripts/slow-suite.ts'
import { MalformedFrameError } from '../errors.ts'
import { manualRuntime } from '../runtime/manual.ts'
import { TimerQueue } from '../runtime/timer-queue.ts'
import { Chunking } from './chunking.ts'
import { payloadOf } from './envelope-payload.ts'
import { OutgoingAnswer } from './outgoing.ts'
import { Reassembly } from './reassembly.ts'
import { type Envelope, Kind } from './wire.ts'

const PIECE = 56 * 1024
const MIB = 1024 * 1024

function started(): { reassembly: Reassembly; stuck: string[]; time: ReturnType<typeof manualRuntime> } {
  const time = manualRuntime(1)
  const stuck: string[] = []
  const timers = new TimerQueue(time.clock, time.scheduler)
  return { reassembly: new Reassembly(timers, (why) => stuck.push(why)), stuck, time }
}

function piece(stream: number, total: number, offset: number, length: number): Envelope {
  return [Kind.chunk, stream, total, offset, { bytes: new Uint8Array(length), start: 0, end: length }]
}

function answer(number: number, length: number): OutgoingAnswer {
  // Some other bytes around it, as payloads have.
  const bytes = Uint8Array.from({ length: length + 5 }, (_, i) => (i * 7 + number) % 251)
  const question = { target: '/user/x', message: 'get' }
  return new OutgoingAnswer([Kind.reply, number, { bytes, start: 3, end: 3 + length }], length, question)
}

function bytesOf(envelope: Envelope): string {
  const { bytes, start, end } = payloadOf(envelope)!
  return Buffer.from(bytes.subarray(start, end)).toString('latin1')
}

test('large messages go in pieces by turns, 4 at a time, and arrive as they were', (t) => {
  const sizes = fc.array(fc.integer({ min: PIECE + 1, max: 9 * PIECE }), { minLength: 1, maxLength: 7 })
  fc.assert(
    fc.property(sizes, (lengths) => {
      const { reassembly } = started()
      const chunking = new Chunking()
      const sent = lengths.map((length, i) => answer(i, length))
      const whole: Envelope[] = []
      const open = new Set<unknown>()
      for (const item of sent) chunking.add(item)
      for (let frame: Envelope[] = []; !chunking.isIdle; frame = []) {
        const done = chunking.take(frame, (item) => open.add(item))
        t.true(open.size <= 4)
        if (done !== null) open.delete(done)
        for (const envelope of frame) {
          const arrived = reassembly.whole(envelope)
          if (arrived !== null) whole.push(arrived)
        }
        reassembly.frameEnds()
      }
      whole.sort((a, b) => Number(a[1]) - Number(b[1]))
      t.deepEqual(
        whole.map(bytesOf),
        sent.map(({ envelope }) => bytesOf(envelope)),
      )
    }),
    { numRuns: times(6, 40) },
  )
})

test('between two pieces of one large message there is one of each other that is under way', (t) => {
  const chunking = new Chunking()
  for (const number of [0, 1, 2]) chunking.add(answer(number, 3 * PIECE))
  const streams: unknown[] = []
  for (let frame: Envelope[] = []; !chunking.isIdle; frame = []) {
    chunking.take(frame, () => {})
    streams.push(frame[0]![1])
  }

  t.deepEqual(
    streams.map((stream) => streams.indexOf(stream)),
    [0, 1, 2, 0, 1, 2, 0, 1, 2],
  )
})

const tell: Envelope = [Kind.tell, 1, 'put', { bytes: new Uint8Array(10), start: 0, end: 10 }]
const join: Envelope = [Kind.join, 0]

const hostile: readonly (readonly [what: string, words: RegExp, ...envelopes: Envelope[]])[] = [
  ['out of order', /begins at 200, where 100 is due/, piece(0, MIB, 0, 100), piece(0, MIB, 200, 100)],
  ['that overlap', /begins at 50, where 100 is due/, piece(0, MIB, 0, 100), piece(0, MIB, 50, 100)],
  ['that come again', /begins at 0, where 100 is due/, piece(0, MIB, 0, 100), piece(0, MIB, 0, 100)],
  ['that begin in the middle', /begins at 100, where 0 is due/, piece(0, MIB, 100, 100)],
  [
    'of a message that changes its length',
    /of 1048576 bytes has 7 all at once/,
    piece(0, MIB, 0, 1),
    piece(0, 7, 1, 1),
  ],
  ['of more than was said', /a piece of 101 bytes at 0 of 100/, piece(0, 100, 0, 101)],
  ['without bytes', /a piece of 0 bytes at 0/, piece(0, 100, 0, 0)],
  ['of a message above 16 MiB', /16777217 bytes: 16777216 are the limit/, piece(0, 16 * MIB + 1, 0, 1)],
  ['of a message of -1 bytes', /a message of -1 bytes/, piece(0, -1, 0, 1)],
  ['of a fifth message', /a piece of message 4: 0 to 3 may be open/, piece(4, MIB, 0, 1)],
  ['of message 0.5', /a piece of message 0.5/, piece(0.5, MIB, 0, 1)],
  ['that end too early', /of 1048576 bytes has 110/, piece(0, MIB, 0, 100), join, tell],
  ['whose last one is too long', /of 105 bytes has 110/, piece(0, 105, 0, 100), join, tell],
  ['of which only the end comes', /message 0, which has not begun/, join, tell],
  ['that end in no message', /the end of a message without a message/, piece(0, 110, 0, 100), join, [Kind.ping]],
]

for (const [what, message, ...envelopes] of hostile) {
  test(`pieces ${what} are malformed, in words`, (t) => {
    const { reassembly } = started()

    t.throws(
      () => {
        for (const envelope of envelopes) reassembly.whole(envelope)
      },
      { instanceOf: MalformedFrameError, message },
    )
  })
}

test('a frame that ends where a message is due is malformed', (t) => {
  const { reassembly } = started()
  reassembly.whole(piece(0, 110, 0, 100))
  reassembly.whole(join)

  t.throws(() => reassembly.frameEnds(), { instanceOf: MalformedFrameError })
})

test('a message that does not go on for 30 s is given up; one that does is not', async (t) => {
  const { reassembly, stuck, time } = started()
  reassembly.whole(piece(0, MIB, 0, 100))
  await time.advance(20_000)
  reassembly.whole(piece(0, MIB, 100, 100))
  await time.advance(29_999)
  t.deepEqual(stuck, [])

  await time.advance(2)
  t.deepEqual(stuck, ['a message of which nothing has come for 30000 ms'])
})

test('four messages that promise 16 MiB hold what has come of them', (t) => {
  const { reassembly } = started()
  const before = process.memoryUsage().arrayBuffers
  for (const stream of [0, 1, 2, 3]) reassembly.whole(piece(stream, 16 * MIB, 0, 1))

  t.true(process.memoryUsage().arrayBuffers - before < 2 * MIB)
})
