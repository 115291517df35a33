import type { ActorSystem } from '@troupe/core'
import { LeastConnections, type Target } from '@troupe/strategies/balancing'
import { type BlockId, blockIdOf, COPIES } from './block.ts'
import { FileSystemError } from './file-system-error.ts'
import { LivingStores } from './living-stores.ts'

/** A node that does not answer in this time is passed over for this block, in ms. */
const GET_TIMEOUT_MS = 5_000

/** Load of one node as this reader knows it. */
interface Load extends Target {
  inFlight: number
}

/** Reads blocks: from the least loaded of the nodes that should have a copy, else from whoever has one. */
export class BlockReader {
  readonly #system: ActorSystem
  readonly #strategy = new LeastConnections()
  readonly #loads = new Map<string, Load>()

  constructor(system: ActorSystem) {
    this.#system = system
  }

  /** @throws {FileSystemError} when no living node has it */
  async get(id: BlockId): Promise<Uint8Array> {
    const stores = LivingStores.of(this.#system)
    const order = stores.order(id)
    const owners = order.slice(0, COPIES)
    const others = order.slice(COPIES)
    while (owners.length > 0 || others.length > 0) {
      const node = this.#pick(owners) ?? others.shift()!
      const bytes = await this.#ask(stores, node, id)
      // Checked here too: the way from the disk to this process is long.
      if (bytes !== undefined && blockIdOf(bytes) === id) return bytes
    }
    const advice = 'Start the storage nodes that are down and try again.'
    throw new FileSystemError('UNAVAILABLE', `none of ${stores.size} storage nodes has block ${id}`, advice)
  }

  /** Takes the node with the least to do out of `owners`. */
  #pick(owners: string[]): string | undefined {
    const chosen = this.#strategy.pick(owners.map((node) => this.#load(node)))
    if (chosen !== undefined) owners.splice(owners.indexOf(chosen.id), 1)
    return chosen?.id
  }

  async #ask(stores: LivingStores, node: string, id: BlockId): Promise<Uint8Array | undefined> {
    const load = this.#load(node)
    load.inFlight++
    try {
      return await stores.ref(node).ask('get', id, { timeoutMs: GET_TIMEOUT_MS })
    } catch {
      // Gone, busy or broken: the next one has a copy as well.
      return undefined
    } finally {
      load.inFlight--
    }
  }

  #load(node: string): Load {
    const load = this.#loads.get(node) ?? { id: node, weight: 1, inFlight: 0 }
    this.#loads.set(node, load)
    return load
  }
}
