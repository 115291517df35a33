import type { ActorSystem } from '@troupe/core'
import { QuorumRegister, RegisterReplica } from '@troupe/strategies/replication'
import { type BlockId, COPIES } from './block.ts'
import { Healer } from './healer.ts'
import { LivingStores } from './living-stores.ts'
import type { Manifest } from './manifest.ts'
import { unpackIds } from './packed-ids.ts'
import { WriteCounter, type WriteReport } from './write-counter.ts'

/** What is where, as every living node itself says. */
export interface CopyCount {
  readonly nodes: number
  readonly blocks: number
  readonly copies: number
  /** Blocks with fewer copies than they should have. */
  readonly under: number
  /** Of the blocks asked about, those that nobody has. */
  readonly missing: number
}

/** Looks at a cluster from within, through a node that is connected to all the others. */
export class ClusterView {
  readonly #system: ActorSystem
  readonly #names: QuorumRegister<Manifest>

  /** @param size storage nodes of the whole cluster, up or not */
  constructor(system: ActorSystem, size: number) {
    this.#system = system
    const replicas = () => system.findAll(RegisterReplica)
    this.#names = new QuorumRegister({ replicas, size, writer: system.uid })
  }

  get nodes(): readonly string[] {
    return LivingStores.of(this.#system).nodes
  }

  /** The blocks that a file consists of. */
  async blocksOf(name: string): Promise<BlockId[]> {
    return unpackIds((await this.#names.read(name))?.blocks ?? new Uint8Array())
  }

  /**
   * @param options `expected` are blocks that must be somewhere, whatever the nodes say that they have; `without`
   *   is a node that is dead, though not everybody knows it yet
   */
  async count(options: { expected?: ReadonlySet<BlockId>; without?: string } = {}): Promise<CopyCount> {
    const { expected = new Set<BlockId>(), without } = options
    const stores = LivingStores.of(this.#system)
    const nodes = stores.nodes.filter((node) => node !== without)
    const copiesOf = new Map<BlockId, number>([...expected].map((id) => [id, 0]))
    const inventories = await Promise.all(nodes.map((node) => stores.ref(node).ask('inventory')))
    for (const id of inventories.flatMap(unpackIds)) copiesOf.set(id, (copiesOf.get(id) ?? 0) + 1)
    const counts = [...copiesOf.values()]
    return {
      nodes: nodes.length,
      blocks: counts.filter((count) => count > 0).length,
      copies: counts.reduce((sum, count) => sum + count, 0),
      under: counts.filter((count) => count < COPIES).length,
      missing: counts.filter((count) => count === 0).length,
    }
  }

  /** Resolves when so many bytes have been stored through the gateway, in ms of waiting at most. */
  async stored(bytes: number, timeoutMs: number): Promise<WriteReport> {
    const counter = await this.#system.find(WriteCounter)
    return counter.ask('reached', bytes, { timeoutMs })
  }

  /** What went through the gateway up to now. */
  async written(): Promise<WriteReport> {
    return (await this.#system.find(WriteCounter)).ask('report')
  }

  /** Copies that the healers alive have made. */
  async healed(): Promise<number> {
    const reports = await Promise.all(this.#system.findAll(Healer).map((healer) => healer.ask('report')))
    return reports.reduce((sum, { healed }) => sum + healed, 0)
  }
}
