import { createHash } from 'node:crypto'
import { GENERATED_NAME } from './demo-files.ts'
import type { GatewayClient } from './gateway-client.ts'
import { Limit } from './limit.ts'
import type { StoredFile } from './store-all.ts'

const AT_ONCE = 4

/** Reads files back and compares their hashes. @returns the names of those that came back equal */
export async function verifyAll(
  client: GatewayClient,
  files: readonly StoredFile[],
  onBytes: (bytes: number) => void,
): Promise<string[]> {
  const limit = new Limit(AT_ONCE)
  const verified: string[] = []
  const verify = async ({ name, sha256 }: StoredFile): Promise<void> => {
    const hash = createHash('sha256')
    for await (const bytes of await client.get(name)) {
      hash.update(bytes)
      onBytes(bytes.length)
    }
    if (hash.digest('hex') === sha256) verified.push(name)
  }
  // One that cannot be read is not verified; the others are looked at all the same.
  await Promise.allSettled(files.map((file) => limit.run(() => verify(file))))
  return verified
}

/** Whether a part from the midst of the generated file, over the border of two blocks, comes back as it was. */
export async function verifyRange(client: GatewayClient, files: readonly StoredFile[], at: number): Promise<boolean> {
  const file = files.find(({ name }) => name === GENERATED_NAME)
  if (file === undefined) return false
  const start = Math.max(0, at - 500)
  const end = Math.min(file.sizeBytes, at + 500)
  const response = await client.get(GENERATED_NAME, `bytes=${start}-${end - 1}`)
  const got: Uint8Array[] = []
  for await (const bytes of response) got.push(bytes)
  return response.statusCode === 206 && Buffer.concat(got).equals(part(file.open(), start, end))
}

function part(content: Iterable<Uint8Array>, start: number, end: number): Buffer {
  const parts: Uint8Array[] = []
  let at = 0
  for (const bytes of content) {
    if (at < end && at + bytes.length > start) parts.push(bytes.subarray(Math.max(0, start - at), end - at))
    at += bytes.length
  }
  return Buffer.concat(parts)
}
