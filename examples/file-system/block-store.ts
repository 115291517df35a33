import { type Actor, actor, type Context, type Deferred, type Protocol, protocol, type Ref } from '@troupe/core'
import { type BlockId, blockIdOf } from './block.ts'
import { type BlockDisk, CorruptBlockError } from './block-disk.ts'
import { packIds } from './packed-ids.ts'

/** What the blocks of one node answer. The actor's name is the node's name: see {@link nodeOf}. */
export interface BlockStore {
  /** Answers once the block is on disk; true when it was not there before. */
  put: (block: { readonly id: BlockId; readonly bytes: Uint8Array }) => boolean
  /** The block, checked against its hash; undefined when it is not here, or was damaged. */
  get: (id: BlockId) => Uint8Array | undefined
  /** The ids of all blocks here, packed. */
  inventory: () => Uint8Array
  /** Says that the block is here and stays for now: whoever asks is about to drop another copy. */
  keep: (id: BlockId) => boolean
  /** Removes a copy that is one too many; false when somebody counts on it. */
  drop: (id: BlockId) => boolean
  report: () => StoreReport
}

export interface StoreReport {
  readonly node: string
  readonly blocks: number
  /** Blocks found damaged, since the start. */
  readonly corrupted: number
}

export const BlockStore: Protocol<BlockStore> = protocol<BlockStore>('file-system.blocks')

/** How long a `keep` holds, in ms: longer than dropping the other copy takes. */
const KEEP_MS = 60_000

/** The node whose blocks these are: names outlive the addresses and the runs of processes. */
export function nodeOf(ref: Ref<BlockStore>): string {
  return ref.path.slice(ref.path.lastIndexOf('/') + 1)
}

/** @param onCorrupted is told of a block that was removed because it was damaged */
export function blockStore(disk: BlockDisk, onCorrupted: (id: BlockId) => void): Actor<BlockStore> {
  return actor(BlockStore, (ctx) => {
    ctx.register(BlockStore)
    const keptUntilMs = new Map<BlockId, number>()
    let corrupted = 0

    const read = async (id: BlockId): Promise<Uint8Array | undefined> => {
      try {
        return await disk.read(id)
      } catch (error) {
        if (!(error instanceof CorruptBlockError)) throw error
        corrupted++
        ctx.log.warn(error.message)
        onCorrupted(id)
        return undefined
      }
    }
    return {
      put: ({ id, bytes }) => {
        // Not thrown: bytes that were damaged on the way are no failure of this store.
        if (blockIdOf(bytes) !== id) return ctx.replyError(new TypeError(`${bytes.length} bytes are not block ${id}`))
        return later(ctx, disk.write(id, bytes))
      },
      get: (id) => later(ctx, read(id)),
      inventory: () => packIds(disk.ids),
      keep: (id) => {
        // Promised before the disk is read: a drop in between would break the promise.
        keptUntilMs.set(id, ctx.clock.now() + KEEP_MS)
        return later(
          ctx,
          read(id).then((bytes) => bytes !== undefined),
        )
      },
      drop: (id) => {
        if ((keptUntilMs.get(id) ?? 0) > ctx.clock.now()) return false
        keptUntilMs.delete(id)
        return later(
          ctx,
          disk.remove(id).then(() => true),
        )
      },
      report: () => ({ node: nodeOf(ctx.self), blocks: disk.ids.size, corrupted }),
    }
  })
}

/** Answers when `work` is done; meanwhile the mailbox goes on, so that the disk has more than one thing to do. */
function later<R>(ctx: Context<BlockStore>, work: Promise<R>): Deferred<R> {
  const reply = ctx.reply<R>()
  work.then(
    (value) => reply.resolve(value),
    (error) => reply.reject(error),
  )
  return reply
}
