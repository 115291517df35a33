import { createHash } from 'node:crypto'
import type { ActorSystem, Ref } from '@troupe/core'
import { type Cache, cache, MemoryStore } from '@troupe/strategies/caching'
import { QuorumRegister, RegisterReplica } from '@troupe/strategies/replication'
import { BLOCK_BYTES, type BlockId, cut } from './block.ts'
import { BlockReader } from './block-reader.ts'
import { BlockWriter } from './block-writer.ts'
import { FileSystemError } from './file-system-error.ts'
import { Limit } from './limit.ts'
import type { Manifest } from './manifest.ts'
import { packIds, unpackIds } from './packed-ids.ts'
import { asFileSystemError } from './storage-failure.ts'

/** Blocks of one file on their way at once: with one alone the disks would wait for the network and it for them. */
const AHEAD = 4

export interface Listing {
  /** Names of the folders in this one, with a slash at the end. */
  readonly folders: readonly string[]
  readonly files: readonly { readonly name: string; readonly manifest: Manifest }[]
}

/** How long to look for a block on all nodes, in ms. */
const LOAD_TIMEOUT_MS = 20_000

/** How long a majority may take over a name, in ms: each of them waits for its disk, which may be busy for seconds. */
const NAMES_TIMEOUT_MS = 8_000

/** Memory for blocks that were read lately, in bytes. */
const CACHE_BYTES = 64 * 1024 * 1024

export interface FileSystemOptions {
  /** Storage nodes of the whole cluster, up or not: a majority of them has to agree on each name. */
  readonly nodes: number
}

/** Files by name, from any node of the cluster: names from a majority vote, contents from the blocks' holders. */
export class FileSystem {
  readonly #writer: BlockWriter
  /** Blocks never change under their name, so that none in here is ever out of date. */
  readonly #blocks: Ref<Cache<Uint8Array>>
  readonly #names: QuorumRegister<Manifest>

  constructor(system: ActorSystem, { nodes }: FileSystemOptions) {
    this.#writer = new BlockWriter(system)
    const reader = new BlockReader(system)
    const memory = new MemoryStore<Uint8Array>({ maxSizeBytes: CACHE_BYTES, sizeOf: (bytes) => bytes.length })
    this.#blocks = system.spawn(cache(memory, { load: (id) => reader.get(id), loadTimeoutMs: LOAD_TIMEOUT_MS }), {
      name: 'cache',
    })
    const replicas = () => system.findAll(RegisterReplica)
    this.#names = new QuorumRegister({ replicas, size: nodes, writer: system.uid, timeoutMs: NAMES_TIMEOUT_MS })
  }

  /**
   * Stores a file. Until it resolves the name stands for what it stood for before, and then for all of it.
   *
   * @param content when it throws, nothing has changed
   */
  async put(name: string, content: AsyncIterable<Uint8Array>, type: string): Promise<Manifest> {
    const whole = createHash('sha256')
    const blocks: Promise<BlockId>[] = []
    let sizeBytes = 0
    try {
      for await (const block of cut(content)) {
        whole.update(block)
        sizeBytes += block.length
        const stored = this.#writer.put(block)
        // Whoever awaits it later gets the failure too; until then nobody may be left without one.
        stored.catch(() => {})
        blocks.push(stored)
        if (blocks.length >= AHEAD) await blocks[blocks.length - AHEAD]
      }
      const ids = packIds(await Promise.all(blocks))
      const sha256 = whole.digest('hex')
      const manifest: Manifest = { sizeBytes, sha256, blocks: ids, modifiedMs: Date.now(), type }
      await this.#names.write(name, manifest)
      return manifest
    } catch (error) {
      throw asFileSystemError(error)
    }
  }

  /** @throws {FileSystemError} NOT_FOUND */
  async stat(name: string): Promise<Manifest> {
    const manifest = await this.#read(name)
    if (manifest === undefined) throw notFound(name)
    return manifest
  }

  /** The bytes of a file from `start` to `end`, the last one not included. Reads a little ahead. */
  async *read({ blocks }: Manifest, start: number, end: number): AsyncGenerator<Uint8Array> {
    if (start >= end) return
    const ids = unpackIds(blocks.subarray(32 * Math.floor(start / BLOCK_BYTES), 32 * Math.ceil(end / BLOCK_BYTES)))
    const first = Math.floor(start / BLOCK_BYTES)
    const ahead: Promise<Uint8Array>[] = []
    for (let i = 0; i < ids.length; i++) {
      while (ahead.length < AHEAD && i + ahead.length < ids.length) {
        const block = this.#block(ids[i + ahead.length]!)
        block.catch(() => {})
        ahead.push(block)
      }
      const bytes = await ahead.shift()!
      const at = (first + i) * BLOCK_BYTES
      yield bytes.subarray(Math.max(0, start - at), Math.min(bytes.length, end - at))
    }
  }

  /** @throws {FileSystemError} NOT_FOUND when there was none */
  async remove(name: string): Promise<void> {
    await this.stat(name)
    try {
      await this.#names.delete(name)
    } catch (error) {
      throw asFileSystemError(error)
    }
  }

  /**
   * What is in a folder.
   *
   * @param folder an empty string for the root, otherwise with a slash at the end
   * @throws {FileSystemError} NOT_FOUND when nothing is, except in the root
   */
  async list(folder: string): Promise<Listing> {
    const names = await this.#keys(folder)
    if (names.length === 0 && folder !== '') throw notFound(folder)
    const folders = new Set<string>()
    const inside: string[] = []
    for (const name of names) {
      const slash = name.indexOf('/', folder.length)
      if (slash === -1) inside.push(name)
      else folders.add(name.slice(0, slash + 1))
    }
    const limit = new Limit(16)
    const files = await Promise.all(
      inside.map((name) => limit.run(async () => ({ name, manifest: await this.#read(name) }))),
    )
    // One that was deleted meanwhile has no manifest any more.
    return {
      folders: [...folders],
      files: files.flatMap(({ name, manifest }) => (manifest ? [{ name, manifest }] : [])),
    }
  }

  async #block(id: BlockId): Promise<Uint8Array> {
    try {
      const bytes = await this.#blocks.ask('get', id, { timeoutMs: LOAD_TIMEOUT_MS })
      if (bytes !== undefined) return bytes
      throw new TypeError(`the loader of block ${id} answered nothing`)
    } catch (error) {
      throw asFileSystemError(error)
    }
  }

  async #read(name: string): Promise<Manifest | undefined> {
    try {
      return await this.#names.read(name)
    } catch (error) {
      throw asFileSystemError(error)
    }
  }

  async #keys(prefix: string): Promise<string[]> {
    try {
      return await this.#names.keys(prefix)
    } catch (error) {
      throw asFileSystemError(error)
    }
  }
}

function notFound(name: string): FileSystemError {
  const advice = 'Look at the listing of its folder: GET the path up to its last slash.'
  return new FileSystemError('NOT_FOUND', `there is no ${JSON.stringify(name)}`, advice)
}
