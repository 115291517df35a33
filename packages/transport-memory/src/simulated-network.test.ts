import { AddressInUseError, DialError, InvalidOptionError, SeededRandom, UnknownOptionError } from '@troupe/core'
import { manualRuntime } from '@troupe/core/testing'
import test from 'ava'
import { type LinkModel, simulatedNetwork } from './simulated.ts'
import { type Ends, numbered, numbersOf, Stage } from './testing/stage.ts'

/** Each frame takes 10 ms, no more and no less, and so does everything else. */
const EXACT: LinkModel = { minLatencyMs: 10, meanLatencyMs: 10, detectMs: 0 }
const CHANCY: LinkModel = { minLatencyMs: 1, meanLatencyMs: 10, detectMs: 50 }

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

function sendAll({ near }: Ends, count: number, from = 0): void {
  for (const n of upTo(count)) near.link.send(numbered(from + n))
}

test('a frame takes its latency, and a dial a round trip and what the model adds', async (t) => {
  const stage = new Stage({ model: EXACT })
  const { near, far } = await stage.link()
  const linked = stage.events.filter(({ kind }) => kind === 'linked')
  t.deepEqual(
    linked.map(({ from, atMs }) => [from, atMs]),
    [
      ['b', 10],
      ['a', 20],
    ],
  )

  near.link.send(numbered(1))
  await stage.time.advance(9)
  t.is(far.frames.length, 0)
  await stage.time.advance(1)
  t.deepEqual(numbersOf(far), [1])

  stage.network.setModel({ ...EXACT, reconnectMs: 500 })
  const startMs = stage.time.clock.now()
  const again = stage.dial('a', 'b')
  await stage.time.advance(5_000)
  await again
  t.true(stage.events.at(-1)!.atMs > startMs + 20)
})

test('frames are taken in at bytesPerSecond, each after those before it', async (t) => {
  const stage = new Stage({ model: { ...EXACT, bytesPerSecond: 1_000 } })
  const { near, far } = await stage.link()

  for (const _ of upTo(3)) near.link.send(new Uint8Array(20))
  await stage.time.advance(29)
  t.is(far.frames.length, 0)
  await stage.time.advance(21)
  t.is(far.frames.length, 2)
  await stage.time.advance(20)
  t.is(far.frames.length, 3)
})

test('send answers false above capacityBytes, and drain comes a latency after half of it has arrived', async (t) => {
  const stage = new Stage({ model: { ...EXACT, capacityBytes: 100 } })
  const { near } = await stage.link()

  t.true(near.link.send(new Uint8Array(50)))
  await stage.time.advance(5)
  t.true(near.link.send(new Uint8Array(50)))
  t.false(near.link.send(new Uint8Array(1)))
  await stage.time.advance(10)
  t.deepEqual([near.link.bufferedBytes, near.drains], [0, 0])
  await stage.time.advance(10)
  t.is(near.drains, 1)
})

test('a cut stops one direction: frames wait there, nobody is told, and all come in order when it is restored', async (t) => {
  const stage = new Stage({ model: EXACT })
  const ends = await stage.link()
  sendAll(ends, 5)
  stage.network.cut('a', 'b')
  sendAll(ends, 5, 5)
  ends.far.link.send(numbered(99))
  await stage.time.advance(60_000)
  t.deepEqual([numbersOf(ends.far), numbersOf(ends.near)], [[], [99]])
  t.deepEqual([ends.near.endings, ends.far.endings], [[], []])
  t.is(stage.network.inFlight, 10)

  stage.network.restore('a', 'b')
  await stage.time.advance(9)
  t.is(ends.far.frames.length, 0)
  await stage.time.advance(201)
  t.deepEqual(numbersOf(ends.far), upTo(10))
})

test('news of the end of a link does not get through a cut either', async (t) => {
  const stage = new Stage({ model: EXACT })
  const { near, far } = await stage.link()
  stage.network.cut('a', 'b')
  near.link.close('normal', 'enough')
  await stage.time.advance(60_000)
  t.deepEqual([near.endings, far.endings], [['normal: enough'], []])

  stage.network.restore('a', 'b')
  await stage.time.advance(9)
  t.deepEqual(far.endings, [])
  await stage.time.advance(211)
  t.deepEqual(far.endings, ['normal: enough'])
})

