import { actor, type Protocol, protocol } from '@troupe/core'
import { EventQueue, type Queued } from '../src/simulation/event-queue.ts'
import type { Run } from '../src/simulation/run.ts'
import { type Scenario, scenario } from '../src/simulation/scenario.ts'
import { simulate } from '../src/simulation/simulate.ts'
import { World } from '../src/simulation/world.ts'

/*
 * What a simulation costs, in CPU time of this process on one core, median of three:
 * npm run -s bootstrap && node scripts/run.mjs packages/testkit/bench/simulation.ts
 *
 * Node 20.20, 2 shared cores:
 * event queue, 100 waiting                                            9,725,876 events/s
 * event queue, 10,000 waiting                                         4,613,067 events/s
 * turns of one node                                                   5,028,906 events/s
 * five nodes, all connected, idle                                         7,181 simulated s/s
 * the same, 200 operations a second                                         248 simulated s/s
 * the same, with faults, 5 seeds                                            301 simulated s/s
 *
 * Under load it is the product that takes the time, CBOR first; loop, queue and trace take a tenth together.
 */

interface Store {
  write: (entry: { readonly key: string; readonly value: number }) => number
  read: (key: string) => number | undefined
}
const Store: Protocol<Store> = protocol<Store>('store')
const store = actor(Store, () => {
  const rows = new Map<string, number>()
  return { write: ({ key, value }) => rows.set(key, value).size, read: (key) => rows.get(key) }
})

/** Seconds of CPU that `work` takes. */
async function cpuSeconds(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

async function report(what: string, unit: string, work: () => number | Promise<number>): Promise<void> {
  await work()
  const rates: number[] = []
  for (let i = 0; i < 3; i++) {
    let done = 0
    const seconds = await cpuSeconds(async () => {
      done = await work()
    })
    rates.push(done / seconds)
  }
  const median = rates.sort((a, b) => a - b)[1]!
  console.log(`${what.padEnd(64)} ${Math.round(median).toLocaleString('en-US').padStart(12)} ${unit}`)
}

/** Takes the first event out and puts it in again, later, while `pending` others wait. */
function throughQueue(pending: number): number {
  const queue = new EventQueue<Queued>()
  let state = 88_172_645
  const draw = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
  for (let i = 0; i < pending; i++) queue.add({ slot: -1 }, draw() % 1_000_000, draw())
  const events = 2_000_000
  for (let i = 0; i < events; i++) {
    const time = queue.nextTime
    queue.add(queue.take()!, time + (draw() % 1_000_000), draw())
  }
  return events
}

/** Timers that renew themselves, on one node, which does nothing else. */
async function bareTurns(): Promise<number> {
  const world = new World()
  world.add('a', ({ runtime, random }) => {
    const again = (): void => void runtime.scheduler.after(random.below(1_000), again)
    for (let i = 0; i < 100; i++) again()
  })
  await world.start()
  await world.advance(5_000_000)
  return world.trace.count
}

async function idle(simulatedMs: number): Promise<number> {
  const world = new World()
  for (const name of ['n1', 'n2', 'n3', 'n4', 'n5'])
    world.add(name, (node) => node.createSystem({ seeds: node.others }))
  await world.start()
  await world.advance(simulatedMs)
  const peers = [...world.nodes.values()].map(({ system }) => system.peers.length)
  if (peers.some((count) => count !== 4)) throw new Error(`not all are connected: ${peers}`)
  return simulatedMs / 1000
}

/** Five nodes and ten clients, who write and read 200 times a second together. */
const loaded: Scenario = scenario({
  name: 'loaded',
  nodes: 5,
  durationMs: 60_000,
  clients: 10,
  thinkMs: 45,
  network: {},
  async start(node) {
    const system = await node.createSystem({ seeds: node.others, disconnectGraceMs: 600_000 })
    system.register(Store, system.spawn(store))
  },
  async client(client) {
    const { system, random } = client
    const stores = system.findAll(Store)
    const target = stores[random.below(Math.max(1, stores.length))]
    if (target === undefined) return
    const key = `k${random.below(100)}`
    if (random.below(2) === 0) {
      const value = client.unique()
      await client.operation('write', { key, value }, () => target.ask('write', { key, value }, { timeoutMs: 1_000 }))
    } else await client.operation('read', { key, read: true }, () => target.ask('read', key, { timeoutMs: 1_000 }))
  },
})

async function under(scenario: Scenario, seeds: readonly number[]): Promise<number> {
  const runs: Run[] = []
  for (const seed of seeds) runs.push(await simulate({ scenario, seed }))
  const failed = runs.find(({ violations }) => violations.length > 0)
  if (failed !== undefined) throw new Error(failed.violations[0]!.message)
  last = runs
  return runs.reduce((sum, { simulatedMs }) => sum + simulatedMs, 0) / 1000
}
let last: Run[] = []

await report('event queue, 100 waiting', 'events/s', () => throughQueue(100))
await report('event queue, 10,000 waiting', 'events/s', () => throughQueue(10_000))
await report('turns of one node', 'events/s', bareTurns)
await report('five nodes, all connected, idle', 'simulated s/s', () => idle(1_000_000))
await report('the same, 200 operations a second', 'simulated s/s', () => under({ ...loaded, faults: false }, [1]))
console.log(`  ${last[0]!.draws.operations / 60} operations and ${last[0]!.events / 60} events a second`)
await report('the same, with faults, 5 seeds', 'simulated s/s', () => under(loaded, [1, 2, 3, 4, 5]))
