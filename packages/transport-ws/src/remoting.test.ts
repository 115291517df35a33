import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  type ActorSystem,
  AddressInUseError,
  actor,
  createSystem,
  type Peer,
  protocol,
  type Ref,
  type SystemEvent,
  type SystemOptions,
  type Terminated,
} from '@troupe/core'
import test from 'ava'
import { WebSocket } from 'ws'
import { bundlePrograms } from '../../../scripts/bundle-programs.ts'
import { webSocketTransport } from './index.ts'
import { ChildNode, killAll } from './testing/child-node.ts'
import { type Counter, counter, counterOf } from './testing/counter.ts'

/** Short, so that the tests are; the children get the same. */
const times = { heartbeatMs: 200, disconnectGraceMs: 1_000, reconnectMinMs: 20 }

interface Here {
  readonly system: ActorSystem
  readonly events: SystemEvent[]
}

async function here(port?: number, options: Partial<SystemOptions> = {}): Promise<Here> {
  const transport = webSocketTransport(port === undefined ? {} : { port })
  const system = await createSystem({ name: 'here', transport, log: false, ...times, ...options })
  const events: SystemEvent[] = []
  system.events.subscribe((event) => events.push(event))
  return { system, events }
}

/** Watches an actor and keeps what it hears. */
function watch(
  { system }: Here,
  target: Ref<Counter>,
): { readonly reasons: string[]; readonly first: Promise<string> } {
  const reasons: string[] = []
  const { promise: first, resolve } = deferred<string>()
  const watcher = actor(protocol<{ gone: (notice: Terminated) => void }>('watcher'), (context) => {
    context.watch(target, 'gone')
    return {
      gone: ({ reason }) => {
        reasons.push(reason)
        resolve(reason)
      },
    }
  })
  system.spawn(watcher)
  return { reasons, first }
}

const CHILD = fileURLToPath(new URL('./testing/child.ts', import.meta.url))
const programs = await bundlePrograms([CHILD])
ChildNode.program = programs.path('child.ts')
test.after.always(() => programs.remove())
test.afterEach.always(killAll)

// One after the other: these measure time, and each starts processes.

test.serial('two processes ask each other at the same time, and every answer is right', async (t) => {
  // Nothing here waits for a loss, so a busy machine need not be taken for one.
  const patient = { heartbeatMs: 5_000, disconnectGraceMs: 30_000 }
  const a = await ChildNode.start({ name: 'a', port: 0, ...patient })
  const b = await ChildNode.start({ name: 'b', port: 0, seeds: [a.address], ...patient })
  const node = await here(undefined, patient)
  await node.system.connect(a.address)
  await node.system.connect(b.address)
  const [ofA, ofB] = [await node.system.find(counterOf('a')), await node.system.find(counterOf('b'))]

  const sums = await Promise.all([
    ofA.ask('askOther', { other: 'b', times: 1_000 }),
    ofB.ask('askOther', { other: 'a', times: 1_000 }),
  ])

  t.deepEqual(sums, [500_500, 500_500])
  t.is(new Set([await ofA.ask('pid'), await ofB.ask('pid'), process.pid]).size, 3)
  await node.system.stop()
  t.deepEqual(await Promise.all([a.stop(), b.stop()]), [0, 0])
})

test.serial('a process killed by SIGKILL: its watchers hear node-down after the grace, once', async (t) => {
  const child = await ChildNode.start({ name: 'a', port: 0, ...times })
  const node = await here()
  await node.system.connect(child.address)
  const { reasons, first } = watch(node, await node.system.find(counterOf('a')))
  await sleep(50)
  const startMs = performance.now()
  await child.kill()

  t.is(await first, 'node-down')
  const tookMs = performance.now() - startMs
  t.true(tookMs >= 950 && tookMs < 2_500, `${tookMs} ms`)
  await sleep(200)
  t.deepEqual(reasons, ['node-down'])
  await node.system.stop()
})