test('a sender that waits for drain hears nothing while the way back is cut', async (t) => {
  const stage = new Stage({ model: { ...EXACT, capacityBytes: 100 } })
  const { near } = await stage.link()
  stage.network.cut('b', 'a')
  t.false(near.link.send(new Uint8Array(101)))
  await stage.time.advance(60_000)
  t.is(near.drains, 0)

  stage.network.restore('b', 'a')
  await stage.time.advance(9)
  t.is(near.drains, 0)
  await stage.time.advance(211)
  t.is(near.drains, 1)
})

test('after a restore frames come when the next attempt to send them again is due, which differs', async (t) => {
  const waits = new Set<number>()
  for (let seed = 1; seed <= 10; seed++) {
    const stage = new Stage({ model: EXACT }, seed)
    const ends = await stage.link()
    stage.network.cut('a', 'b')
    sendAll(ends, 1)
    await stage.time.advance(100)
    const startMs = stage.time.clock.now()
    stage.network.restore('a', 'b')
    await stage.time.advance(210)
    waits.add(stage.events.at(-1)!.atMs - startMs)
    t.is(ends.far.frames.length, 1)
  }
  t.is(waits.size, 10)
  t.true(Math.min(...waits) >= 10)
})

test('what is both cut and held comes when it is neither, whichever ends first', async (t) => {
  for (const first of ['release', 'restore'] as const) {
    const stage = new Stage({ model: EXACT })
    const ends = await stage.link()
    stage.network.cut('a', 'b')
    stage.network.hold('a', 'b')
    sendAll(ends, 2)
    stage.network[first]('a', 'b')
    await stage.time.advance(1_000)
    t.is(ends.far.frames.length, 0)
    stage.network[first === 'release' ? 'restore' : 'release']('a', 'b')
    await stage.time.advance(220)
    t.deepEqual(numbersOf(ends.far), upTo(2))
  }
})

for (const [what, from, to] of [
  ['there', 'a', 'b'],
  ['back', 'b', 'a'],
] as const) {
  test(`a dial whose way ${what} is cut fails after dialTimeoutMs, unless it is restored before`, async (t) => {
    const stage = new Stage({ model: { ...EXACT, dialTimeoutMs: 3_000 } })
    await stage.link()
    stage.network.cut(from, to)
    const failed = t.throwsAsync(stage.dial('a', 'b'), { instanceOf: DialError, message: /no answer within 3000 ms/ })
    await stage.time.advance(2_999)
    const dials = stage.events.filter(({ kind }) => kind === 'dialled').length
    await stage.time.advance(1)
    await failed
    t.is(stage.events.filter(({ kind }) => kind === 'dialled').length, dials + 1)

    const later = stage.dial('a', 'b')
    await stage.time.advance(500)
    stage.network.restore(from, to)
    await stage.time.advance(1_500)
    t.is((await later).peer, 'sim://b')
  })
}

test('a dial of an address of another network fails, and so does one to nobody, after a round trip', async (t) => {
  const stage = new Stage({ model: EXACT })
  await stage.node('a')
  await t.throwsAsync(stage.dial('a', ''), { instanceOf: DialError, message: /not an address of this network/ })

  const nobody = t.throwsAsync(stage.dial('a', 'b'), { instanceOf: DialError, message: /nobody listens there/ })
  await stage.time.advance(20)
  await nobody
})

test('the other side of a dial that was called off hears of it', async (t) => {
  const stage = new Stage({ model: EXACT })
  await stage.link()
  const abort = new AbortController()
  const failed = t.throwsAsync(stage.dial('a', 'b', abort.signal), { instanceOf: DialError, message: /called off/ })
  await stage.time.advance(15)
  abort.abort()
  await failed
  const far = stage.accepted('b')
  await stage.time.advance(20)

  t.deepEqual(far.endings, ['lost: the dial was called off'])
})

