import type { ActorSystem, Ref } from '@troupe/core'
import { type BlockId, blockIdOf, COPIES } from './block.ts'
import { FileSystemError } from './file-system-error.ts'
import { Limit } from './limit.ts'
import { LivingStores } from './living-stores.ts'
import { asFileSystemError, isDiskFull } from './storage-failure.ts'
import { type WriteCounter, writeCounter } from './write-counter.ts'

/** Blocks on their way at once, over all uploads: 8 of 256 KiB are far below the 8 MiB that may wait for one peer. */
const AT_ONCE = 8
/** A disk that takes longer for one block counts as failed for this block. */
const PUT_TIMEOUT_MS = 15_000

/** Stores blocks, each synchronously on the first nodes of its order; when one fails, the next takes its place. */
export class BlockWriter {
  readonly #system: ActorSystem
  readonly #counter: Ref<WriteCounter>
  readonly #limit = new Limit(AT_ONCE)

  constructor(system: ActorSystem) {
    this.#system = system
    this.#counter = system.spawn(writeCounter, { name: 'write-counter' })
  }

  /**
   * Resolves when {@link COPIES} nodes have the block on disk.
   *
   * @throws {FileSystemError} when fewer nodes than that could take it
   */
  put(bytes: Uint8Array): Promise<BlockId> {
    return this.#limit.run(() => this.#put(blockIdOf(bytes), bytes))
  }

  async #put(id: BlockId, bytes: Uint8Array): Promise<BlockId> {
    const stores = LivingStores.of(this.#system)
    if (stores.size < COPIES) throw tooFew(stores.size)
    const standIns = stores.order(id)
    const failures: unknown[] = []
    const store = async (): Promise<boolean> => {
      for (let node = standIns.shift(); node !== undefined; node = standIns.shift()) {
        try {
          await stores.ref(node).ask('put', { id, bytes }, { timeoutMs: PUT_TIMEOUT_MS })
          return true
        } catch (error) {
          failures.push(error)
          if (standIns.length > 0) this.#counter.tell('retried')
        }
      }
      return false
    }
    const copies = await Promise.all(Array.from({ length: COPIES }, store))
    if (!copies.every(Boolean)) throw asFileSystemError(failures.find(isDiskFull) ?? failures[0])
    this.#counter.tell('stored', bytes.length)
    return id
  }
}

function tooFew(living: number): FileSystemError {
  const advice = `Start the others; writes need ${COPIES} nodes, and nothing stored before is lost.`
  return new FileSystemError('UNAVAILABLE', `only ${living} storage nodes are up`, advice)
}