test.serial(
  'a process that is stopped and continued within the limits is not accused, and accuses nobody',
  async (t) => {
    const child = await ChildNode.start({ name: 'a', port: 0, ...times })
    const node = await here()
    await node.system.connect(child.address)
    const ref = await node.system.find(counterOf('a'))
    const { reasons } = watch(node, ref)
    await sleep(100)
    child.process.kill('SIGSTOP')
    await sleep(500)
    child.process.kill('SIGCONT')

    t.is(await ref.ask('add', 1), 1)
    await sleep(1_200)
    t.deepEqual(reasons, [])
    t.false(node.events.some(({ type }) => type === 'peer-lost'))
    t.false(child.events.includes('peer-lost'))
    await node.system.stop()
    await child.stop()
  },
)

test.serial(
  'a process that is stopped for longer loses its link, not its life, when it is back within the grace',
  async (t) => {
    const patient = { ...times, disconnectGraceMs: 10_000 }
    const child = await ChildNode.start({ name: 'a', port: 0, ...patient })
    const node = await here(undefined, patient)
    await node.system.connect(child.address)
    const ref = await node.system.find(counterOf('a'))
    const { reasons } = watch(node, ref)
    await sleep(100)
    child.process.kill('SIGSTOP')
    while (!node.events.some(({ type }) => type === 'peer-lost')) await sleep(20)
    ref.tell('add', 5)
    child.process.kill('SIGCONT')
    while (node.system.peers.length === 0) await sleep(20)

    t.is(await ref.ask('add', 1), 6)
    t.deepEqual(reasons, [])
    t.false(child.events.includes('peer-down'))
    await node.system.stop()
    await child.stop()
  },
)

test.serial(
  'a process restarted on the same port is another node: watchers hear node-restarted before the grace is over',
  async (t) => {
    const patient = { ...times, disconnectGraceMs: 30_000 }
    const child = await ChildNode.start({ name: 'a', port: 0, ...patient })
    const node = await here(undefined, { ...patient, seeds: [child.address] })
    const { first } = watch(node, await node.system.find(counterOf('a')))
    await sleep(50)
    await child.kill()
    const second = await ChildNode.start({ name: 'a', port: Number(new URL(child.address).port), ...patient })

    t.is(await first, 'node-restarted')
    const next = await untilFound(node.system, second.process.pid!)
    t.is(await next.ask('add', 1), 1)
    await node.system.stop()
    await second.stop()
  },
)

test.serial('a process that stops in order says goodbye: watchers hear of it without any grace', async (t) => {
  const child = await ChildNode.start({ name: 'a', port: 0, disconnectGraceMs: 60_000 })
  const node = await here(undefined, { disconnectGraceMs: 60_000 })
  await node.system.connect(child.address)
  const { first } = watch(node, await node.system.find(counterOf('a')))
  await sleep(50)
  const startMs = performance.now()

  t.is(await child.stop(), 0)
  t.is(await first, 'stopped')
  t.true(performance.now() - startMs < 2_000)
  t.like(node.events.find(({ type }) => type === 'peer-down') as object, { reason: 'left' })
  await node.system.stop()
})

test.serial(
  'a port that is taken is an AddressInUseError that names it, here and in a process of its own',
  async (t) => {
    const { system } = await here(0)
    const port = Number(new URL(system.address).port)

    const error = await t.throwsAsync(here(port), { instanceOf: AddressInUseError })
    t.regex(error.message, new RegExp(`127\\.0\\.0\\.1:${port} is in use`))
    await t.throwsAsync(ChildNode.start({ name: 'b', port }), {
      message: new RegExp(`127\\.0\\.0\\.1:${port} is in use`),
    })
    await system.stop()
  },
)

test.serial('sockets that send random bytes lose their link, and the process goes on serving its peers', async (t) => {
  const child = await ChildNode.start({ name: 'a', port: 0, ...times })
  const node = await here()
  await node.system.connect(child.address)
  const ref = await node.system.find(counterOf('a'))

  for (let i = 0; i < 50; i++) {
    const socket = new WebSocket(child.address)
    await once(socket, 'open')
    socket.send(i % 5 === 0 ? 'text' : randomBytes(1 + i * 37))
    const [code] = (await once(socket, 'close')) as [number]
    t.is(code, 1002)
  }

  t.is(await ref.ask('add', 7), 7)
  t.is(child.events.filter((type) => type === 'link-broken').length, 40)
  t.false(node.events.some(({ type }) => type === 'peer-lost'))
  await node.system.stop()
  t.is(await child.stop(), 0)
})

