import { type Protocol, protocol, type Ref } from '@troupe/core'
import { QuorumRegister, type RegisterReplica, registerReplica } from '@troupe/strategies/replication'
import { type Checker, type Scenario, type SimulatedClient, scenario } from '@troupe/testkit'
import { SITE } from './network.ts'

const NAMES = ['n1', 'n2', 'n3', 'n4'] as const
/** Each replica is registered under a name of its own: a client that knows some only must know that it does. */
const tokens: ReadonlyMap<string, Protocol<RegisterReplica>> = new Map(
  NAMES.map((name) => [name, protocol<RegisterReplica>(`register-${name}`)]),
)
const KEYS = ['x', 'y'] as const
const TIMEOUT_MS = 250

interface Registers {
  readonly register: QuorumRegister<number>
}

const registers = new WeakMap<SimulatedClient, Registers>()

/**
 * Clients that write to registers, read and delete them, while links break and nodes pause; none loses its memory.
 *
 * @param reads as in the options of the register
 */
export function votingRegisters(
  name: string,
  reads: 'linearizable' | 'regular',
  checkers: readonly Checker[],
): Scenario {
  return scenario({
    name,
    nodes: { min: 3, max: 4 },
    clients: 3,
    durationMs: 1_500,
    convergeMs: 20_000,
    thinkMs: 15,
    faults: { kinds: ['pause', 'partition', 'clog', 'reset', 'slow'], meanGapMs: 150 },
    network: SITE,
    async start(node) {
      const system = await node.createSystem({ seeds: node.others, disconnectGraceMs: 600_000 })
      system.register(tokens.get(node.name)!, system.spawn(registerReplica({ id: node.name }), { name: 'register' }))
    },
    client: (client) => act(client, reads),
    converged: ({ nodes }) => [...nodes.values()].every(({ system }) => known(system).length === nodes.size),
    async settle(cluster) {
      for (const node of cluster.nodes.values()) {
        const replicas = known(node.system)
        const register = new QuorumRegister<number>({ replicas, writer: `final-${node.name}` })
        for (const key of KEYS) {
          const read = async (): Promise<number | null> => (await register.read(key)) ?? null
          // What was on its way when all was healed may still be in the way.
          while ((await cluster.operation('read', { key, read: true }, read)) === undefined) await cluster.sleep(100)
        }
      }
    },
    checkers,
  })
}

function known(system: SimulatedClient['system']): Ref<RegisterReplica>[] {
  return [...tokens.values()].flatMap((token) => system.findAll(token).slice(0, 1))
}

function registerOf(client: SimulatedClient, reads: 'linearizable' | 'regular'): QuorumRegister<number> {
  const before = registers.get(client)
  if (before !== undefined) return before.register
  const size = client.addresses.length
  const options = { replicas: () => known(client.system), size, writer: client.name, timeoutMs: TIMEOUT_MS, reads }
  const register = new QuorumRegister<number>(options)
  registers.set(client, { register })
  return register
}

async function act(client: SimulatedClient, reads: 'linearizable' | 'regular'): Promise<void> {
  const register = registerOf(client, reads)
  const key = KEYS[client.random.below(KEYS.length)]!
  const one = client.random.below(8)
  if (one < 4) {
    await client.operation('read', { key, read: true }, async () => (await register.read(key)) ?? null)
  } else if (one < 7) {
    const value = client.unique()
    await client.operation('write', { key, value }, async () => {
      await register.write(key, value)
      return value
    })
  } else {
    await client.operation('write', { key, value: null }, () => register.delete(key).then(() => null))
  }
}
