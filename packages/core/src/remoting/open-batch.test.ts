import test from 'ava'
import fc from 'fast-check'
import type { Asked } from '../actor/pending-ask.ts'
import { fastCbor } from '../codec/fast-cbor.ts'
import { decodeBatch } from './decode-batch.ts'
import { encodeBatch } from './encode-batch.ts'
import { ReceivedNames, SentNames } from './link-names.ts'
import { OpenBatch, OpenBatches } from './open-batch.ts'
import { Outbox } from './outbox.ts'
import { OutgoingMessage } from './outgoing.ts'
import { Traffic } from './traffic.ts'
import { type Envelope, encodePayload, Kind } from './wire.ts'

const cbor = fastCbor()
const MOST = 128 * 1024

/** Names 0 and 1 have been sent over it. */
function link(): SentNames {
  const names = new SentNames()
  names.wrote('put', 3)
  names.wrote('get', 3)
  return names
}

function target(path: string): Asked {
  return { toString: () => path } as Asked
}

function tell(
  to: number,
  name: string,
  payload: unknown,
): Extract<Envelope, readonly [typeof Kind.tell, ...unknown[]]> {
  return [Kind.tell, to, name, encodePayload(cbor, payload, name)]
}

const told = fc.record({
  to: fc.oneof(fc.nat(30), fc.nat(2 ** 31)),
  name: fc.constantFrom('put', 'get'),
  payload: fc.oneof(
    fc.jsonValue(),
    fc.integer({ min: 0, max: 3_000 }).map((length) => 'lorem ipsum é '.repeat(300).slice(0, length)),
  ),
})

test('what is told lies in the frame as it would if it had been queued, byte for byte', (t) => {
  const batch = new OpenBatch()
  fc.assert(
    fc.property(fc.array(told, { minLength: 1, maxLength: 12 }), fc.nat(70_000), (messages, acknowledged) => {
      const names = link()
      const taken = messages.filter(({ to, name, payload }) => {
        const { sizeBytes } = batch.frame
        const bytes = batch.tell(to, target('/a'), names.numberOf(name), payload, MOST)
        if (bytes < 0) t.is(batch.frame.sizeBytes, sizeBytes)
        return bytes >= 0
      })
      if (taken.length === 0) return
      const envelopes = taken.map(({ to, name, payload }) => tell(to, name, payload))
      t.deepEqual(batch.close(acknowledged), encodeBatch(envelopes, link(), acknowledged))
    }),
    { numRuns: 200 },
  )
})

test('a frame takes as much as its block has room for, and the next block is larger', (t) => {
  const batch = new OpenBatch()
  const most = [0, 0, 0, 0].map(() => {
    let count = 0
    while (count < 64 && batch.tell(1, target('/a'), 0, 'x'.repeat(1_000), MOST) > 0) count++
    t.is(decodeBatch(batch.close(0), link().mirrored()).length, count)
    return count
  })
  t.true(most[0]! > 8 && most[0]! < 16 && most[1]! > most[0]! && most[3] === 64, String(most))
})

test('what is no plain data, too large, or tells others while it is encoded is left to the queue, and leaves no trace', (t) => {
  const batch = new OpenBatch()
  const inner = new OpenBatch()
  const nosy = {
    get text() {
      return inner.tell(1, target('/b'), 0, 'inner', MOST) < 0 ? 'left to the queue' : 'sent first'
    },
  }
  for (const odd of [new Date(), nosy, 'x'.repeat(MOST + 1), { inside: 'x'.repeat(1_001) }]) {
    t.true(batch.tell(1, target('/a'), 0, odd, 1_000) < 0)
    t.true(batch.frame.isEmpty)
    t.true(batch.tell(1, target('/a'), 0, 1, 1_000) > 0)
    t.true(batch.tell(1, target('/a'), 0, odd, 1_000) < 0)
    t.is(decodeBatch(batch.close(0), link().mirrored()).length, 1)
  }
  t.true(inner.frame.isEmpty)
})

