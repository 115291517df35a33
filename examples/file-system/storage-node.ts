import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type ActorSystem, createSystem, type LogSink, type Ref, type Transport } from '@troupe/core'
import { RegisterReplica, registerReplica } from '@troupe/strategies/replication'
import { BlockDisk } from './block-disk.ts'
import { blockStore } from './block-store.ts'
import { type Healer, healer } from './healer.ts'
import { NameDisk } from './name-disk.ts'

export interface StorageNodeOptions {
  /** Names the node for good: placement goes by it. */
  readonly node: string
  /** Where its blocks and names are kept. */
  readonly folder: string
  readonly transport: Transport
  readonly timing?: Partial<StorageTiming>
  /** Where log lines go; default: standard error. */
  readonly log?: LogSink | false
}

/** How fast a cluster reacts, in ms. */
export interface StorageTiming {
  /** How long a node may be gone before the others make its copies anew. */
  readonly disconnectGraceMs: number
  readonly settleMs: number
  readonly periodMs: number
}

/** A killed process is gone at once, a busy one is not: two seconds tell them apart on one machine. */
export const TIMING: StorageTiming = { disconnectGraceMs: 2_000, settleMs: 300, periodMs: 30_000 }

/** Starts one storage node: its blocks, its copy of the names, and the healer that looks after both. */
export async function startStorageNode(options: StorageNodeOptions): Promise<ActorSystem> {
  const { node, folder, transport } = options
  const { disconnectGraceMs, settleMs, periodMs } = { ...TIMING, ...options.timing }
  await mkdir(folder, { recursive: true })
  const disk = await BlockDisk.open(join(folder, 'blocks'))
  const names = new NameDisk(join(folder, 'names'))
  await names.load()
  const system = await createSystem({
    name: node,
    cluster: CLUSTER,
    transport,
    disconnectGraceMs,
    ...(options.log === undefined ? {} : { log: options.log }),
  })
  let healing: Ref<Healer> | null = null
  const store = system.spawn(
    blockStore(disk, (id) => healing?.tell('lost', id)),
    { name: node },
  )
  healing = system.spawn(healer({ store, settleMs, periodMs }), { name: 'healer' })
  system.register(RegisterReplica, system.spawn(registerReplica({ id: node, storage: names }), { name: 'names' }))
  return system
}

export const CLUSTER = 'file-system'