test('closing a transport fails its dials that are under way', async (t) => {
  const stage = new Stage({ model: EXACT })
  await stage.link()
  const failed = t.throwsAsync(stage.dial('a', 'b'), { instanceOf: DialError, message: /sim:\/\/a is closed/ })
  await stage.close('a')
  await failed
})

test('a clogged direction is very slow, keeps its order, and is quick again once it is not', async (t) => {
  const stage = new Stage({ model: { ...EXACT, clogMs: 2_000 } })
  const ends = await stage.link()
  stage.network.clog('a', 'b')
  sendAll(ends, 20)
  await stage.time.advance(100)
  t.true(ends.far.frames.length < 20)
  await stage.time.advance(20_000)
  t.deepEqual(numbersOf(ends.far), upTo(20))

  stage.network.unclog('a', 'b')
  ends.near.link.send(numbered(20))
  await stage.time.advance(10)
  t.is(ends.far.frames.length, 21)
})

test('what is held arrives when it is released, at once and in order', async (t) => {
  const stage = new Stage({ model: CHANCY })
  const ends = await stage.link()
  stage.network.hold('a', 'b')
  sendAll(ends, 50)
  await stage.time.advance(30_000)
  t.is(ends.far.frames.length, 0)

  stage.network.release('a', 'b')
  await stage.time.settle()
  t.deepEqual(numbersOf(ends.far), upTo(50))
})

test('a reset loses what is on its way both ways, and the two are told at different times', async (t) => {
  const stage = new Stage({ model: CHANCY })
  const ends = await stage.link()
  sendAll(ends, 3)
  await stage.time.advance(100)
  const atMs = stage.time.clock.now()
  sendAll(ends, 5, 3)
  ends.far.link.send(numbered(1))
  stage.network.reset('b', 'a')
  t.true(ends.near.link.send(numbered(8)))
  await stage.time.advance(2_000)

  t.deepEqual([numbersOf(ends.far), numbersOf(ends.near)], [upTo(3), []])
  t.deepEqual([ends.near.endings, ends.far.endings], Array(2).fill(['lost: the connection was reset']))
  const told = stage.events.filter(({ kind }) => kind === 'unlinked').map((event) => event.atMs)
  t.true(told.length === 2 && told[0]! > atMs && told[1]! > told[0]!)
  t.deepEqual(stage.tally('a', 'b'), { sent: 9, received: 3, 'dropped: reset': 6 })
  t.false(ends.near.link.send(numbered(9)))
  t.deepEqual([ends.near.callsAfterEnd, ends.far.callsAfterEnd], [0, 0])
})

test('whoever closes a link that is broken already does not tell the other side', async (t) => {
  const stage = new Stage({ model: EXACT })
  const { near, far } = await stage.link()
  stage.network.reset('a', 'b')
  near.link.close('normal', 'enough')
  await stage.time.advance(100)

  t.deepEqual([near.endings, far.endings], [['normal: enough'], ['lost: the connection was reset']])
})

test('links that are made after a reset, or between others, know nothing of it', async (t) => {
  const stage = new Stage({ model: CHANCY })
  await stage.link()
  const bystander = await stage.link('a', 'c')
  stage.network.reset('a', 'b')
  const second = await stage.link()
  sendAll(second, 3)
  sendAll(bystander, 3)
  await stage.time.advance(2_000)

  t.deepEqual([numbersOf(second.far), numbersOf(bystander.far)], [upTo(3), upTo(3)])
  t.deepEqual([...second.far.endings, ...bystander.far.endings], [])
})

