import { actor, type Protocol, protocol } from '@troupe/core'
import { type Scenario, scenario } from '../simulation/scenario.ts'

/** A number that grows. */
export interface Counter {
  add: (n: number) => number
}
export const Counter: Protocol<Counter> = protocol<Counter>('counter')

const counter = actor(Counter, () => {
  let sum = 0
  return { add: (n) => (sum += n) }
})

/** Nodes with a counter each; clients add to whichever they find, through all that a seed has happen. */
export const counting: Scenario = scenario({
  name: 'counting',
  durationMs: 10_000,
  clients: 2,
  async start(node) {
    // However long a partition lasts, nobody counts as down for good.
    const system = await node.createSystem({ seeds: node.others, disconnectGraceMs: 600_000 })
    system.register(Counter, system.spawn(counter))
  },
  async client(client) {
    await client.operation('add', { value: 1 }, async () => {
      const found = await client.system.find(Counter, { timeoutMs: 500 })
      return found.ask('add', 1, { timeoutMs: 1_000 })
    })
  },
  converged: ({ nodes }) =>
    [...nodes.values()].every(({ system, others }) =>
      others.every((other) => system.peers.some(({ address }) => address === other)),
    ),
  async settle(cluster) {
    for (const { system } of cluster.nodes.values()) {
      const found = await system.find(Counter)
      await cluster.operation('add', { value: 1 }, () => found.ask('add', 1))
    }
  },
})
