import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DemoFile } from './demo-files.ts'
import { type GatewayClient, GatewayError } from './gateway-client.ts'
import { Limit } from './limit.ts'

/** Files on their way at once. */
const AT_ONCE = 4
/** How often a write that was refused for now is tried again, once a second. */
const MAX_TRIES = 10

/** What was acknowledged: the hash is of the bytes that were sent, whatever the gateway says. */
export interface StoredFile extends DemoFile {
  readonly sha256: string
}

export interface StoreResult {
  readonly stored: readonly StoredFile[]
  /** Names that were never acknowledged, with the reason. */
  readonly failed: readonly { readonly name: string; readonly error: Error }[]
}

/** Stores files through the gateway, the largest first beside the small ones. @param onBytes bytes handed over */
export async function storeAll(
  client: GatewayClient,
  files: readonly DemoFile[],
  onBytes: (bytes: number) => void,
): Promise<StoreResult> {
  const limit = new Limit(AT_ONCE)
  const stored: StoredFile[] = []
  const failed: { name: string; error: Error }[] = []
  const largestFirst = files.toSorted((a, b) => b.sizeBytes - a.sizeBytes)
  const store = async (file: DemoFile): Promise<void> => {
    try {
      stored.push({ ...file, sha256: await storeOne(client, file, onBytes) })
    } catch (error) {
      failed.push({ name: file.name, error: error instanceof Error ? error : new Error(String(error)) })
    }
  }
  await Promise.all(largestFirst.map((file) => limit.run(() => store(file))))
  return { stored, failed }
}

async function storeOne(client: GatewayClient, file: DemoFile, onBytes: (bytes: number) => void): Promise<string> {
  for (let tries = 1; ; tries++) {
    const hash = createHash('sha256')
    try {
      await client.put(
        file.name,
        counted(file, hash.update.bind(hash), tries === 1 ? onBytes : () => {}),
        file.sizeBytes,
      )
      return hash.digest('hex')
    } catch (error) {
      if (!(error instanceof GatewayError) || error.status !== 503 || tries === MAX_TRIES) throw error
      await sleep(1_000)
    }
  }
}

function* counted(file: DemoFile, hash: (bytes: Uint8Array) => unknown, onBytes: (bytes: number) => void) {
  for (const bytes of file.open()) {
    hash(bytes)
    onBytes(bytes.length)
    yield bytes
  }
}