test('the links of a crashed node end for the others after a while, and nobody in it hears of anything', async (t) => {
  const stage = new Stage({ model: CHANCY })
  const ends = await stage.link()
  const atMs = stage.time.clock.now()
  sendAll(ends, 5)
  stage.network.crash('b')
  ends.near.link.send(numbered(5))
  await stage.time.advance(1)
  t.deepEqual(ends.near.endings, [])
  await stage.time.advance(2_000)

  t.deepEqual(ends.near.endings, ['lost: sim://b died'])
  t.deepEqual([ends.far.frames, ends.far.endings], [[], []])
  t.deepEqual(stage.tally('a', 'b'), { sent: 6, 'dropped: crash': 6 })
  t.true(stage.events.at(-1)!.atMs > atMs + 1)
  t.false(ends.far.link.send(numbered(1)))
})

test('what a node sent before its crash may still arrive, but not what the news of it has overtaken', async (t) => {
  const counts = new Set<number>()
  for (let seed = 1; seed <= 40; seed++) {
    const stage = new Stage({ model: { ...CHANCY, detectMs: 0 } }, seed)
    const ends = await stage.link()
    sendAll(ends, 5)
    stage.network.crash('a')
    await stage.time.advance(1_000)
    const numbers = numbersOf(ends.far)
    t.deepEqual(numbers, upTo(numbers.length))
    t.deepEqual(ends.far.endings, ['lost: sim://a died'])
    const { received = 0, 'dropped: crash': dropped = 0 } = stage.tally('a', 'b')
    t.is(received + dropped, 5)
    counts.add(numbers.length)
  }
  t.true(counts.has(0) && counts.has(5) && counts.size > 2, [...counts].join())
})

test('a node that is slow to read gets what came before the news of a crash, and nothing that was due after it', async (t) => {
  const stage = new Stage({
    model: EXACT,
    faults: (from, _, n) => (from === 'a' && n === 2 ? { link: 'a>b', n, fault: 'delay', delayMs: 100 } : null),
  })
  const ends = await stage.link()
  stage.network.hold('a', 'b')
  sendAll(ends, 3)
  stage.network.crash('a')
  await stage.time.advance(1_000)
  stage.network.release('a', 'b')
  await stage.time.settle()

  t.deepEqual([numbersOf(ends.far), ends.far.endings], [[0], ['lost: sim://a died']])
})

test('a link that was closed in order before its node crashed ends in order', async (t) => {
  const stage = new Stage({ model: { ...EXACT, detectMs: 50 } })
  const ends = await stage.link()
  sendAll(ends, 2)
  ends.near.link.close('normal', 'enough')
  stage.network.crash('a')
  await stage.time.advance(1_000)

  t.deepEqual([numbersOf(ends.far), ends.far.endings], [upTo(2), ['normal: enough']])
})

test('nobody hears of a crash while the way from there is cut, and what waited for the cut is lost', async (t) => {
  const stage = new Stage({ model: EXACT })
  const ends = await stage.link()
  sendAll(ends, 3)
  stage.network.cut('a', 'b')
  stage.network.crash('a')
  await stage.time.advance(60_000)
  t.deepEqual([ends.far.frames, ends.far.endings], [[], []])

  stage.network.heal()
  await stage.time.advance(220)
  t.deepEqual([ends.far.frames, ends.far.endings], [[], ['lost: sim://a died']])
})

test('the address of a crashed node can be taken, that of one that lives cannot', async (t) => {
  const stage = new Stage({ model: EXACT })
  const ends = await stage.link()
  await t.throwsAsync(stage.node('b'), { instanceOf: AddressInUseError })
  stage.network.crash('b')
  stage.forget('b')
  const second = await stage.link()

  sendAll(second, 2)
  await stage.time.advance(100)
  t.deepEqual(numbersOf(second.far), upTo(2))
  t.deepEqual([second.near.endings, ends.near.endings], [[], ['lost: sim://b died']])
})

test('a crashed node dials nobody, and neither does its dial that is under way', async (t) => {
  const stage = new Stage({ model: EXACT })
  const { far } = await stage.link()
  let ended = false
  const end = (): void => {
    ended = true
  }
  stage.dial('a', 'b').then(end, end)
  stage.network.crash('a')
  await stage.time.advance(10_000)
  t.false(ended)
  t.is(stage.events.filter(({ kind }) => kind === 'linked').length, 2)
  t.deepEqual(far.endings, ['lost: sim://a died'])
  await t.throwsAsync(stage.dial('a', 'b'), { instanceOf: DialError, message: /sim:\/\/a is closed/ })
})

