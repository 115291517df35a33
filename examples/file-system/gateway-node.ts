import { type ActorSystem, createSystem, type Transport } from '@troupe/core'
import { FileSystem } from './file-system.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { CLUSTER, TIMING } from './storage-node.ts'

export interface GatewayNodeOptions {
  readonly transport: Transport
  /** Storage nodes of the whole cluster. */
  readonly size: number
  readonly port: number
  readonly disconnectGraceMs?: number
}

export interface GatewayNode {
  readonly system: ActorSystem
  readonly gateway: Gateway
  stop(): Promise<void>
}

/** Starts a node that holds no data: the HTTP server and what it needs of the cluster. */
export async function startGatewayNode(options: GatewayNodeOptions): Promise<GatewayNode> {
  const { transport, size, port, disconnectGraceMs = TIMING.disconnectGraceMs } = options
  const system = await createSystem({ name: 'gateway', cluster: CLUSTER, transport, disconnectGraceMs })
  try {
    const gateway = await startGateway(new FileSystem(system, { nodes: size }), { port })
    const stop = async (): Promise<void> => {
      await gateway.close()
      await system.stop()
    }
    return { system, gateway, stop }
  } catch (error) {
    await system.stop()
    throw error
  }
}
