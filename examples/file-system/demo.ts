import { setTimeout as sleep } from 'node:timers/promises'
import { BLOCK_BYTES, type BlockId } from './block.ts'
import type { Cluster } from './cluster.ts'
import { ClusterView, type CopyCount } from './cluster-view.ts'
import { type DemoFile, demoFiles } from './demo-files.ts'
import { demoTable, lastLine } from './demo-report.ts'
import type { DemoResult } from './demo-result.ts'
import { GatewayClient } from './gateway-client.ts'
import { type Output, Progress } from './progress.ts'
import { type StoredFile, storeAll } from './store-all.ts'
import { verifyAll, verifyRange } from './verify-all.ts'

export interface DemoOptions {
  readonly generatedBytes: number
  /** The folder to store; default: the project itself. */
  readonly folder?: string | undefined
  /** A terminal gets progress bars, everything else lines. */
  readonly out: Output
}

/** The node that dies. Which one does not matter: each holds three fifths of all blocks. */
const VICTIM = 's3'
/** How long it may take to store half of everything, in ms. */
const STORE_DEADLINE_MS = 60_000
/** How long healing may take, in ms. */
const HEAL_DEADLINE_MS = 45_000

/** Stores files, kills a node meanwhile, waits for the copies to come back, reads everything. @returns success */
export async function runDemo(cluster: Cluster, options: DemoOptions): Promise<boolean> {
  const { out } = options
  const client = new GatewayClient(cluster.url)
  try {
    const files = await demoFiles(options.generatedBytes, options.folder)
    const result = await perform(cluster, client, files, options)
    out.write(`\n${demoTable(cluster, result)}\n\n${lastLine(result)}\n`)
    return result.lost.length === 0 && result.verified === result.files && result.healed > 0 && result.rangeIsRight
  } finally {
    client.close()
  }
}

async function perform(
  cluster: Cluster,
  client: GatewayClient,
  files: readonly DemoFile[],
  { out }: DemoOptions,
): Promise<DemoResult> {
  const view = new ClusterView(cluster.observer, cluster.nodes.length)
  const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const victim = cluster.describe(VICTIM)

  const storing = performance.now()
  const killing = killHalfway(cluster, view, bytes)
  // Awaited below; when storing fails, that is what counts.
  killing.catch(() => {})
  const bar = new Progress('storing', bytes, out)
  const { stored, failed } = await storeAll(client, files, (sizeBytes) => bar.add(sizeBytes))
  bar.end()
  const storeMs = performance.now() - storing
  const { before, after, atBytes, atMs } = await killing
  for (const { name, error } of failed) out.write(`not stored: ${name}: ${error.message}\n`)
  out.write(`stored ${stored.length} files; ${VICTIM} (${victim}) was killed after ${atBytes} bytes\n`)

  const expected = await blocksOf(view, stored)
  out.write(`healing: waiting until every block has its copies again\n`)
  const afterHealing = await healed(view, cluster.nodes.length - 1, expected)
  const healMs = performance.now() - atMs

  const verifying = performance.now()
  const readBar = new Progress('reading back', bytes, out)
  const verified = new Set(await verifyAll(client, stored, (sizeBytes) => readBar.add(sizeBytes)))
  readBar.end()
  const rangeIsRight = await verifyRange(client, stored, 2 * BLOCK_BYTES)
  return {
    nodes: cluster.nodes.length,
    files: files.length,
    bytes,
    beforeKill: before,
    afterKill: after,
    afterHealing,
    healed: await view.healed(),
    verified: verified.size,
    lost: files.map(({ name }) => name).filter((name) => !verified.has(name)),
    rangeIsRight,
    storeMs,
    healMs,
    verifyMs: performance.now() - verifying,
    victim: `${VICTIM} (${victim})`,
    killedAtBytes: atBytes,
    retries: (await view.written()).retries,
  }
}

/** Kills a node when half of the bytes are stored: in the midst of the stream of writes, whatever the machine. */
async function killHalfway(cluster: Cluster, view: ClusterView, bytes: number) {
  const { bytes: atBytes } = await view.stored(Math.floor(bytes / 2), STORE_DEADLINE_MS)
  const before = await view.count()
  await cluster.kill(VICTIM)
  const atMs = performance.now()
  return { before, after: await view.count({ without: VICTIM }), atBytes, atMs }
}

async function blocksOf(view: ClusterView, files: readonly StoredFile[]): Promise<Set<BlockId>> {
  const blocks = await Promise.all(files.map(({ name }) => view.blocksOf(name)))
  return new Set(blocks.flat())
}

/** Resolves when the living nodes are `nodes` and hold every block often enough, or time is up. */
async function healed(view: ClusterView, nodes: number, expected: ReadonlySet<BlockId>): Promise<CopyCount> {
  const deadlineMs = performance.now() + HEAL_DEADLINE_MS
  for (;;) {
    // A node that is just leaving fails the count: then once more.
    const count = view.nodes.length > nodes ? null : await view.count({ expected }).catch(() => null)
    if (count !== null && (count.under === 0 || performance.now() > deadlineMs)) return count
    if (performance.now() > deadlineMs) throw new Error(`no healing within ${HEAL_DEADLINE_MS} ms`)
    await sleep(100)
  }
}