test('a partition cuts the groups off from each other, one way if so told, until it is healed', async (t) => {
  const stage = new Stage({ model: EXACT })
  const [ab, bc] = [await stage.link('a', 'b'), await stage.link('b', 'c')]
  const sendBoth = async (): Promise<number[]> => {
    for (const { near, far } of [ab, bc]) for (const end of [near, far]) end.link.send(numbered(1))
    await stage.time.advance(10)
    return [ab, bc].flatMap(({ near, far }) => [far.frames.splice(0).length, near.frames.splice(0).length])
  }
  stage.network.partition([['a', 'b'], ['c']])
  t.deepEqual(await sendBoth(), [1, 1, 0, 0])
  stage.network.heal()
  await stage.time.advance(220)
  t.deepEqual([bc.near.frames.splice(0).length, bc.far.frames.splice(0).length], [1, 1])

  stage.network.partition([['a'], ['b']], { oneWay: true })
  t.deepEqual(await sendBoth(), [0, 1, 1, 1])
})

test('healing also releases what is held and unclogs what is clogged', async (t) => {
  const stage = new Stage({ model: EXACT })
  const ends = await stage.link()
  stage.network.hold('a', 'b')
  stage.network.clog('b', 'a')
  stage.network.heal()
  sendAll(ends, 1)
  ends.far.link.send(numbered(1))
  await stage.time.advance(10)

  t.deepEqual([ends.far.frames.length, ends.near.frames.length], [1, 1])
})

test('datagrams are lost, doubled and overtake each other, in numbers that add up', async (t) => {
  const model: LinkModel = { ...CHANCY, kind: 'datagram', lossPerMillion: 200_000, duplicatePerMillion: 100_000 }
  const stage = new Stage({ model })
  const ends = await stage.link()
  sendAll(ends, 1_000)
  await stage.time.advance(1_000)

  const counts = stage.tally('a', 'b')
  t.deepEqual(counts, { sent: 1_000, 'dropped: loss': 219, duplicated: 86, received: 867 })
  t.is(1_000 + counts.duplicated!, counts.received! + counts['dropped: loss']!)
  t.is(new Set(numbersOf(ends.far)).size, 1_000 - counts['dropped: loss']!)
  t.notDeepEqual(
    numbersOf(ends.far),
    numbersOf(ends.far).toSorted((a, b) => a - b),
  )
  t.is(ends.near.link.bufferedBytes, 0)
})

test("each copy of a datagram is the receiver's own", async (t) => {
  const stage = new Stage({ model: { ...EXACT, kind: 'datagram', duplicatePerMillion: 1_000_000 } })
  const { near, far } = await stage.link()
  const got: number[] = []
  far.onFrame = (bytes) => {
    got.push(bytes[3]!)
    bytes.fill(255)
  }
  near.link.send(numbered(7))
  await stage.time.advance(10)

  t.deepEqual(got, [7, 7])
})

test('datagrams that meet a cut are lost, those on their way too', async (t) => {
  const stage = new Stage({ model: { ...EXACT, kind: 'datagram', capacityBytes: 10 } })
  const ends = await stage.link()
  sendAll(ends, 3)
  stage.network.cut('a', 'b')
  sendAll(ends, 2, 3)
  stage.network.restore('a', 'b')
  sendAll(ends, 1, 5)
  await stage.time.advance(10)

  t.deepEqual(numbersOf(ends.far), [5])
  t.deepEqual(stage.tally('a', 'b'), { sent: 6, 'dropped: cut': 5, received: 1 })
  t.deepEqual([ends.near.link.bufferedBytes, ends.near.drains], [0, 1])
})

