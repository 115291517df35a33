import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ExecutionContext } from 'ava'
import type { Cluster } from './cluster.ts'
import { ClusterView } from './cluster-view.ts'
import { GatewayClient } from './gateway-client.ts'
import { startMemoryCluster } from './memory-cluster.ts'

/** A folder that is gone after the test. */
export async function scratch(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'troupe-file-system-test-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export interface TestCluster {
  readonly cluster: Cluster
  readonly client: GatewayClient
  readonly view: ClusterView
  readonly folder: string
}

/** Five nodes in this process with an eager healer, and a client; all gone after the test. */
export async function testCluster(t: ExecutionContext, folder?: string): Promise<TestCluster> {
  const home = folder ?? (await scratch(t))
  const timing = { disconnectGraceMs: 100, settleMs: 20, periodMs: 60_000 }
  const cluster = await startMemoryCluster({ folder: home, size: 5, port: 0, timing, log: false })
  const client = new GatewayClient(cluster.url)
  t.teardown(async () => {
    client.close()
    await cluster.stop()
  })
  return { cluster, client, view: new ClusterView(cluster.observer, 5), folder: home }
}

/** The whole content of a file. */
export async function read(client: GatewayClient, name: string, range?: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of await client.get(name, range)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/**
 * Resolves when `condition` holds. @throws when it does not within the deadline: says what was awaited
 *
 * @param deadlineMs ends what hangs, well before the runner does; a machine that does much else takes its time
 */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  deadlineMs = 45_000,
): Promise<void> {
  const endMs = performance.now() + deadlineMs
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`waited ${deadlineMs} ms for nothing: ${what}`)
    await sleep(10)
  }
}

/** Something to write to that keeps it. */
export class Captured {
  readonly #chunks: Uint8Array[] = []

  write(content: string | Uint8Array): boolean {
    this.#chunks.push(typeof content === 'string' ? Buffer.from(content) : content)
    return true
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  get text(): string {
    return this.bytes.toString('utf8')
  }

  get lastLine(): string {
    return this.text.trimEnd().split('\n').at(-1) ?? ''
  }
}
