import type { IncomingMessage, ServerResponse } from 'node:http'
import { pathOfName } from './file-name.ts'
import type { FileSystem } from './file-system.ts'
import { mediaTypeOf } from './media-type.ts'

/** Stores the body as it comes. A body that is cut off leaves no trace in the names. */
export async function answerPut(
  fileSystem: FileSystem,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // The connection must outlive a failure: it carries the answer.
  const content: AsyncIterable<Uint8Array> = request.iterator({ destroyOnReturn: false })
  const manifest = await fileSystem.put(name, content, mediaTypeOf(name))
  const body = JSON.stringify({ name, sizeBytes: manifest.sizeBytes, sha256: manifest.sha256 })
  response.writeHead(201, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body) + 1,
    ETag: `"${manifest.sha256}"`,
    Location: pathOfName(name),
  })
  response.end(`${body}\n`)
}