test('what was told over a link that is lost comes back, and goes before all that waits', (t) => {
  const [batch, traffic] = [new OpenBatch(), new Traffic()]
  const outbox = new Outbox(traffic)
  outbox.connected(true)
  const targets = [target('/user/a'), target('/user/b')]
  for (let i = 0; i < 6; i++) {
    const to = i % 3 === 2 ? 2 : 1
    const lane = outbox.straightLane(to)!
    outbox.wentStraight(lane, batch.tell(to, targets[to - 1]!, i % 2, { i }, MOST))
  }
  const late = tell(1, 'put', { i: 6 })
  t.true(outbox.push(new OutgoingMessage(late, late[3].end - late[3].start, { i: 6 }, targets[0]!, null)))
  t.is(outbox.straightLane(2), null)
  t.is(traffic.sent, 6)

  const messages = batch.takeBack(link())
  outbox.putBack(messages)
  t.is(traffic.sent, 0)
  t.deepEqual(
    messages.map(({ to, name, payload, target: at }) => [to, name, payload, at.toString()]),
    [0, 1, 2, 3, 4, 5].map((i) => [
      ...(i % 3 === 2 ? [2] : [1]),
      ...[i % 2 === 0 ? 'put' : 'get', { i }],
      i % 3 === 2 ? '/user/b' : '/user/a',
    ]),
  )
  t.is(outbox.messages, 7)
  t.is(outbox.lanes.of(1).sent, 0)

  const next: Envelope[] = []
  outbox.takeBatch(next)
  const arrived = decodeBatch(encodeBatch(next, new SentNames()), new ReceivedNames())
  const numbers = arrived.map((envelope) => cbor.decodePart((envelope as typeof late)[3], () => t.fail() as never))
  t.deepEqual(
    numbers,
    [0, 1, 2, 3, 4, 5, 6].map((i) => ({ i })),
  )
  t.is(outbox.messages, 0)
  t.is(traffic.sent, 7)
})

test('memory is written to again only when every frame in it has left, and never when parts of it are kept', (t) => {
  const batches = new OpenBatches()
  const [one, other] = [{ hasReleased: false }, { hasReleased: false }]
  const sent = (way: { hasReleased: boolean }): Uint8Array => {
    const batch = batches.take(way)!
    batch.tell(1, target('/a'), 0, 'text', MOST)
    const frame = batch.close(0)
    batches.giveBack(batch)
    return frame
  }
  const first = sent(one)
  t.not(sent(one).byteOffset, first.byteOffset)
  one.hasReleased = true
  t.is(sent(one).byteOffset, first.byteOffset)

  // What went to the other has not left.
  one.hasReleased = false
  sent(other)
  one.hasReleased = true
  t.not(sent(one).byteOffset, first.byteOffset)
  t.not(sent(one).byteOffset, first.byteOffset)

  const batch = new OpenBatch()
  batch.takenFor(one)
  batch.tell(1, target('/a'), 0, 'kept', MOST)
  const [kept] = batch.takeBack(link())
  batch.takenFor(one)
  batch.tell(1, target('/a'), 0, 'over', MOST)
  batch.close(0)
  t.is(
    cbor.decodePart(kept!.envelope[3], () => t.fail() as never),
    'kept',
  )
})

test('nothing goes straight to an actor for which there is no credit, or for which others wait', (t) => {
  const outbox = new Outbox(new Traffic())
  t.is(outbox.straightLane(1), null)
  outbox.connected(true)
  for (let i = 0; i < 4_096; i++) outbox.wentStraight(outbox.straightLane(1)!, 10)
  t.is(outbox.straightLane(1), null)
  t.not(outbox.straightLane(2), null)
  outbox.lanes.credit(1, 512, 5_120)
  t.not(outbox.straightLane(1), null)

  const large = tell(1, 'put', 'x'.repeat(200_000))
  outbox.push(new OutgoingMessage(large, 200_003, '', target('/a'), null))
  outbox.takeBatch([])
  t.is(outbox.straightLane(1), null)
  t.not(outbox.straightLane(2), null)
})

test('as many batches are open at a time as there are, and others are queued', (t) => {
  const batches = new OpenBatches()
  const way = { hasReleased: true }
  const open = Array.from({ length: 8 }, () => batches.take(way))
  t.true(open.every((batch) => batch !== null))
  t.is(batches.take(way), null)
  batches.giveBack(open[3]!)
  t.is(batches.take(way), open[3]!)
})
