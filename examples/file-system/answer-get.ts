import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ByteRange, parseRange } from './byte-range.ts'
import { pathOfName } from './file-name.ts'
import type { FileSystem } from './file-system.ts'
import { FileSystemError } from './file-system-error.ts'
import type { Manifest } from './manifest.ts'

/** Sends a file or a part of it, as fast as the client reads. */
export async function answerGet(
  fileSystem: FileSystem,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let manifest: Manifest
  try {
    manifest = await fileSystem.stat(name)
  } catch (error) {
    if (await isFolder(fileSystem, name, error)) return redirect(response, pathOfName(`${name}/`))
    throw error
  }
  const etag = `"${manifest.sha256}"`
  response.setHeader('ETag', etag)
  response.setHeader('Last-Modified', new Date(manifest.modifiedMs).toUTCString())
  response.setHeader('Accept-Ranges', 'bytes')
  if (matches(request.headers['if-none-match'], etag)) return void response.writeHead(304).end()
  const { start, end } = chooseRange(manifest, etag, request, response)
  response.setHeader('Content-Type', manifest.type)
  response.setHeader('Content-Length', end - start)
  if (request.method === 'HEAD') response.end()
  else await send(fileSystem.read(manifest, start, end), response)
}

/** Sets status and headers of a part. @throws {FileSystemError} when the file has none of it */
function chooseRange(manifest: Manifest, etag: string, request: IncomingMessage, response: ServerResponse): ByteRange {
  const { sizeBytes } = manifest
  const { range, 'if-range': ifRange } = request.headers
  // A part of an older file is of no use to whoever has the rest of it: then all of it.
  const wanted = ifRange !== undefined && ifRange !== etag ? null : parseRange(range, sizeBytes)
  if (wanted === null) return { start: 0, end: sizeBytes }
  if (wanted === 'unsatisfiable') {
    response.setHeader('Content-Range', `bytes */${sizeBytes}`)
    const advice = `The file has ${sizeBytes} bytes: ask for a part of those.`
    throw new FileSystemError('RANGE_NOT_SATISFIABLE', `no bytes in the range ${range}`, advice)
  }
  response.statusCode = 206
  response.setHeader('Content-Range', `bytes ${wanted.start}-${wanted.end - 1}/${sizeBytes}`)
  return wanted
}

async function send(content: AsyncIterable<Uint8Array>, response: ServerResponse): Promise<void> {
  const closed = once(response, 'close')
  for await (const bytes of content) {
    if (response.destroyed) return
    if (!response.write(bytes)) await Promise.race([once(response, 'drain'), closed])
  }
  response.end()
}

async function isFolder(fileSystem: FileSystem, name: string, error: unknown): Promise<boolean> {
  if (!(error instanceof FileSystemError) || error.code !== 'NOT_FOUND') return false
  return fileSystem.list(`${name}/`).then(
    () => true,
    () => false,
  )
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { Location: location }).end()
}

/** @see RFC 9110, section 13.1.2: weak comparison */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
}
