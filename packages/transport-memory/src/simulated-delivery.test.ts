import { type Cancellable, type Runtime, SeededRandom } from '@troupe/core'
import { manualRuntime } from '@troupe/core/testing'
import test from 'ava'
import fc from 'fast-check'
import { type LinkModel, simulatedNetwork } from './simulated.ts'
import { type Ends, numbered, numbersOf, Stage } from './testing/stage.ts'

const CHANCY: LinkModel = { minLatencyMs: 1, meanLatencyMs: 10, longTail: { oneIn: 50, maxMs: 100 }, detectMs: 20 }

/** When each frame from a to b arrived, in whole microseconds after it was sent. */
function latenciesUs(stage: Stage): number[] {
  const sent = stage.events.filter(({ kind, from }) => kind === 'sent' && from === 'a')
  const received = new Map(stage.events.filter(({ kind }) => kind === 'received').map(({ n, atMs }) => [n, atMs]))
  return sent.flatMap(({ n, atMs }) => (received.has(n) ? [Math.round((received.get(n)! - atMs) * 1_000)] : []))
}

/** Sends a frame each 3 ms, so that links have time to be in order. */
async function stream(stage: Stage, ends: Ends, frames: number): Promise<void> {
  for (let n = 0; n < frames; n++) {
    ends.near.link.send(numbered(n))
    await stage.time.advance(3)
  }
  await stage.time.advance(5_000)
}

test('latencies are an exponential above the least one, with a tail, and the same integers on every engine', async (t) => {
  const stage = new Stage({ model: { ...CHANCY, kind: 'datagram' } })
  const { near } = await stage.link()
  for (let n = 0; n < 10_000; n++) near.link.send(numbered(n))
  await stage.time.advance(200)

  const us = latenciesUs(stage).sort((a, b) => a - b)
  const at = (share: number): number => us[Math.floor(share * us.length)]!
  t.deepEqual(
    { least: us[0], median: at(0.5), p90: at(0.9), p99: at(0.99), most: us.at(-1), sum: us.reduce((a, b) => a + b) },
    { least: 1_000, median: 7_536, p90: 23_546, p99: 62_128, most: 138_827, sum: 110_612_615 },
  )
  t.true(us[0]! >= 1_000)
  // 9 ms of mean above 1, and one frame in 50 takes 50 more on average.
  const mean = us.reduce((a, b) => a + b) / us.length
  t.true(Math.abs(mean - 11_000) < 250, `${mean}`)
})

test('an ordered link delays a frame by its own latency, or until the one before it has come', async (t) => {
  const [datagrams, ordered] = [new Stage({ model: { ...CHANCY, kind: 'datagram' } }), new Stage({ model: CHANCY })]
  for (const stage of [datagrams, ordered]) await stream(stage, await stage.link(), 300)
  const alone = latenciesUs(datagrams)

  let lastUs = 0
  const expected = alone.map((us, n) => {
    lastUs = Math.max(lastUs, n * 3_000 + us)
    return lastUs - n * 3_000
  })
  t.deepEqual(latenciesUs(ordered), expected)
})

test('equal seeds give equal runs, another seed another one', async (t) => {
  const run = async (seed: number): Promise<unknown> => {
    const stage = new Stage({ model: { ...CHANCY, kind: 'datagram', lossPerMillion: 100_000 } }, seed)
    await stream(stage, await stage.link(), 100)
    return stage.events
  }

  t.deepEqual(await run(1), await run(1))
  t.notDeepEqual(await run(1), await run(2))
})

