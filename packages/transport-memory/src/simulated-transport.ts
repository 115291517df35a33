import {
  type Clock,
  DialError,
  type Link,
  NotListeningError,
  type Runtime,
  type Scheduler,
  type Transport,
} from '@troupe/core'
import { toUs } from './link-model.ts'
import type { NetworkLog } from './network-log.ts'
import type { Route } from './route.ts'
import { type Listener, SimulatedDial } from './simulated-dial.ts'
import { SimulatedLink } from './simulated-link.ts'

/** What a transport needs to know of its network. */
export interface SimulatedHub {
  readonly log: NetworkLog
  /** The time of all that is on its way; null for that of each receiver. */
  readonly clock: Clock | null
  route(from: string, to: string): Route
  /** @throws {AddressInUseError} when somebody listens there */
  claim(transport: SimulatedTransport): void
  listener(name: string): Listener | null
  /** The number of a new link. */
  nextLink(): number
}

/** One run of a node, as its network sees it. */
export class SimulatedTransport implements Transport, Listener {
  readonly name = 'sim'
  /** Name of the node. */
  readonly node: string
  readonly address: string
  isListening = false
  readonly #hub: SimulatedHub
  readonly #links = new Set<SimulatedLink>()
  readonly #dials = new Set<SimulatedDial>()
  #accept: (link: Link) => void = () => {}
  #runtime: Runtime | null = null
  #isClosed = false

  constructor(hub: SimulatedHub, node: string) {
    this.#hub = hub
    this.node = node
    this.address = `${SCHEME}${node}`
  }

  async listen(accept: (link: Link) => void, runtime: Runtime): Promise<string> {
    this.#hub.claim(this)
    this.#accept = accept
    this.#runtime = runtime
    this.isListening = !this.#isClosed
    return this.address
  }

  dial(address: string, signal: AbortSignal): Promise<Link> {
    if (this.#isClosed) return Promise.reject(new DialError(address, `${this.address} is closed`))
    const name = address.startsWith(SCHEME) ? address.slice(SCHEME.length) : ''
    if (name === '') return Promise.reject(new DialError(address, `not an address of this network (${SCHEME}NAME)`))
    const there = this.#hub.route(this.node, name)
    const back = this.#hub.route(name, this.node)
    const target = {
      address,
      there,
      back,
      over: (dial: SimulatedDial) => void this.#dials.delete(dial),
      listener: () => this.#hub.listener(name),
      link: (listener: Listener) =>
        SimulatedLink.pair(this.#hub.nextLink(), this, listener, there, back, this.#hub.log),
    }
    return SimulatedDial.start(this, target, signal, this.#hub.log, (dial) => this.#dials.add(dial))
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.isListening = false
    for (const dial of this.#dials) dial.fail(`${this.address} is closed`)
    for (const link of this.#links) link.close('normal', `${this.address} closed`)
  }

  /** The process is gone, and nobody in it hears of anything any more. */
  crash(): void {
    this.#isClosed = true
    this.isListening = false
    for (const dial of this.#dials) dial.crash()
    for (const link of this.#links) link.crash()
  }

  accept(link: Link): void {
    this.#accept(link)
  }

  linked(link: SimulatedLink): void {
    this.#links.add(link)
  }

  ended(link: SimulatedLink): void {
    this.#links.delete(link)
  }

  nowUs(): number {
    return toUs((this.#hub.clock ?? this.#running.clock).now())
  }

  get scheduler(): Scheduler {
    return this.#running.scheduler
  }

  get #running(): Runtime {
    if (this.#runtime === null) throw new NotListeningError(`simulated transport ${this.address}`)
    return this.#runtime
  }
}

const SCHEME = 'sim://'
