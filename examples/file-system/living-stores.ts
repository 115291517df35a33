import type { ActorSystem, Ref } from '@troupe/core'
import { RendezvousSharding } from '@troupe/strategies/sharding'
import type { BlockId } from './block.ts'
import { BlockStore, nodeOf } from './block-store.ts'

/** The stores that are alive, and where each block belongs among them. A value: another set is another object. */
export class LivingStores {
  readonly #byNode: ReadonlyMap<string, Ref<BlockStore>>
  readonly #placement: RendezvousSharding | null

  /** @param refs as the receptionist knows them; of two runs of one node the later one counts */
  constructor(refs: readonly Ref<BlockStore>[]) {
    this.#byNode = new Map(refs.map((ref) => [nodeOf(ref), ref]))
    this.#placement = refs.length === 0 ? null : new RendezvousSharding([...this.#byNode.keys()])
  }

  static of(system: ActorSystem): LivingStores {
    return new LivingStores(system.findAll(BlockStore))
  }

  get size(): number {
    return this.#byNode.size
  }

  get nodes(): readonly string[] {
    return this.#placement?.shards ?? []
  }

  ref(node: string): Ref<BlockStore> {
    const ref = this.#byNode.get(node)
    if (ref === undefined) throw new RangeError(`${node} is not among ${this.nodes.join(', ')}`)
    return ref
  }

  /** All nodes in the order in which they are to hold the block: the first ones do, the next ones step in. */
  order(id: BlockId): string[] {
    return this.#placement?.owners(id, this.size) ?? []
  }
}