test('taking one fault out of a run leaves all other draws as they were', async (t) => {
  const all = { lossPerMillion: 200_000, duplicatePerMillion: 200_000, corruptPerMillion: 200_000 }
  const run = async (model: LinkModel, disturb: (stage: Stage) => void = () => {}) => {
    const stage = new Stage({ model: { ...CHANCY, kind: 'datagram', ...model } })
    const ends = await stage.link()
    disturb(stage)
    await stream(stage, ends, 200)
    const those = (what: string): number[] =>
      stage.events.flatMap(({ kind, from, n }) => (kind === what && from === 'a' ? [n] : []))
    return {
      lost: those('dropped'),
      doubled: those('duplicated'),
      corrupted: those('corrupted'),
      arrivals: stage.events.flatMap(({ kind, n, atMs }) =>
        kind === 'received' ? [`${n} at ${Math.round(atMs * 1_000)}`] : [],
      ),
    }
  }
  const before = await run(all)
  const noLoss = await run({ ...all, lossPerMillion: 0 })
  const noCopies = await run({ ...all, duplicatePerMillion: 0 })
  const intact = await run({ ...all, corruptPerMillion: 0 })

  t.true(before.lost.length > 20 && before.doubled.length > 20 && before.corrupted.length > 20)
  const still = new Set(noLoss.arrivals)
  t.true(before.arrivals.every((arrival) => still.has(arrival)))
  t.deepEqual([noCopies.lost, noCopies.corrupted], [before.lost, before.corrupted])
  t.deepEqual(intact, { ...before, corrupted: [] })
  // Neither do links between others, nor what happens to them.
  const elsewhere = await run(all, ({ network }) => {
    network.cut('c', 'd')
    network.restore('c', 'd')
    network.setModel({ lossPerMillion: 1 }, 'c')
  })
  t.deepEqual(elsewhere, before)
})

test('frames stay in order however the events of one instant are permuted', async (t) => {
  for (let seed = 1; seed <= 10; seed++) {
    const time = new ShuffledTime(new SeededRandom(seed))
    const network = simulatedNetwork({ random: new SeededRandom(seed), model: CHANCY })
    const [a, b] = [network.transport('a'), network.transport('b')]
    const got: number[] = []
    await a.listen(() => {}, time)
    await b.listen((link) => {
      link.open({ frame: ([n]) => got.push(n!), drain() {}, close: (_, reason) => got.push(reason.length) })
    }, time)
    const dialled = a.dial('sim://b', new AbortController().signal)
    await time.run()
    const link = await dialled
    for (let n = 0; n < 200; n++) link.send(Uint8Array.of(n))
    link.close('normal', 'end')
    await time.run()

    t.deepEqual(got, [...Array(200).keys(), 3])
  }
})

