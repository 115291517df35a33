import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type BlockId, blockIdOf, isBlockId } from './block.ts'
import { TEMPORARY, writeDurably } from './durable-file.ts'

/** The bytes on disk are not those whose hash the name says. */
export class CorruptBlockError extends Error {
  override readonly name = 'CorruptBlockError'
  readonly code = 'CORRUPT_BLOCK'

  constructor(id: BlockId) {
    super(`block ${id} is damaged on disk; it was removed and will be copied again from another node`)
  }
}

/** The blocks of one node: a file each, named after its hash, in folders by the first two digits. */
export class BlockDisk {
  readonly #folder: string
  readonly #ids: Set<BlockId>
  /** Writes under way: a second one of the same block waits for the first. */
  readonly #writing = new Map<BlockId, Promise<boolean>>()

  private constructor(folder: string, ids: Set<BlockId>) {
    this.#folder = folder
    this.#ids = ids
  }

  /** Makes the folders where they are missing, and removes what a crash left half-written. */
  static async open(folder: string): Promise<BlockDisk> {
    const ids = new Set<BlockId>()
    for (let prefix = 0; prefix < 256; prefix++) {
      const shelf = join(folder, prefix.toString(16).padStart(2, '0'))
      await mkdir(shelf, { recursive: true })
      for (const name of await readdir(shelf)) {
        if (isBlockId(name)) ids.add(name)
        else if (name.endsWith(TEMPORARY)) await rm(join(shelf, name), { force: true })
      }
    }
    return new BlockDisk(folder, ids)
  }

  get ids(): ReadonlySet<BlockId> {
    return this.#ids
  }

  /**
   * Resolves when the block is on disk.
   *
   * @returns whether it was written, false when a sound copy was there already
   */
  async write(id: BlockId, bytes: Uint8Array): Promise<boolean> {
    const underWay = this.#writing.get(id)
    if (underWay !== undefined) {
      await underWay
      return false
    }
    const writing = this.#writeUnlessSound(id, bytes)
    this.#writing.set(id, writing)
    try {
      return await writing
    } finally {
      this.#writing.delete(id)
    }
  }

  /** @returns undefined when it is not here @throws {CorruptBlockError} after removing it */
  async read(id: BlockId): Promise<Uint8Array | undefined> {
    if (!this.#ids.has(id)) return undefined
    let bytes: Buffer
    try {
      bytes = await readFile(this.#path(id))
    } catch (error) {
      if (!isMissing(error)) throw error
      this.#ids.delete(id)
      return undefined
    }
    if (blockIdOf(bytes) !== id) {
      await this.remove(id)
      throw new CorruptBlockError(id)
    }
    return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  async remove(id: BlockId): Promise<void> {
    this.#ids.delete(id)
    await rm(this.#path(id), { force: true })
  }

  async #writeUnlessSound(id: BlockId, bytes: Uint8Array): Promise<boolean> {
    // Not by name alone: an acknowledgement says that this very content is on disk.
    if (this.#ids.has(id) && (await this.read(id).catch(() => undefined)) !== undefined) return false
    await writeDurably(this.#path(id), bytes)
    this.#ids.add(id)
    return true
  }

  #path(id: BlockId): string {
    return join(this.#folder, id.slice(0, 2), id)
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
