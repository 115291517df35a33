import { AskError, actor, type Interceptor, NotSerializableError, protocol, type StopPhase } from '@troupe/core'
import test from 'ava'
import { memoryNetwork } from './index.ts'
import { World } from './testing/world.ts'

interface Echo {
  echo: (value: unknown) => unknown
}
const Echo = protocol<Echo>('echo')
const echo = actor(Echo, () => ({ echo: (value) => value }))

/** Writes down each step that is not about the tests' own set-up. */
function recorder(lines: string[]): Interceptor {
  return {
    sent: ({ kind, target, name }) => lines.push(`sent ${kind} ${target} ${name}`),
    handling: ({ target }) => lines.push(`handling ${target}`),
    handled: ({ target }, { outcome }) => lines.push(`handled ${target} ${outcome}`),
  }
}

test('a message for another node is seen as sent here, with the address, and all of it there', async (t) => {
  const world = new World()
  const here: string[] = []
  const there: string[] = []
  const b = await world.node('b', { interceptors: [recorder(there)] })
  const a = await world.node('a', { interceptors: [recorder(here)] })
  await world.connect(a, b)
  const ref = await world.lend(b.system.spawn(echo, { name: 'echo' }), b, a)

  ref.tell('echo', 1)
  await world.time.settle()
  t.is(await world.during(ref.ask('echo', 2)), 2)

  t.deepEqual(here, ['sent tell memory://b/user/echo echo', 'sent ask memory://b/user/echo echo'])
  t.deepEqual(there, [
    'sent tell /user/echo echo',
    'handling /user/echo',
    'handled /user/echo completed',
    'sent ask /user/echo echo',
    'handling /user/echo',
    'handled /user/echo completed',
  ])
  await world.stop()
})

test('frames that wait in a link are not overwritten by those encoded after them', async (t) => {
  // One byte is above the mark, so that nearly every frame waits.
  const world = new World(1, memoryNetwork({ highWaterBytes: 1 }))
  const [a, b] = await world.pair()
  const ref = await world.lend(a.system.spawn(echo), a, b)
  const sent = Array.from({ length: 1_000 }, (_, i) => new Uint8Array((i * 37) % 1_500).fill(i))

  const answers = await world.during(Promise.all(sent.map((bytes) => ref.ask('echo', bytes))))

  t.true(answers.every((bytes, i) => Buffer.compare(bytes as Uint8Array, sent[i]!) === 0))
  t.deepEqual(
    [...a.events, ...b.events].filter(({ type }) => type === 'peer-lost'),
    [],
  )
  await world.stop()
})

test('messages encoded: what cannot travel is refused between actors of one node just as over a link', async (t) => {
  const world = new World()
  const [a, b] = await world.pair({ messages: 'encoded' })
  const near = a.system.spawn(echo)
  const far = await world.lend(b.system.spawn(echo), b, a)
  const bad = { list: [new Map([['f', () => {}]])] }

  const seen = []
  for (const ref of [near, far]) {
    const told = t.throws(() => ref.tell('echo', bad), { instanceOf: NotSerializableError })
    const asked = await t.throwsAsync(world.during(ref.ask('echo', bad)), { instanceOf: AskError })
    const { outcome, reason } = asked
    seen.push([told.path, told.message, outcome, reason])
  }

  t.deepEqual(seen[0], seen[1])
  await world.stop()
})

test('a stop leaves the other nodes after its actors: tasks of before-stop and actors-stopped still have connections', async (t) => {
  const world = new World()
  const [a] = await world.pair()
  const peers: (readonly [phase: StopPhase, peers: number])[] = []
  for (const phase of ['connections-closed', 'actors-stopped', 'before-stop'] as const) {
    a.system.onStop(phase, 'look', () => void peers.push([phase, a.system.peers.length]))
  }

  await world.during(a.system.stop())

  t.deepEqual(peers, [
    ['before-stop', 1],
    ['actors-stopped', 1],
    ['connections-closed', 0],
  ])
  await world.stop()
})
