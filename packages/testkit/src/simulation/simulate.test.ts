import { actor, protocol } from '@troupe/core'
import test from 'ava'
import { scenario } from './scenario.ts'
import { simulate } from './simulate.ts'

interface Counter {
  add: (n: number) => number
}
const Counter = protocol<Counter>('counter')

const counter = actor(Counter, () => {
  let sum = 0
  return { add: (n) => (sum += n) }
})

/** Three nodes, each of which has a counter; clients ask whichever they find. */
const counting = scenario({
  name: 'counting',
  durationMs: 20_000,
  clients: 2,
  async start(node) {
    const system = await node.createSystem({ seeds: node.others, disconnectGraceMs: 600_000 })
    system.register(Counter, system.spawn(counter))
  },
  async client(client) {
    await client.operation('add', { value: 1 }, async () => {
      const found = await client.system.find(Counter, { timeoutMs: 500 })
      return found.ask('add', 1, { timeoutMs: 1_000 })
    })
  },
  converged: ({ nodes }) => [...nodes.values()].every(({ system, others }) => system.peers.length >= others.length),
  async settle(cluster) {
    for (const { system } of cluster.nodes.values()) await (await system.find(Counter)).ask('add', 1)
  },
})

test('a cluster works on while nodes crash and links break, and has converged when all is healed', async (t) => {
  for (let seed = 1; seed <= 10; seed++) {
    const run = await simulate({ scenario: counting, seed })

    t.deepEqual(run.violations, [])
  }
})