test('corruption flips 1 to 3 bits of the copy, never of what was sent', async (t) => {
  const stage = new Stage({ model: { ...EXACT, corruptPerMillion: 1_000_000 } })
  const { near, far } = await stage.link()
  const frame = new Uint8Array(16)
  for (const _ of upTo(500)) near.link.send(frame)
  near.link.send(new Uint8Array(0))
  await stage.time.advance(10)

  const flipped = far.frames.map((bytes) => bytes.reduce((sum, byte) => sum + ones(byte), 0))
  t.deepEqual([...new Set(flipped.slice(0, 500))].sort(), [1, 2, 3])
  t.is(far.frames[500]!.length, 0)
  t.true(frame.every((byte) => byte === 0))
  t.deepEqual(stage.tally('a', 'b'), { sent: 501, corrupted: 500, received: 501 })
})

test('a connection breaks at a frame in as many as the model says', async (t) => {
  const stage = new Stage({ model: { ...EXACT, resetPerMillion: 10_000 } })
  const ends = await stage.link()
  for (let n = 0; ends.near.endings.length === 0; n++) {
    ends.near.link.send(numbered(n))
    await stage.time.advance(1)
  }
  await stage.time.advance(20)

  const { sent, received } = stage.tally('a', 'b')
  t.deepEqual(numbersOf(ends.far), upTo(received!))
  t.true(sent! > 20 && sent! < 1_000 && received! < sent!)
  t.deepEqual(ends.far.endings, ['lost: the connection was reset'])
})

test('a list of faults picks single frames by their number in the whole run', async (t) => {
  const faults = new Map([
    [2, { link: 'a>b', n: 2, fault: 'delay', delayMs: 100 }],
    [4, { link: 'a>b', n: 4, fault: 'corrupt' }],
    [5, { link: 'a>b', n: 5, fault: 'duplicate' }],
    [7, { link: 'a>b', n: 7, fault: 'drop' }],
  ] as const)
  const stage = new Stage({
    model: EXACT,
    faults: (from, to, n) => (from === 'a' && to === 'b' ? (faults.get(n as 2) ?? null) : null),
  })
  const ends = await stage.link()
  sendAll(ends, 5)
  ends.far.link.send(numbered(1))
  await stage.time.advance(109)
  t.deepEqual([numbersOf(ends.far), numbersOf(ends.near)], [[0], [1]])
  await stage.time.advance(1)
  t.deepEqual(numbersOf(ends.far).slice(0, 3), [0, 1, 2])
  t.not(numbersOf(ends.far)[3], 3)
  t.is(ends.far.frames.length, 5)

  sendAll(ends, 3, 5)
  await stage.time.advance(20)
  t.deepEqual(ends.far.endings, ['lost: the connection was reset'])
  t.deepEqual(stage.tally('a', 'b'), {
    sent: 8,
    corrupted: 1,
    received: 5,
    'dropped: fault': 1,
    'dropped: reset': 2,
  })
})

test('on datagrams the listed faults lose and double the frame and leave the link alone', async (t) => {
  const kinds = ['drop', 'duplicate', 'delay'] as const
  const stage = new Stage({
    model: { ...EXACT, kind: 'datagram' },
    faults: (from, _, n) => (from === 'a' && n <= 3 ? { link: 'a>b', n, fault: kinds[n - 1]! } : null),
  })
  const ends = await stage.link()
  sendAll(ends, 4)
  await stage.time.advance(10)
  t.deepEqual(numbersOf(ends.far), [1, 1, 3])
  await stage.time.advance(1_000)
  t.deepEqual(numbersOf(ends.far), [1, 1, 3, 2])
  t.deepEqual(stage.tally('a', 'b'), { sent: 4, 'dropped: fault': 1, duplicated: 1, received: 4 })
})

