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
  /** Per block the last change under way: the next one waits for it. */
  readonly #changing = new Map<BlockId, Promise<unknown>>()

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
  write(id: BlockId, bytes: Uint8Array): Promise<boolean> {
    return this.#alone(id, async () => {
      // Not by name alone: an acknowledgement says that this very content is on disk.
      if (await this.#isSound(id)) return false
      await writeDurably(this.#path(id), bytes)
      this.#ids.add(id)
      return true
    })
  }

  /** @returns undefined when it is not here @throws {CorruptBlockError} after removing it */
  async read(id: BlockId): Promise<Uint8Array | undefined> {
    const found = await this.#readFile(id)
    if (found === undefined || blockIdOf(found) === id) return found
    await this.#alone(id, async () => {
      // Somebody may have mended it meanwhile.
      if (blockIdOf((await this.#readFile(id)) ?? EMPTY) !== id) await this.#delete(id)
    })
    throw new CorruptBlockError(id)
  }

  remove(id: BlockId): Promise<void> {
    // At once, not when its turn comes: from here on nobody is to count on this copy.
    this.#ids.delete(id)
    return this.#alone(id, () => this.#delete(id))
  }

  async #isSound(id: BlockId): Promise<boolean> {
    const found = await this.#readFile(id)
    return found !== undefined && blockIdOf(found) === id
  }

  async #readFile(id: BlockId): Promise<Uint8Array | undefined> {
    if (!this.#ids.has(id)) return undefined
    try {
      const bytes = await readFile(this.#path(id))
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    } catch (error) {
      if (!isMissing(error)) throw error
      this.#ids.delete(id)
      return undefined
    }
  }

  async #delete(id: BlockId): Promise<void> {
    this.#ids.delete(id)
    await rm(this.#path(id), { force: true })
  }

  /** Changes of one block happen one after the other: else a late removal could hit a fresh copy. */
  async #alone<T>(id: BlockId, change: () => Promise<T>): Promise<T> {
    const before = this.#changing.get(id) ?? Promise.resolve()
    const result = before.then(change, change)
    this.#changing.set(id, result)
    try {
      return await result
    } finally {
      if (this.#changing.get(id) === result) this.#changing.delete(id)
    }
  }

  #path(id: BlockId): string {
    return join(this.#folder, id.slice(0, 2), id)
  }
}

const EMPTY = new Uint8Array()

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
