import { createHook } from 'node:async_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Actor, type ActorSystem, actor, createSystem, protocol, type Ref } from '@troupe/core'
import { memoryNetwork } from '@troupe/transport-memory'
import { webSocketTransport } from '@troupe/transport-ws'
import { bareLoop } from './bare-loop.ts'
import { type Contender, compare, type Result, table } from './runner.ts'

interface Counter {
  add: (n: number) => void
  get: () => number
  /** Tells itself until it has counted down. */
  down: (n: number) => void
}
const Counter = protocol<Counter>('counter')

const counter: Actor<Counter> = actor(Counter, (ctx) => {
  let count = 0
  return {
    add: () => {
      count++
    },
    get: () => count,
    down: (n) => {
      count++
      if (n > 0) ctx.self.tell('down', n - 1)
    },
  }
})

export interface TellReport {
  readonly bench: 'tell'
  /** Local: the first is the bare loop. Remote: the first is the memory link. */
  readonly local: readonly Result[]
  readonly remote: readonly Result[]
  /** Promises made for each local tell of a synchronous handler. */
  readonly promisesPerTell: number
  /** Bytes allocated for each: no closure, no object. */
  readonly bytesPerTell: number
}

/** @param scale 1 for figures to be trusted; less for a quick look */
export async function tell(scale: number, rounds: number): Promise<TellReport> {
  const system = await createSystem({ name: 'bench' })
  const ref = system.spawn(counter)
  const local = await compare([bareLoop(), telling('tell', ref), asking('ask', ref)], 200_000 * scale, rounds)
  const { promisesPerTell, bytesPerTell } = await cost(ref, 200_000)
  await system.stop()

  const network = memoryNetwork()
  const memory = await pair(() => network.transport())
  const sockets = await pair(() => webSocketTransport({ port: 0 }))
  const contenders = [
    telling('tell, memory link', memory.far),
    telling('tell, WebSocket', sockets.far),
    asking('ask, memory link', memory.far),
    asking('ask, WebSocket', sockets.far),
  ]
  const remote = await compare(contenders, 20_000 * scale, rounds)
  for (const node of [...memory.systems, ...sockets.systems]) await node.stop()
  return { bench: 'tell', local, remote, promisesPerTell, bytesPerTell }
}

export function tellText(report: TellReport): string {
  return [
    table('one node; ratio to the bare loop', report.local),
    '',
    table('two nodes in one process; ratio to telling over a memory link', report.remote),
    '',
    `promises per tell ${report.promisesPerTell.toFixed(4)}`,
    `bytes per tell    ${report.bytesPerTell.toFixed(2)}`,
  ].join('\n')
}

/** Tells in bursts of 1,000, then asks whether all have arrived. */
function telling(name: string, ref: Ref<Counter>): Contender {
  return {
    name,
    run: async (operations) => {
      const before = await ref.ask('get')
      for (let sent = 0; sent < operations; ) {
        for (let i = 0; i < 1000 && sent < operations; i++) ref.tell('add', sent++)
        await ref.ask('get')
      }
      const arrived = (await ref.ask('get')) - before
      if (arrived !== operations) throw new Error(`${name}: ${arrived} of ${operations} arrived`)
      return operations
    },
  }
}

/** Asks one after the other. */
function asking(name: string, ref: Ref<Counter>): Contender {
  return {
    name,
    run: async (operations) => {
      const asks = Math.max(1, Math.floor(operations / 20))
      for (let i = 0; i < asks; i++) await ref.ask('get')
      return asks
    },
  }
}

/** What an actor that tells itself `messages` times leaves behind. */
async function cost(ref: Ref<Counter>, messages: number): Promise<{ promisesPerTell: number; bytesPerTell: number }> {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  let promises = 0
  const hook = createHook({
    init: (_id, type) => {
      if (type === 'PROMISE') promises++
    },
  })
  // Twice: the first pass compiles, grows the ring and settles the shapes.
  let bytes = 0
  for (const pass of ['warm', 'count']) {
    collect()
    const before = process.memoryUsage().heapUsed
    if (pass === 'count') hook.enable()
    const counted = await ref.ask('get')
    ref.tell('down', messages - 1)
    let missing = messages
    while (missing > 0) {
      await new Promise((resolve) => setImmediate(resolve))
      missing = messages - ((await ref.ask('get')) - counted)
    }
    hook.disable()
    bytes = process.memoryUsage().heapUsed - before
  }
  return { promisesPerTell: promises / messages, bytesPerTell: Math.max(0, bytes) / messages }
}

async function pair(
  transport: () => ReturnType<typeof webSocketTransport>,
): Promise<{ far: Ref<Counter>; systems: ActorSystem[] }> {
  const there = await createSystem({ name: 'there', transport: transport() })
  const here = await createSystem({ name: 'here', transport: transport(), seeds: [there.address] })
  there.register(Counter, there.spawn(counter))
  return { far: await here.find(Counter), systems: [here, there] }
}
