import { actor, NotSerializableError, OfferError, protocol } from '@troupe/core'
import test, { type ExecutionContext } from 'ava'
import { memoryNetwork } from './memory-network.ts'
import { recorder, watcher } from './testing/recorder.ts'
import { eventsOf, World } from './testing/world.ts'

const A = 'memory://a'
const B = 'memory://b'
/** Messages that may wait for one peer. */
const ROOM = 4_096
const MIB = 1024 * 1024

interface Store {
  put: (bytes: Uint8Array) => void
}
const Store = protocol<Store>('store')

test('a sender that offers goes at the pace of the link: 20,000 messages arrive, in order, and none is a dead letter', async (t) => {
  const world = new World(1, memoryNetwork({ highWaterBytes: 4_096 }))
  const [a, b] = await world.pair()
  const { ref, noted } = recorder(a)
  const remote = await world.lend(ref, a, b)

  // In step, and all at once: the second half waits for room.
  for (let n = 0; n < 10_000; n++) await world.during(remote.offer('note', n))
  const offers = Array.from({ length: 10_000 }, (_, i) => remote.offer('note', 10_000 + i))
  await world.during(Promise.all(offers))
  await world.until('all of them', () => noted.length === 20_000)

  t.true(noted.every((number, i) => number === i))
  t.is(eventsOf(b, 'dead-letter').length, 0)
  await world.stop()
})

test('without a link offers wait for room behind 4,096 messages, in order; a tell gets none of it', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const { ref, noted } = recorder(a)
  const remote = await world.lend(ref, a, b)
  world.network.cut(A, B)
  await world.time.advance(5)
  for (let n = 0; n < ROOM; n++) await remote.offer('note', n)
  const settled: number[] = []
  for (let n = ROOM; n < ROOM + 3; n++) void remote.offer('note', n).then(() => settled.push(n))
  remote.tell('note', -1)
  await world.time.settle()
  t.deepEqual(settled, [])

  world.network.restore(A, B)
  await world.until('all of them', () => noted.length === ROOM + 3, 2_000)

  t.deepEqual(settled, [ROOM, ROOM + 1, ROOM + 2])
  t.true(noted.every((number, i) => number === i))
  t.deepEqual(
    eventsOf(b, 'dead-letter').map(({ reason, payload }) => [reason, payload]),
    [['outbound-full', -1]],
  )
  await world.stop()
})

test('a large offer that waits for its bytes is not starved: a small tell that would still fit gets none of them', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const sizes: number[] = []
  const store = a.system.spawn(actor(Store, () => ({ put: (bytes) => void sizes.push(bytes.length) })))
  const remote = await world.lend(store, a, b)
  world.network.cut(A, B)
  await world.time.advance(5)
  for (let i = 0; i < 7; i++) remote.tell('put', new Uint8Array(MIB))
  const large = remote.offer('put', new Uint8Array(2 * MIB))
  remote.tell('put', new Uint8Array(1))
  const small = remote.offer('put', new Uint8Array(2))

  world.network.restore(A, B)
  await world.during(Promise.all([large, small]))
  await world.until('all of them', () => sizes.length === 9, 2_000)

  t.deepEqual(sizes.slice(7), [2 * MIB, 2])
  t.deepEqual(
    eventsOf(b, 'dead-letter').map(({ reason, payload }) => [reason, payload]),
    [['outbound-full', new Uint8Array(1)]],
  )
  await world.stop()
})

test('an offer that waits is rejected at once when that node cannot be reached, and when it is down', async (t) => {
  const world = new World()
  const [a, b] = await world.pair({ disconnectGraceMs: 500 })
  const { ref, noted } = recorder(a)
  const remote = await world.lend(ref, a, b)
  const watching = watcher(b, remote)
  await world.time.advance(5)
  world.network.cut(A, B)
  await world.time.advance(5)
  for (let n = 0; n < ROOM; n++) remote.tell('note', n)

  const patient = { timeoutMs: 60_000 }
  t.like(await world.during(refusal(t, remote.offer('note', -1, patient)), 499), {
    reason: 'unreachable',
    retryable: true,
    messageName: 'note',
  })
  await world.until('end of the grace', () => watching.reasons.length === 1, 1_000)
  t.like(await world.during(refusal(t, remote.offer('note', -1, patient)), 0), {
    reason: 'node-down',
    retryable: false,
  })
  t.deepEqual(noted, [])
  await world.stop()
})

test('an offer to another node that waits in vain rejects with timeout or aborted, and never arrives', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const { ref, noted } = recorder(a)
  const remote = await world.lend(ref, a, b)
  world.network.cut(A, B)
  await world.time.advance(5)
  for (let n = 0; n < ROOM; n++) remote.tell('note', n)
  const abort = new AbortController()
  const aborted = refusal(t, remote.offer('note', -1, { signal: abort.signal }))
  const late = refusal(t, remote.offer('note', -2, { timeoutMs: 1 }))
  const behind = remote.offer('note', ROOM)

  abort.abort()
  t.is((await world.during(aborted, 0)).reason, 'aborted')
  t.is((await world.during(late, 2)).reason, 'timeout')
  world.network.restore(A, B)
  await world.during(behind)
  await world.until('all of them', () => noted.length === ROOM + 1, 2_000)

  t.true(noted.every((number, i) => number === i))
  await world.stop()
})

test('an offer that cannot be encoded rejects with the reason as cause', async (t) => {
  const world = new World()
  const [a, b] = await world.pair()
  const remote = await world.lend(recorder(a).ref, a, b)

  const error = await world.during(refusal(t, remote.offer('note', (() => 1) as never)))

  t.like(error, { code: 'OFFER_NOT_QUEUED', reason: 'not-serializable', retryable: false })
  t.true(error.cause instanceof NotSerializableError)
  await world.stop()
})

function refusal(t: ExecutionContext, offer: Promise<void>): Promise<OfferError> {
  return t.throwsAsync(offer, { instanceOf: OfferError })
}
