import { realRuntime } from '../runtime/real.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Scheduler } from '../runtime/scheduler.ts'
import type { Link, Transport } from '../transport/transport.ts'
import { LinkRecorder, within } from './link-recorder.ts'

/** Fresh transports that can reach each other. The suite calls `listen` on each, and closes them. */
export interface TransportPair {
  /** The one that is dialled: its `listen` answers an address. */
  readonly server: Transport
  /** The one that dials. */
  readonly client: Transport
  /** An address where nobody listens. */
  readonly nobody: string
  /** One more transport, which listens on `address` or fails to. */
  rival(address: string): Transport
}

export interface Connection {
  readonly client: LinkRecorder
  readonly server: LinkRecorder
}

/** The two transports of one test, and the links between them. */
export class TransportStage {
  readonly runtime: Runtime = realRuntime()
  readonly scheduler: Scheduler = this.runtime.scheduler
  readonly pair: TransportPair
  address = ''
  /** Called with each link the server accepts. */
  onAccept: (link: Link) => void = () => {}
  readonly #accepted: Link[] = []
  #wanted: ((link: Link) => void) | null = null
  readonly #transports: Transport[]

  constructor(pair: TransportPair) {
    this.pair = pair
    this.#transports = [pair.client, pair.server]
  }

  async listen(): Promise<void> {
    const accept = (link: Link): void => {
      this.onAccept(link)
      if (this.#wanted === null) this.#accepted.push(link)
      else this.#wanted(link)
      this.#wanted = null
    }
    const address = await this.pair.server.listen(accept, this.runtime)
    if (address === null) throw new Error('the server of a pair must listen, but listen answered null')
    this.address = address
    await this.pair.client.listen(() => {}, this.runtime)
  }

  /** A link with both its ends open. One after the other: only the order tells which ends belong together. */
  async connect(signal?: AbortSignal): Promise<Connection> {
    const [clientLink, serverLink] = await this.connectUnopened(signal)
    const client = new LinkRecorder(clientLink, this.scheduler)
    const server = new LinkRecorder(serverLink, this.scheduler)
    client.link.open(client)
    server.link.open(server)
    return { client, server }
  }

  async connectUnopened(signal: AbortSignal = new AbortController().signal): Promise<[client: Link, server: Link]> {
    const client = await this.#within(this.pair.client.dial(this.address, signal), 'a dial to succeed')
    const earlier = this.#accepted.shift()
    if (earlier !== undefined) return [client, earlier]
    const accepted = new Promise<Link>((resolve) => {
      this.#wanted = resolve
    })
    return [client, await this.#within(accepted, 'the server to accept a link')]
  }

  rival(address: string): Transport {
    const transport = this.pair.rival(address)
    this.#transports.push(transport)
    return transport
  }

  /** What `promise` rejects with. */
  rejection(promise: Promise<unknown>): Promise<unknown> {
    const inverted = promise.then(
      (value) => Promise.reject(new Error(`expected a rejection, got ${String(value)}`)),
      (error: unknown) => error,
    )
    return this.#within(inverted, 'a rejection')
  }

  /** Resolves once `condition` holds, which is looked at in each turn of the event loop. */
  async until(what: string, condition: () => boolean): Promise<void> {
    let gaveUp = false
    const polled = (async () => {
      while (!condition() && !gaveUp) await this.#turn()
    })()
    await this.#within(polled, what).finally(() => {
      gaveUp = true
    })
  }

  /** Lets the event loop turn often enough for what is wrongly on its way to arrive. */
  async idle(): Promise<void> {
    for (let i = 0; i < 20; i++) await this.#turn()
  }

  async close(): Promise<void> {
    for (const transport of this.#transports) await transport.close()
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => this.scheduler.yield(resolve))
  }

  #within<T>(promise: Promise<T>, what: string): Promise<T> {
    return within(this.scheduler, promise, () => what)
  }
}