test.serial('two systems that dial each other over sockets at the same moment keep one link', async (t) => {
  for (let round = 0; round < 10; round++) {
    const [a, b] = [await here(0), await here(0)]
    const peers = await Promise.all([a.system.connect(b.system.address), b.system.connect(a.system.address)])
    a.system.register(counterOf('x'), a.system.spawn(counter('x')))
    const ref = await b.system.find(counterOf('x'))

    t.is(await ref.ask('add', 1), 1)
    await sleep(30)
    t.deepEqual(
      peers.map(({ uid }: Peer) => uid),
      [b.system.uid, a.system.uid],
    )
    t.is([...a.events, ...b.events].filter(({ type }) => type === 'peer-up').length, 2)
    t.is([...a.events, ...b.events].filter(({ type }) => type === 'peer-lost').length, 0)
    await Promise.all([a.system.stop(), b.system.stop()])
  }
})

test.serial('megabytes in both directions at once arrive whole and in order', async (t) => {
  interface Sink {
    take: (bytes: Uint8Array) => number
  }
  const Sink = protocol<Sink>('sink')
  const sink = actor(Sink, () => {
    let next = 0
    return { take: (bytes) => (bytes[0] === next++ % 256 && bytes.length === 65_536 ? next : -1) }
  })
  const [a, b] = [await here(0), await here(0)]
  await b.system.connect(a.system.address)
  const [Ca, Cb] = [protocol<Sink>('sink-a'), protocol<Sink>('sink-b')]
  a.system.register(Ca, a.system.spawn(sink))
  b.system.register(Cb, b.system.spawn(sink))
  const refs = [await b.system.find(Ca), await a.system.find(Cb)]

  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      refs.map((ref) => ref.ask('take', new Uint8Array(65_536).fill(i % 256))),
    ).flat(),
  )

  t.deepEqual(answers, Array.from({ length: 100 }, (_, i) => [i + 1, i + 1]).flat())
  await Promise.all([a.system.stop(), b.system.stop()])
})

test.serial('small frames that wait in a socket are not overwritten by those encoded after them', async (t) => {
  interface Echo {
    echo: (bytes: Uint8Array) => Uint8Array
  }
  const Echo = protocol<Echo>('echo')
  // One byte is above the mark, so that nearly every frame waits.
  const narrow = (port?: number): Partial<SystemOptions> => ({
    transport: webSocketTransport({ ...(port === undefined ? {} : { port }), highWaterBytes: 1 }),
  })
  const [a, b] = [await here(0, narrow(0)), await here(undefined, narrow())]
  await b.system.connect(a.system.address)
  a.system.register(Echo, a.system.spawn(actor(Echo, () => ({ echo: (bytes) => bytes }))))
  const ref = await b.system.find(Echo)
  const sent = Array.from({ length: 1_000 }, (_, i) => new Uint8Array((i * 37) % 1_500).fill(i))

  const answers = await Promise.all(sent.map((bytes) => ref.ask('echo', bytes)))

  t.deepEqual(answers.map(hashOf), sent.map(hashOf))
  t.deepEqual(
    [...a.events, ...b.events].filter(({ type }) => type === 'peer-lost'),
    [],
  )
  await Promise.all([a.system.stop(), b.system.stop()])
})

function hashOf(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex')
}

async function untilFound(system: ActorSystem, pid: number): Promise<Ref<Counter>> {
  for (;;) {
    const ref = await system.find(counterOf('a'))
    if ((await ref.ask('pid').catch(() => 0)) === pid) return ref
    await sleep(20)
  }
}

function deferred<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve!: (value: T) => void
  const promise = new Promise<T>((fulfil) => {
    resolve = fulfil
  })
  return { promise, resolve }
}
