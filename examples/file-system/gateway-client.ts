import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { pathOfName } from './file-name.ts'
import type { FolderJson } from './folder-json.ts'

/** The gateway said no. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly status: number
  readonly code: string
  readonly advice: string

  constructor(status: number, code: string, message: string, advice: string) {
    super(message)
    this.status = status
    this.code = code
    this.advice = advice
  }
}

/** What a PUT answers. */
export interface Stored {
  readonly name: string
  readonly sizeBytes: number
  readonly sha256: string
}

/** Talks HTTP to a gateway, over connections that are kept. */
export class GatewayClient {
  readonly url: string
  readonly #agent = new Agent({ keepAlive: true })

  constructor(url: string) {
    this.url = url
  }

  /** @param sizeBytes null when it is not known, or may change meanwhile */
  async put(
    name: string,
    content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    sizeBytes: number | null,
  ): Promise<Stored> {
    const response = await this.#send(
      'PUT',
      pathOfName(name),
      sizeBytes === null ? {} : { 'Content-Length': sizeBytes },
      content,
    )
    return JSON.parse(await text(response))
  }

  /** @param range as in the header, `bytes=0-9` */
  get(name: string, range?: string): Promise<IncomingMessage> {
    return this.#send('GET', pathOfName(name), range === undefined ? {} : { Range: range })
  }

  async head(name: string): Promise<IncomingMessage['headers']> {
    const response = await this.#send('HEAD', pathOfName(name))
    response.resume()
    return response.headers
  }

  async remove(name: string): Promise<void> {
    const response = await this.#send('DELETE', pathOfName(name))
    response.resume()
  }

  /** @param folder as `docs/`; an empty string for the root */
  async list(folder: string): Promise<FolderJson> {
    return JSON.parse(await text(await this.#send('GET', `${pathOfName(folder)}?json`)))
  }

  close(): void {
    this.#agent.destroy()
  }

  /** @throws {GatewayError} when the answer is no success */
  #send(
    method: string,
    path: string,
    headers: OutgoingHttpHeaders = {},
    content: AsyncIterable<Uint8Array> | Iterable<Uint8Array> = [],
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = new URL(this.url)
      // The path as it is: a URL would resolve `..` in it, and the gateway could not refuse it.
      const host = hostname.replace(/^\[|\]$/g, '')
      const outgoing = request({ host, port, path, method, headers, agent: this.#agent })
      outgoing.on('error', reject)
      outgoing.on('response', (response) => void accepted(response, path).then(resolve, reject))
      // An answer that comes before all is sent is what counts, not that the rest could not be sent.
      pipeline(content, outgoing).catch(reject)
    })
  }
}

/** @throws {GatewayError} */
async function accepted(response: IncomingMessage, path: string): Promise<IncomingMessage> {
  const { statusCode: status = 0 } = response
  if (status < 300) return response
  const body = await text(response)
  if (status === 302) throw new GatewayError(status, 'IS_FOLDER', `${path} is a folder`, 'Put a slash at its end.')
  // An answer to HEAD has no body to say more.
  if (status === 404 && body === '')
    throw new GatewayError(status, 'NOT_FOUND', `there is no ${path}`, 'Look at the listing of its folder.')
  throw errorOf(status, body)
}

function errorOf(status: number, body: string): GatewayError {
  try {
    const { code, message, advice } = JSON.parse(body).error
    return new GatewayError(status, String(code), String(message), String(advice))
  } catch {
    return new GatewayError(status, `HTTP_${status}`, `the gateway answered ${status}`, 'Is that a gateway?')
  }
}

async function text(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of response) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
