import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerDelete } from './answer-delete.ts'
import { answerGet } from './answer-get.ts'
import { answerPut } from './answer-put.ts'
import { isFolderName, nameFromPath, pathOfName } from './file-name.ts'
import type { FileSystem } from './file-system.ts'
import { FileSystemError } from './file-system-error.ts'
import { answerListing } from './listing.ts'

/** An HTTP server in front of the file system. */
export interface Gateway {
  /** As `http://127.0.0.1:4480`. */
  readonly url: string
  /** Ends when the requests under way are answered, or after `graceMs`. */
  close(graceMs?: number): Promise<void>
}

export interface GatewayOptions {
  /** 0 for any free port. */
  readonly port: number
  readonly host?: string
}

/** @throws what `listen` says: EADDRINUSE, EACCES, ... */
export async function startGateway(fileSystem: FileSystem, options: GatewayOptions): Promise<Gateway> {
  const { port, host = '127.0.0.1' } = options
  const server = createServer((request, response) => void answer(fileSystem, request, response))
  // An upload takes as long as it takes; slow headers are cut off all the same, after a minute.
  server.requestTimeout = 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const { address, port: chosen, family } = server.address() as AddressInfo
  const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${chosen}`
  return { url, close: (graceMs = 2_000) => close(server, graceMs) }
}

async function answer(fileSystem: FileSystem, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Bytes are what their uploader says they are: no browser is to guess that some text is a page.
  response.setHeader('X-Content-Type-Options', 'nosniff')
  try {
    // Not by URL: it would resolve `..` before anybody could refuse it.
    const [path = '', query = ''] = (request.url ?? '').split('?', 2)
    await route(fileSystem, request, response, nameFromPath(path), new URLSearchParams(query))
  } catch (error) {
    answerError(request, response, error)
  }
}

async function route(
  fileSystem: FileSystem,
  request: IncomingMessage,
  response: ServerResponse,
  name: string,
  query: URLSearchParams,
): Promise<void> {
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      if (isFolderName(name)) return answerListing(fileSystem, name, query, request, response)
      return answerGet(fileSystem, name, request, response)
    case 'PUT':
      refuseFolder(name, 'stored')
      return answerPut(fileSystem, name, request, response)
    case 'DELETE':
      refuseFolder(name, 'deleted')
      return answerDelete(fileSystem, name, response)
    default:
      response.setHeader('Allow', 'GET, HEAD, PUT, DELETE')
      throw new FileSystemError('METHOD_NOT_ALLOWED', `no ${request.method} here`, 'Use GET, HEAD, PUT or DELETE.')
  }
}

function refuseFolder(name: string, verb: string): void {
  if (!isFolderName(name)) return
  const advice = 'Name a file, without a slash at the end; folders come and go with the files in them.'
  throw new FileSystemError('BAD_NAME', `a folder cannot be ${verb}: ${pathOfName(name)}`, advice)
}

function answerError(request: IncomingMessage, response: ServerResponse, thrown: unknown): void {
  // The client is gone, or has half of the answer: it sees a connection that ends too early.
  if (request.destroyed && !request.complete) return void response.destroy()
  if (response.headersSent) return void response.destroy()
  const error = thrown instanceof FileSystemError ? thrown : internal(thrown)
  const body = JSON.stringify({ error: { code: error.code, message: error.message, advice: error.advice } })
  if (error.status === 503) response.setHeader('Retry-After', '2')
  // What is left of an upload is read and forgotten: a client that is still sending would not see the answer.
  if (!request.complete) {
    response.setHeader('Connection', 'close')
    request.resume()
    setTimeout(() => request.destroy(), DISCARD_MS).unref()
  }
  response.statusCode = error.status
  response.setHeader('Content-Type', 'application/json')
  response.setHeader('Content-Length', Buffer.byteLength(body) + 1)
  response.end(`${body}\n`)
}

/** How long a refused upload may go on, in ms. */
const DISCARD_MS = 5_000

function internal(thrown: unknown): FileSystemError {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new FileSystemError('INTERNAL', message, 'This is a defect: please report it with the message.', {
    cause: thrown,
  })
}

async function close(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const deadline = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearTimeout(deadline)
}
