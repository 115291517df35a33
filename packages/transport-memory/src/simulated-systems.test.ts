import { AskError, type Ref, SeededRandom } from '@troupe/core'
import test from 'ava'
import fc from 'fast-check'
import { type LinkModel, type SimulatedNetwork, type SimulatedNetworkOptions, simulatedNetwork } from './simulated.ts'
import { type Recorder, recorder, watcher } from './testing/recorder.ts'
import { eventsOf, type Node, World } from './testing/world.ts'

const MODEL: LinkModel = { minLatencyMs: 5, meanLatencyMs: 10, longTail: { oneIn: 100, maxMs: 50 }, reconnectMs: 50 }

interface Pair {
  readonly world: World
  readonly network: SimulatedNetwork
  readonly a: Node
  readonly b: Node
  /** The actor at a as b has it, and what it has noted. */
  readonly remote: Ref<Recorder>
  readonly noted: number[]
}

/** Two nodes with defaults throughout, the second connected to the first. */
async function linked(seed = 1, options: Partial<SimulatedNetworkOptions> = {}): Promise<Pair> {
  const world = new World(seed)
  const network = simulatedNetwork({ random: new SeededRandom(seed), model: MODEL, ...options })
  const a = await world.node('a', { transport: network.transport('a') })
  const b = await world.node('b', { transport: network.transport('b') })
  await world.connect(b, a)
  const { ref, noted } = recorder(a)
  const remote = await world.lend(ref, a, b)
  return { world, network, a, b, remote, noted }
}

test('an ask takes a round trip, and each gets its own answer', async (t) => {
  const { world, remote } = await linked()
  const startMs = world.time.clock.now()
  t.is(await world.during(remote.ask('echo', 1)), 1)
  t.true(world.time.clock.now() - startMs >= 10)

  const answers = await world.during(Promise.all([...Array(100).keys()].map((n) => remote.ask('echo', n))))
  t.deepEqual(answers, [...Array(100).keys()])
  await world.stop()
})

test('a reset fails the asks that are under way as unknown, the nodes connect again, and no watch hears of it (law 11)', async (t) => {
  const { world, network, a, b, remote } = await linked()
  const { reasons } = watcher(b, remote)
  await world.time.advance(100)
  const held = remote.ask('hold')
  await world.time.advance(100)
  network.reset('a', 'b')
  const error = await t.throwsAsync(world.during(held), { instanceOf: AskError })
  t.like(error, { outcome: 'unknown', reason: 'link-lost' })

  // Both may dial, and the link that came first give way to the other.
  await world.time.advance(1_000)
  t.is(await world.during(remote.ask('echo', 2)), 2)
  await world.time.advance(20_000)
  t.deepEqual(reasons, [])
  for (const node of [a, b]) {
    t.true(eventsOf(node, 'peer-lost').length > 0)
    t.is(eventsOf(node, 'peer-down').length, 0)
  }
  await world.stop()
})

for (const [what, oneWay] of [
  ['partition', false],
  ['one-way cut', true],
] as const) {
  test(`a ${what} of 2 s is not even noticed, one of 8 s is a lost link and no death (law 11)`, async (t) => {
    const { world, network, a, b, remote } = await linked()
    const { reasons } = watcher(b, remote)
    await world.time.advance(100)
    network.partition([['b'], ['a']], { oneWay })
    const slow = remote.ask('echo', 1)
    await world.time.advance(2_000)
    network.heal()
    t.is(await world.during(slow), 1)
    t.is(eventsOf(a, 'peer-lost').length + eventsOf(b, 'peer-lost').length, 0)

    network.partition([['b'], ['a']], { oneWay })
    await world.time.advance(8_000)
    network.heal()
    await world.until('link', () => a.system.peers.length + b.system.peers.length === 2, 3_000)
    t.is(await world.during(remote.ask('echo', 2)), 2)
    t.is(eventsOf(a, 'peer-lost').length, 1)
    t.is(eventsOf(a, 'peer-down').length + eventsOf(b, 'peer-down').length, 0)
    t.deepEqual(reasons, [])
    await world.stop()
  })

  test(`a ${what} that outlasts the grace is a death for both, once, for good (law 11)`, async (t) => {
    const { world, network, a, b, remote } = await linked()
    const { reasons } = watcher(b, remote)
    await world.time.advance(100)
    network.partition([['b'], ['a']], { oneWay })
    await world.time.advance(20_000)
    for (const node of [a, b]) t.like(eventsOf(node, 'peer-down'), [{ reason: 'node-down' }])
    network.heal()
    await t.throwsAsync(world.connect(b, a), { message: /quarantined/ })
    await world.time.advance(20_000)
    t.deepEqual(reasons, ['node-down'])
    await world.stop()
  })
}

