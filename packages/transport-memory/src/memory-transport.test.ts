import { DialError, InvalidOptionError, type Link, UnknownOptionError } from '@troupe/core'
import { LinkRecorder, type ManualRuntime, manualRuntime, transportContract } from '@troupe/core/testing'
import test from 'ava'
import { type MemoryNetwork, memoryNetwork, memoryTransport } from './index.ts'

transportContract(test, 'memory', () => {
  const network = memoryNetwork()
  return {
    server: network.transport('memory://server'),
    client: memoryTransport({ network }),
    nobody: 'memory://nobody',
    rival: (address) => network.transport(address),
  }
})

test('a transport without a network is alone in one', async (t) => {
  const runtime = manualRuntime()
  const transport = memoryTransport()
  const address = await transport.listen(() => {}, runtime)
  const other = memoryTransport({ address: 'memory://other' })
  await other.listen(() => {}, runtime)

  const dialled = other.dial('memory://1', never)
  const rejected = t.throwsAsync(dialled, { instanceOf: DialError, message: /nobody listens there/ })
  await runtime.settle()

  await rejected
  t.is(address, 'memory://1')
})

test('options are checked at the door', (t) => {
  const misspelt = { network: memoryNetwork(), adress: 'memory://a' }

  t.throws(() => memoryTransport(misspelt), { instanceOf: UnknownOptionError, message: /did you mean "address"/ })
  t.throws(() => memoryTransport({ address: 'ws://a' }), { instanceOf: InvalidOptionError, message: /"memory:\/\/"/ })
  t.throws(() => memoryNetwork({ highWaterBytes: 0 }), { instanceOf: InvalidOptionError })
})

test('a burst of frames is delivered in one task of the receiver', async (t) => {
  const { runtime, client, server } = await connected(memoryNetwork())
  let tasks = 0
  const counted = runtime.scheduler.yield
  runtime.scheduler.yield = (task) => {
    tasks++
    counted(task)
  }

  for (let i = 0; i < 1000; i++) client.link.send(Uint8Array.of(i))
  await runtime.settle()

  t.is(server.frames.length, 1000)
  t.is(tasks, 1)
})

test('nothing arrives while time and tasks stand still, and equal runs are equal', async (t) => {
  const { runtime, client, server } = await connected(memoryNetwork())
  server.onFrame = (bytes) => server.link.send(bytes)

  client.link.send(Uint8Array.of(1))
  await Promise.resolve()
  t.is(server.frames.length, 0)
  await runtime.settle()

  t.deepEqual(client.frames, [Uint8Array.of(1)])
})

test('send answers false above highWaterBytes, and drain comes at half of it', async (t) => {
  const { runtime, client } = await connected(memoryNetwork({ highWaterBytes: 100 }))

  t.true(client.link.send(new Uint8Array(100)))
  t.false(client.link.send(new Uint8Array(1)))
  t.is(client.link.bufferedBytes, 101)
  await runtime.settle()

  t.is(client.drains, 1)
  t.is(client.link.bufferedBytes, 0)
})

test('a cut ends the links between two addresses as lost, with the frames in flight, and no other', async (t) => {
  const network = memoryNetwork()
  const { runtime, client, server } = await connected(network)
  const bystander = await connected(network, runtime, 'memory://c', 'memory://d')

  client.link.send(Uint8Array.of(1))
  network.cut('memory://b', 'memory://a')
  bystander.client.link.send(Uint8Array.of(2))
  await runtime.settle()

  t.is(server.frames.length, 0)
  t.deepEqual(client.endings, ['lost: the wire between memory://b and memory://a was cut'])
  t.deepEqual(server.endings, client.endings)
  t.is(bystander.server.frames.length, 1)
  t.false(client.link.send(Uint8Array.of(3)))
})

test('dials fail over a cut wire until it is restored', async (t) => {
  const network = memoryNetwork()
  const { runtime, dial } = await connected(network)

  network.cut('memory://a', 'memory://b')
  const failed = t.throwsAsync(dial(), { instanceOf: DialError, message: /the wire from memory:\/\/a is cut/ })
  await runtime.settle()
  await failed

  network.restore('memory://b', 'memory://a')
  const restored = dial()
  await runtime.settle()
  t.is((await restored).peer, 'memory://b')
})

test('a severed address is gone for the others, dials no more, and another may take it', async (t) => {
  const network = memoryNetwork()
  const { runtime, client, server, dial } = await connected(network)

  server.link.send(Uint8Array.of(1))
  network.sever('memory://b')
  const nobody = t.throwsAsync(dial(), { instanceOf: DialError, message: /nobody listens there/ })
  await runtime.settle()
  await nobody
  t.deepEqual(client.endings, ['lost: memory://b died'])
  t.is(client.frames.length, 0)

  network.sever('memory://a')
  const dead = t.throwsAsync(dial(), { instanceOf: DialError, message: /memory:\/\/a is closed/ })
  await runtime.settle()
  await dead

  const reborn = await connected(network, runtime)
  t.deepEqual(reborn.client.endings, [])
})

const never = new AbortController().signal

/** Two open ends of a link from `a` to `b`, on a runtime that moves when told to. */
async function connected(
  network: MemoryNetwork,
  runtime: ManualRuntime = manualRuntime(),
  a = 'memory://a',
  b = 'memory://b',
): Promise<{ runtime: ManualRuntime; client: LinkRecorder; server: LinkRecorder; dial: () => Promise<Link> }> {
  const dialler = network.transport(a)
  const listener = network.transport(b)
  const accepted: Link[] = []
  await dialler.listen(() => {}, runtime)
  await listener.listen((link) => accepted.push(link), runtime)

  const dial = () => dialler.dial(b, never)
  const dialled = dial()
  await runtime.settle()
  const client = new LinkRecorder(await dialled, runtime.scheduler)
  const server = new LinkRecorder(accepted[0]!, runtime.scheduler)
  client.link.open(client)
  server.link.open(server)
  await runtime.settle()
  return { runtime, client, server, dial }
}
