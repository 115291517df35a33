import type { IncomingMessage, ServerResponse } from 'node:http'
import { pathOfName } from './file-name.ts'
import type { FileSystem, Listing } from './file-system.ts'
import type { EntryJson, FolderJson } from './folder-json.ts'
import { listingPage } from './listing-page.ts'

/** Lists a folder: a page for browsers, JSON with `?json` or for whoever prefers it. */
export async function answerListing(
  fileSystem: FileSystem,
  folder: string,
  query: URLSearchParams,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const listing = toJson(folder, await fileSystem.list(folder))
  const isPage = !query.has('json') && (request.headers.accept ?? '').includes('text/html')
  const body = isPage ? listingPage(listing) : `${JSON.stringify(listing, null, 2)}\n`
  response.writeHead(200, {
    'Content-Type': isPage ? 'text/html; charset=utf-8' : 'application/json',
    'Content-Length': Buffer.byteLength(body),
    Vary: 'Accept',
    // Names come from whoever stored them: the page runs nothing, whatever they are.
    'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

function toJson(folder: string, { folders, files }: Listing): FolderJson {
  const short = (name: string): string => name.slice(folder.length)
  const entries: EntryJson[] = [
    ...folders.map((name): EntryJson => ({ name: short(name), path: pathOfName(name), kind: 'folder' })),
    ...files.map(({ name, manifest: { sizeBytes, sha256, modifiedMs, type } }): EntryJson => {
      const modified = new Date(modifiedMs).toISOString()
      return { name: short(name), path: pathOfName(name), kind: 'file', sizeBytes, sha256, modified, type }
    }),
  ]
  return { folder, entries }
}
