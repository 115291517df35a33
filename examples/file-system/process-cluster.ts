import { join as joinPath } from 'node:path'
import { createSystem } from '@troupe/core'
import { webSocketTransport } from '@troupe/transport-ws'
import { Child } from './child.ts'
import { type Cluster, type ClusterOptions, nodeNames } from './cluster.ts'
import { join } from './join.ts'
import { CLUSTER, TIMING } from './storage-node.ts'

/** Every storage node and the gateway as a process of its own, talking WebSockets on loopback. */
export async function startProcessCluster(options: ClusterOptions): Promise<Cluster> {
  const { folder, size, port, disconnectGraceMs = TIMING.disconnectGraceMs } = options
  const nodes = nodeNames(size)
  const children = new Map<string, Child>()
  const graceMs = String(disconnectGraceMs)
  const startNode = async (node: string): Promise<void> => {
    const args = [node, joinPath(folder, node), graceMs]
    children.set(node, await Child.start(`storage node ${node}`, './storage-process.ts', args))
  }
  const startGateway = async (): Promise<void> => {
    children.set(
      GATEWAY,
      await Child.start('the gateway', './gateway-process.ts', [String(size), String(port), graceMs]),
    )
  }
  const stop = async (): Promise<void> => {
    // The gateway first: what it is about to acknowledge needs the nodes.
    await children.get(GATEWAY)?.stop()
    await Promise.all([...children.values()].map((child) => child.stop()))
  }

  const started = await Promise.allSettled([startGateway(), ...nodes.map(startNode)])
  const failed = started.find((result) => result.status === 'rejected')
  if (failed !== undefined) {
    await stop()
    throw failed.reason
  }
  const addressesOf = (names: readonly string[]): string[] => names.flatMap((node) => children.get(node)?.address ?? [])
  // Each dials those before it: one connection between any two.
  const joining = nodes.map((node, i) => children.get(node)!.join(addressesOf(nodes.slice(0, i))))
  const gateway = children.get(GATEWAY)!
  const observer = await createSystem({
    name: 'observer',
    cluster: CLUSTER,
    transport: webSocketTransport(),
    disconnectGraceMs,
  })
  await Promise.all([...joining, gateway.join(addressesOf(nodes)), join(observer, addressesOf(nodes))])

  return {
    url: gateway.url,
    nodes,
    describe: (node) => `process ${children.get(node)?.pid ?? 'gone'}`,
    observer,
    kill: async (node) => {
      await children.get(node)?.kill()
      children.delete(node)
    },
    restart: async (node) => {
      await startNode(node)
      const child = children.get(node)!
      await child.join(addressesOf(nodes.filter((other) => other !== node)))
      await Promise.all([gateway.join([child.address]), join(observer, [child.address])])
    },
    stop: async () => {
      await observer.stop()
      await stop()
    },
  }
}

const GATEWAY = 'gateway'