test('a model may hold for one direction, for all from or to a node, or for all; the last that fits holds', async (t) => {
  const stage = new Stage({ model: EXACT })
  const slow = (minLatencyMs: number): LinkModel => ({ minLatencyMs, meanLatencyMs: minLatencyMs })
  stage.network.setModel(slow(20), 'a')
  stage.network.setModel(slow(30), undefined, 'c')
  stage.network.setModel(slow(40), 'b', 'a')
  const [ab, ac] = [await stage.link('a', 'b'), await stage.link('a', 'c')]
  for (const { near, far } of [ab, ac]) for (const end of [near, far]) end.link.send(numbered(1))
  const startMs = stage.time.clock.now()
  await stage.time.advance(100)
  const took = stage.events.filter(({ kind }) => kind === 'received')
  t.deepEqual(
    took.map(({ from, to, atMs }) => [from, to, atMs - startMs]),
    [
      ['c', 'a', 10],
      ['a', 'b', 20],
      ['a', 'c', 30],
      ['b', 'a', 40],
    ],
  )

  stage.network.setModel(slow(1))
  ac.near.link.send(numbered(2))
  await stage.time.advance(1)
  t.is(ac.far.frames.length, 2)
})

test('an observer sees who did what, in order', async (t) => {
  const stage = new Stage({ model: EXACT })
  const { near } = await stage.link()
  near.link.send(numbered(7))
  near.link.close('normal', 'enough')
  await stage.time.advance(10)

  t.deepEqual(
    stage.events.map(({ kind, from, to, link, n, sizeBytes, reason }) => [kind, from, to, link, n, sizeBytes, reason]),
    [
      ['linked', 'b', 'a', 1, 0, 0, ''],
      ['linked', 'a', 'b', 1, 0, 0, ''],
      ['dialled', 'a', 'b', 1, 0, 0, ''],
      ['sent', 'a', 'b', 1, 1, 4, ''],
      ['unlinked', 'a', 'b', 1, 0, 0, 'normal: enough'],
      ['received', 'a', 'b', 1, 1, 4, ''],
      ['unlinked', 'b', 'a', 1, 0, 0, 'normal: enough'],
    ],
  )
})

test('the time of the network may be one that no node has', async (t) => {
  const time = manualRuntime()
  // The nodes believe that time stands still.
  const stopped = { ...time, clock: { ...time.clock, now: () => 0 } }
  const network = simulatedNetwork({ random: new SeededRandom(1), model: EXACT, clock: time.clock })
  const got: number[] = []
  const [a, b] = [network.transport('a'), network.transport('b')]
  await a.listen(() => {}, stopped)
  await b.listen((link) => link.open({ frame: ([n]) => got.push(n!), drain() {}, close() {} }), stopped)
  const dialled = a.dial('sim://b', new AbortController().signal)
  await time.advance(20)
  const link = await dialled
  link.send(Uint8Array.of(1))
  await time.advance(5)
  link.send(Uint8Array.of(2))
  await time.advance(5)
  t.deepEqual(got, [1])
  await time.advance(5)
  t.deepEqual(got, [1, 2])
})

test('options, models and names are checked at the door', (t) => {
  const random = new SeededRandom(1)
  const network = simulatedNetwork({ random })
  const misspelt = { random, modle: {} }
  const invalid = { instanceOf: InvalidOptionError }

  t.throws(() => simulatedNetwork(misspelt), { instanceOf: UnknownOptionError, message: /did you mean "model"/ })
  t.throws(() => simulatedNetwork({ random: 1 as never }), { ...invalid, message: /a source of chance/ })
  t.throws(() => simulatedNetwork({} as never), { ...invalid, message: /"random"/ })
  t.throws(() => network.transport('sim://a'), { ...invalid, message: /the name of a node/ })
  t.throws(() => network.cut('a', 'a>b'), invalid)
  t.throws(() => network.setModel({ lossPerMillion: 0.1 }), invalid)
  t.throws(() => network.setModel({ meanLatencyMs: 0.4 }), { ...invalid, message: /at least minLatencyMs \(0.5\)/ })
  t.throws(() => network.setModel({ longTail: { oneIn: 0, maxMs: 1 } }), invalid)
  t.throws(() => network.setModel({ longTail: { oneIn: 2 } as never }), { ...invalid, message: /"maxMs"/ })
  t.throws(() => network.setModel({ latencyMs: 2 } as LinkModel), { instanceOf: UnknownOptionError })
})

function ones(byte: number): number {
  return byte.toString(2).replaceAll('0', '').length
}
