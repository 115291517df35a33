import { actor, protocol } from '@troupe/core'
import { type Checker, scenario } from '@troupe/testkit'

interface Counter {
  add: (n: number) => number
  read: () => number
}
const Counter = protocol<Counter>('counter')

const behavior = actor(Counter, () => {
  let sum = 0
  return { add: (n) => (sum += n), read: () => sum }
})

/** What was acknowledged is in the sum, and nothing is that nobody asked for. */
const sums: Checker = {
  name: 'sums',
  check: (history) => {
    const adds = (type: string): number => history.filter((event) => event.f === 'add' && event.type === type).length
    const reads = history.filter((event) => event.f === 'read' && event.type === 'ok' && event.process === 'final')
    const [least, most] = [adds('ok'), adds('invoke') - adds('fail')]
    const wrong = reads.find(({ value }) => !(Number(value) >= least && Number(value) <= most))
    if (wrong === undefined) return { verdict: 'ok' }
    return { verdict: 'illegal', message: `the sum is ${wrong.value}, not ${least} to ${most}`, conflict: [wrong] }
  },
}

/** A counter on one node, in memory: clients find it and add to it while links break and nodes pause, but none crashes. */
export const counter = scenario({
  name: 'counter',
  nodes: 3,
  clients: 2,
  durationMs: 20_000,
  faults: { kinds: ['pause', 'partition', 'clog', 'reset', 'clock', 'slow'] },
  async start(node) {
    const system = await node.createSystem({ seeds: node.others })
    if (node.name === 'n1') system.register(Counter, system.spawn(behavior, { name: 'counter' }))
  },
  async client(client) {
    await client.operation('add', { value: 1 }, async () => {
      const found = await client.system.find(Counter, { timeoutMs: 500 })
      return found.ask('add', 1, { timeoutMs: 1_000 })
    })
  },
  converged: ({ nodes }) => [...nodes.values()].every(({ system, others }) => system.peers.length >= others.length),
  async settle(cluster) {
    for (const { system } of cluster.nodes.values()) {
      const found = await system.find(Counter)
      await cluster.operation('read', { read: true }, () => found.ask('read'))
    }
  },
  checkers: [sums],
})