/** Frames, advances and faults, in any order. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ send: fc.integer({ min: 1, max: 20 }), from: fc.constantFrom('near', 'far') }) },
  { weight: 4, arbitrary: fc.record({ advance: fc.integer({ min: 1, max: 60 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      fault: fc.constantFrom('cut', 'restore', 'clog', 'unclog', 'hold', 'release', 'reset', 'partition', 'heal'),
      from: fc.constantFrom('near', 'far'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ end: fc.constantFrom('close', 'crash', 'throw'), from: fc.constantFrom('near', 'far') }),
  },
)

test('on ordered links frames are a beginning of what was sent, all of it where nothing broke, and numbers add up', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.nat(1_000), async (steps, seed) => {
      const stage = new Stage({ model: { ...CHANCY, clogMs: 100 } }, seed)
      const ends = await stage.link()
      const sent = { near: 0, far: 0 }
      let isWhole = true
      for (const what of steps) {
        if ('advance' in what) await stage.time.advance(what.advance)
        else if ('send' in what) {
          for (let i = 0; i < what.send; i++) ends[what.from as 'near'].link.send(numbered(sent[what.from as 'near']++))
        } else if ('fault' in what) {
          apply(stage, what.fault, what.from === 'near')
          if (what.fault === 'reset') isWhole = false
        } else {
          isWhole = false
          end(stage, ends, what.end, what.from as 'near')
        }
        if (!addsUp(stage)) return false
      }
      stage.network.heal()
      await stage.time.advance(10_000)
      const [atFar, atNear] = [numbersOf(ends.far), numbersOf(ends.near)]
      const inOrder = [atFar, atNear].every((numbers) => numbers.every((n, i) => n === i))
      const complete = !isWhole || (atFar.length === sent.near && atNear.length === sent.far)
      const once = [ends.near, ends.far].every(
        ({ endings, callsAfterEnd }) => endings.length <= 1 && callsAfterEnd === 0,
      )
      return inOrder && complete && once && addsUp(stage) && stage.network.inFlight === 0
    }),
    { numRuns: 150, seed: 7 },
  )
  t.pass()
})

test('on datagram links each frame comes as often as it was sent and doubled, less what was lost', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.nat(1_000), async (steps, seed) => {
      const model: LinkModel = { ...CHANCY, kind: 'datagram', lossPerMillion: 100_000, duplicatePerMillion: 100_000 }
      const stage = new Stage({ model }, seed)
      const ends = await stage.link()
      let sent = 0
      for (const what of steps) {
        if ('advance' in what) await stage.time.advance(what.advance)
        else if ('send' in what) for (let i = 0; i < what.send; i++) ends.near.link.send(numbered(sent++))
        else if ('fault' in what) apply(stage, what.fault, what.from === 'near')
        if (!addsUp(stage)) return false
      }
      stage.network.heal()
      await stage.time.advance(20_000)
      const copies = new Array<number>(sent).fill(1)
      for (const { kind, from, bytes } of stage.events) {
        if (from !== 'a' || bytes === null) continue
        const n = new DataView(bytes.buffer).getUint32(0)
        copies[n]! += kind === 'duplicated' ? 1 : kind === 'dropped' ? -1 : 0
      }
      const got = new Array<number>(sent).fill(0)
      for (const n of numbersOf(ends.far)) got[n]!++
      return String(got) === String(copies) && ends.near.link.bufferedBytes === 0 && addsUp(stage)
    }),
    { numRuns: 60, seed: 8 },
  )
  t.pass()
})

function apply({ network }: Stage, fault: string, isThere: boolean): void {
  const [from, to] = isThere ? ['a', 'b'] : ['b', 'a']
  if (fault === 'heal') network.heal()
  else if (fault === 'partition') network.partition([[from!], [to!]])
  else network[fault as 'cut'](from!, to!)
}

function end(stage: Stage, ends: Ends, how: string, side: 'near' | 'far'): void {
  if (how === 'close') ends[side].link.close('normal', 'enough')
  else if (how === 'crash') stage.network.crash(side === 'near' ? 'a' : 'b')
  else {
    ends[side].onFrame = () => {
      throw new Error('handler bug')
    }
  }
}

/** What was sent and doubled has been received or dropped, or is on its way. */
function addsUp({ events, network }: Stage): boolean {
  let open = 0
  for (const { kind } of events) {
    if (kind === 'sent' || kind === 'duplicated') open++
    else if (kind === 'received' || kind === 'dropped') open--
  }
  return open === network.inFlight
}

/** Time that runs the events of one instant in any order. */
class ShuffledTime implements Runtime {
  readonly random: SeededRandom
  readonly ids = manualRuntime().ids
  readonly clock = { now: () => this.#nowMs, wall: () => 0 }
  readonly scheduler = {
    defer: (task: () => void) => void this.#add(0, task),
    yield: (task: () => void) => void this.#add(0, task),
    after: (delayMs: number, task: () => void) => this.#add(delayMs, task),
  }
  #nowMs = 0
  #events: { atMs: number; task: () => void }[] = []

  constructor(random: SeededRandom) {
    this.random = random
  }

  async run(): Promise<void> {
    while (this.#events.length > 0) {
      const atMs = Math.min(...this.#events.map((event) => event.atMs))
      const due = this.#events.filter((event) => event.atMs === atMs)
      const next = due[this.random.below(due.length)]!
      this.#remove(next)
      this.#nowMs = atMs
      next.task()
      await Promise.resolve()
    }
  }

  #add(delayMs: number, task: () => void): Cancellable {
    const event = { atMs: Math.round((this.#nowMs + delayMs) * 1_000) / 1_000, task }
    this.#events.push(event)
    return { cancel: () => this.#remove(event) }
  }

  #remove(event: object): void {
    this.#events = this.#events.filter((other) => other !== event)
  }
}
