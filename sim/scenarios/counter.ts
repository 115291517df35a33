import { actor, protocol } from '@troupe/core'
import { counterInterval, scenario } from '@troupe/testkit'

interface Counter {
  add: (n: number) => number
  read: () => number
}
const Counter = protocol<Counter>('counter')

const behavior = actor(Counter, () => {
  let sum = 0
  return { add: (n) => (sum += n), read: () => sum }
})

/** A counter on one node, in memory: clients find it and add to it while links break and nodes pause, but none crashes. */
export const counter = scenario({
  name: 'counter',
  nodes: 3,
  clients: 2,
  durationMs: 20_000,
  faults: { kinds: ['pause', 'partition', 'clog', 'reset', 'clock', 'slow'] },
  async start(node) {
    // A node that is away for longer is refused until it starts anew, which nobody here does.
    const system = await node.createSystem({ seeds: node.others, disconnectGraceMs: 60_000 })
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
  checkers: [counterInterval()],
})
