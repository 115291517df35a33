import { join as joinPath } from 'node:path'
import { type ActorSystem, createSystem } from '@troupe/core'
import { memoryNetwork } from '@troupe/transport-memory'
import { type Cluster, type ClusterOptions, nodeNames } from './cluster.ts'
import { startGatewayNode } from './gateway-node.ts'
import { join } from './join.ts'
import { CLUSTER, type StorageNodeOptions, startStorageNode, TIMING } from './storage-node.ts'

/** The whole cluster in this process: the same actors, over links in memory. Disks and HTTP are real. */
export async function startMemoryCluster(
  options: ClusterOptions & Pick<StorageNodeOptions, 'timing' | 'log'>,
): Promise<Cluster> {
  const { folder, size, port, disconnectGraceMs = TIMING.disconnectGraceMs } = options
  const timing = { disconnectGraceMs, ...options.timing }
  const logging = options.log === undefined ? {} : { log: options.log }
  const network = memoryNetwork()
  const nodes = nodeNames(size)
  const addressOf = (node: string): string => `memory://${node}`
  const systems = new Map<string, ActorSystem>()
  const joinOthers = (system: ActorSystem): Promise<void> => {
    const up = [...systems.values()].map(({ address }) => address)
    return join(
      system,
      up.filter((address) => address !== system.address),
    )
  }
  const start = async (node: string): Promise<void> => {
    const transport = network.transport(addressOf(node))
    systems.set(node, await startStorageNode({ ...logging, node, folder: joinPath(folder, node), transport, timing }))
  }

  for (const node of nodes) await start(node)
  for (const system of systems.values()) await joinOthers(system)
  const front = await startGatewayNode({ transport: network.transport('memory://gateway'), size, port, ...timing })
  const observer = await createSystem({
    name: 'observer',
    cluster: CLUSTER,
    transport: network.transport('memory://observer'),
    disconnectGraceMs,
  })
  await joinOthers(front.system)
  await joinOthers(observer)
  await observer.connect(front.system.address)

  return {
    url: front.gateway.url,
    nodes,
    describe: (node) => `system ${node} of process ${process.pid}`,
    observer,
    kill: async (node) => {
      network.sever(addressOf(node))
      const system = systems.get(node)
      systems.delete(node)
      await system?.stop()
    },
    restart: async (node) => {
      await start(node)
      await joinOthers(systems.get(node)!)
      await Promise.all([front.system, observer].map((system) => join(system, [addressOf(node)])))
    },
    // Nothing here ends by itself, except all of it.
    onExit: () => {},
    stop: async () => {
      await front.stop()
      await observer.stop()
      await Promise.all([...systems.values()].map((system) => system.stop()))
    },
  }
}
