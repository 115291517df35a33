import { actor, type DiskFile, type Protocol, protocol } from '@troupe/core'
import type { Checker } from '../checkers/checker.ts'
import { type Scenario, scenario } from '../simulation/scenario.ts'
import type { SimulatedNode } from '../simulation/simulated-node.ts'

/** A number of entries that outlives crashes. */
export interface Ledger {
  append: () => Promise<number>
  count: () => number
}
export const Ledger: Protocol<Ledger> = protocol<Ledger>('ledger')

interface Books {
  readonly node: SimulatedNode
  readonly file: DiskFile
  readonly syncs: boolean
}

const ledger = actor(Ledger, (_, { node, file, syncs }: Books) => ({
  async append() {
    try {
      await file.append(Uint8Array.of(1))
      if (syncs) await file.sync()
      return file.sizeBytes
    } catch (error) {
      // What was not synced may be there or not: only who reads it anew knows.
      node.exit(String(error))
      throw error
    }
  },
  count: () => file.sizeBytes,
}))

/** Every entry that was acknowledged is there at the end, and none that nobody appended. */
const counted: Checker = {
  name: 'ledger',
  check(history) {
    const of = (f: string, type: string): number =>
      history.filter((event) => event.f === f && event.type === type).length
    const final = history.findLast(({ f, type }) => f === 'count' && type === 'ok')?.value
    if (typeof final !== 'number') return { verdict: 'unknown', message: 'nobody has counted' }
    const [least, most] = [of('append', 'ok'), of('append', 'invoke') - of('append', 'fail')]
    if (final >= least && final <= most) return { verdict: 'ok' }
    return { verdict: 'illegal', message: `${final} entries, and not ${least} to ${most}`, conflict: [] }
  },
}

/** A node with a ledger on its disk. Without `syncs` it says too early that an entry is kept. */
export function bookkeeping(syncs: boolean): Scenario {
  return scenario({
    name: 'bookkeeping',
    nodes: 1,
    clients: 2,
    durationMs: 10_000,
    faults: { maxDown: 1, kinds: ['crash', 'pause', 'reset', 'slow-disk', 'disk-errors'] },
    async start(node) {
      const system = await node.createSystem({ disconnectGraceMs: 600_000 })
      const file = await node.disk.open('ledger')
      await node.disk.sync()
      system.register(Ledger, system.spawn(ledger, { args: { node, file, syncs } }))
    },
    async client(client) {
      await client.operation('append', {}, async () => {
        const found = await client.system.find(Ledger, { timeoutMs: 500 })
        return found.ask('append', undefined, { timeoutMs: 1_000 })
      })
    },
    async settle(cluster) {
      await cluster.operation('count', { read: true }, async () => {
        const { system } = cluster.nodes.get('n1')!
        return (await system.find(Ledger)).ask('count')
      })
    },
    converged: ({ nodes }) => nodes.size === 1,
    checkers: [counted],
  })
}
