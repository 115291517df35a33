import { join as joinPath } from 'node:path'
import { type ActorSystem, createSystem } from '@troupe/core'
import { webSocketTransport } from '@troupe/transport-ws'
import { Child } from './child.ts'
import { type Cluster, type ClusterOptions, nodeNames } from './cluster.ts'
import { join } from './join.ts'
import { CLUSTER, TIMING } from './storage-node.ts'

/** Every storage node and the gateway as a process of its own, talking WebSockets on loopback. */
export async function startProcessCluster(options: ClusterOptions): Promise<Cluster> {
  const { disconnectGraceMs = TIMING.disconnectGraceMs } = options
  const transport = webSocketTransport()
  const observer = await createSystem({ name: 'observer', cluster: CLUSTER, transport, disconnectGraceMs })
  const cluster = new ProcessCluster({ ...options, disconnectGraceMs }, observer)
  try {
    await cluster.start()
  } catch (error) {
    await cluster.stop()
    throw error
  }
  return cluster
}

const GATEWAY = 'gateway'

class ProcessCluster implements Cluster {
  readonly nodes: readonly string[]
  readonly observer: ActorSystem
  readonly #options: Required<ClusterOptions>
  /** Those that live, by node, and the gateway. */
  readonly #children = new Map<string, Child>()
  readonly #listeners: ((part: string, how: string) => void)[] = []
  #stopping = false

  constructor(options: Required<ClusterOptions>, observer: ActorSystem) {
    this.#options = options
    this.nodes = nodeNames(options.size)
    this.observer = observer
  }

  get url(): string {
    return this.#children.get(GATEWAY)?.url ?? ''
  }

  describe(node: string): string {
    const child = this.#children.get(node)
    return child === undefined ? 'no process' : `process ${child.pid}`
  }

  onExit(listener: (part: string, how: string) => void): void {
    this.#listeners.push(listener)
  }

  async start(): Promise<void> {
    // The gateway first: when its port is taken nobody has to wait for the others.
    await this.#startGateway()
    const started = await Promise.allSettled(this.nodes.map((node) => this.#startNode(node)))
    const failed = started.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    // Each dials those before it: one connection between any two.
    const joining = this.nodes.map((node, i) => this.#children.get(node)?.join(this.#addresses(this.nodes.slice(0, i))))
    const all = this.#addresses(this.nodes)
    const observing = [join(this.observer, all), this.observer.connect(this.#addresses([GATEWAY])[0]!)]
    await Promise.all([...joining, ...observing, this.#children.get(GATEWAY)?.join(all)])
  }

  async kill(node: string): Promise<void> {
    const child = this.#children.get(node)
    // First, so that it does not count as one that ended by itself.
    this.#children.delete(node)
    await child?.kill()
  }

  async restart(node: string): Promise<void> {
    if (this.#stopping) return
    const child = await this.#startNode(node)
    await child.join(this.#addresses(this.nodes.filter((other) => other !== node)))
    await Promise.all([this.#children.get(GATEWAY)?.join([child.address]), join(this.observer, [child.address])])
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.observer.stop()
    // The gateway first: what it is about to acknowledge needs the nodes.
    await this.#children.get(GATEWAY)?.stop()
    await Promise.all([...this.#children.values()].map((child) => child.stop()))
  }

  #startNode(node: string): Promise<Child> {
    const { folder, disconnectGraceMs } = this.#options
    const args = [node, joinPath(folder, node), String(disconnectGraceMs)]
    return this.#start(node, `storage node ${node}`, './storage-process', args)
  }

  #startGateway(): Promise<Child> {
    const { size, port, disconnectGraceMs } = this.#options
    const args = [size, port, disconnectGraceMs].map(String)
    return this.#start(GATEWAY, 'the gateway', './gateway-process', args)
  }

  async #start(part: string, what: string, program: string, args: readonly string[]): Promise<Child> {
    const child = await Child.start(what, program, args)
    this.#children.set(part, child)
    child.onExit((how) => {
      if (this.#children.get(part) !== child) return
      this.#children.delete(part)
      if (!this.#stopping) for (const listener of this.#listeners) listener(part, how)
    })
    // It came too late: the cluster is being stopped, and would not know of it.
    if (this.#stopping) await child.stop()
    return child
  }

  #addresses(nodes: readonly string[]): string[] {
    return nodes.flatMap((node) => this.#children.get(node)?.address ?? [])
  }
}