test('a node that crashes and starts anew is another one: watches of the old run hear node-restarted (law 11)', async (t) => {
  const { world, network, b, remote } = await linked()
  const { reasons } = watcher(b, remote)
  await world.time.advance(100)
  network.crash('a')
  const second = await world.node('a', { transport: network.transport('a') })
  await world.until('notice', () => reasons.length > 0, 5_000)
  t.deepEqual(reasons, ['node-restarted'])
  await world.until('link', () => b.system.peers[0]?.uid === second.system.uid, 5_000)
  await world.stop()
})

/** Messages both ways, waits and faults. */
const step = fc.record({
  messages: fc.nat(20),
  waitMs: fc.nat(500),
  fault: fc.constantFrom('none', 'none', 'reset', 'cut', 'restore', 'clog', 'unclog', 'hold', 'release'),
  isThere: fc.boolean(),
})

test('per pair messages arrive in order and none twice, whatever the network does (law 1)', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), fc.nat(1_000), async (steps, seed) => {
      const { world, network, a, b, remote, noted } = await linked(seed, { model: { ...MODEL, clogMs: 300 } })
      const atB = recorder(b)
      const back = await world.lend(atB.ref, b, a)
      let sent = 0
      for (const { messages, waitMs, fault, isThere } of steps) {
        for (let i = 0; i < messages; i++) {
          remote.tell('note', sent)
          back.tell('note', sent++)
        }
        if (fault !== 'none') network[fault](isThere ? 'a' : 'b', isThere ? 'b' : 'a')
        await world.time.advance(waitMs)
      }
      network.heal()
      await world.time.advance(3_000)
      await world.until('link', () => a.system.peers.length === 1 && b.system.peers.length === 1)
      remote.tell('note', sent)
      back.tell('note', sent)
      await world.time.advance(1_000)
      const isWhole = steps.every(({ fault }) => fault === 'none')
      await world.stop()
      return [noted, atB.noted].every(
        (numbers) =>
          numbers.every((n, i) => i === 0 || n > numbers[i - 1]!) &&
          numbers.at(-1) === sent &&
          (!isWhole || numbers.length === sent + 1),
      )
    }),
    { numRuns: 25, seed: 3 },
  )
  t.pass()
})

/** Eight bytes of a frame, all of which are a number whatever happens to them. */
const VALUE = 0.123456789

/** What came of one corrupted frame. */
interface Corruption {
  /** Values that are not those sent: at the actor, and in answers. */
  readonly wrong: readonly unknown[]
  /** How many links were closed because of what came over them, and how many nodes lost their peer. */
  readonly broken: number
  readonly lost: number
  /** An actor failed, or a link of another node ended. */
  readonly spread: boolean
}

let corruptions: Promise<Corruption[]> | null = null

/** Corrupts one frame after the other, each in a run of its own, while b talks to a; c is a bystander. */
function corruptEach(): Promise<Corruption[]> {
  corruptions ??= (async () => {
    const outcomes: Corruption[] = []
    for (let n = 1; n <= 16; n++) for (const link of ['a>b', 'b>a']) outcomes.push(await corrupt(link, n))
    return outcomes
  })()
  return corruptions
}

async function corrupt(link: string, frame: number): Promise<Corruption> {
  let countdown = Number.POSITIVE_INFINITY
  const faults = (from: string, to: string, n: number) =>
    `${from}>${to}` === link && --countdown === 0 ? { link, n, fault: 'corrupt' as const } : null
  const { world, network, a, b, remote, noted } = await linked(frame, { faults })
  const c = await world.node('c', { transport: network.transport('c') })
  await world.connect(c, a)
  const bystander = await world.lend(recorder(a).ref, a, c)
  const answers: unknown[] = []
  countdown = frame
  for (let i = 0; i < 15; i++) {
    const asked = remote.ask('echo', VALUE, { timeoutMs: 1_000 })
    answers.push(await world.during(asked).catch((error: unknown) => error))
  }
  const isFine = (await world.during(bystander.ask('echo', 42))) === 42 && eventsOf(c, 'peer-lost').length === 0
  const failed = eventsOf(a, 'actor-failed').length + eventsOf(b, 'actor-failed').length
  await world.stop()
  return {
    wrong: [...noted, ...answers].filter((value) => value !== VALUE && !(value instanceof AskError)),
    broken: eventsOf(a, 'link-broken').length + eventsOf(b, 'link-broken').length,
    lost: eventsOf(a, 'peer-lost').length + eventsOf(b, 'peer-lost').length,
    spread: failed > 0 || !isFine,
  }
}

test('a corrupted frame that the check can tell ends its link and is reported; actors and other links stay as they are', async (t) => {
  const outcomes = await corruptEach()

  t.true(outcomes.filter(({ broken }) => broken > 0).length > 5)
  t.true(outcomes.every(({ broken, lost }) => lost >= broken))
  t.false(outcomes.some(({ spread }) => spread))
})

test('a corrupted frame never arrives as another value', async (t) => {
  const outcomes = await corruptEach()

  t.deepEqual(
    outcomes.flatMap(({ wrong }) => wrong),
    [],
  )
})
