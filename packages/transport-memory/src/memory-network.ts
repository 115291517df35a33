import {
  AddressInUseError,
  checkOptions,
  DialError,
  InvalidOptionError,
  is,
  type Link,
  NotListeningError,
  type Runtime,
  type Scheduler,
  type Transport,
} from '@troupe/core'
import { type LinkSide, MemoryLink } from './memory-link.ts'

/** Wires inside one process, and the places where they can be cut. All addresses are whole: `memory://a`. */
export interface MemoryNetwork {
  /**
   * A transport of this network. Each belongs to one system.
   *
   * @param address `memory://` and a name. Default: `memory://1`, `memory://2`, ... as they are made
   * @throws {InvalidOptionError} when `address` has another form
   */
  transport(address?: string): Transport
  /** Ends the links between two addresses with code `lost`, frames in flight included; dials fail from now on. */
  cut(a: string, b: string): void
  /** Lets the two dial each other again. */
  restore(a: string, b: string): void
  /**
   * What the others see when the process at `address` dies: its links end with code `lost`, frames in flight
   * included. Its transport neither accepts nor dials any more, and a new one may listen on the address.
   */
  sever(address: string): void
}

export interface MemoryNetworkOptions {
  /** Bytes in flight on one link, in one direction, above which `send` answers false. Default: 1 MiB. */
  readonly highWaterBytes?: number
}

/**
 * A network without anybody in it.
 *
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function memoryNetwork(options: MemoryNetworkOptions = {}): MemoryNetwork {
  checkOptions('memoryNetwork', options, { highWaterBytes: is.integer(1) })
  return new Network(options.highWaterBytes ?? 1024 * 1024)
}

class Network implements MemoryNetwork {
  readonly highWaterBytes: number
  readonly #listeners = new Map<string, MemoryTransport>()
  readonly #cuts = new Set<string>()
  #made = 0

  constructor(highWaterBytes: number) {
    this.highWaterBytes = highWaterBytes
  }

  transport(address: string = `${SCHEME}${++this.#made}`): Transport {
    if (typeof address !== 'string' || !address.startsWith(SCHEME) || address === SCHEME) {
      throw new InvalidOptionError('memory transport', 'address', `"${SCHEME}" and a name`, address)
    }
    return new MemoryTransport(this, address)
  }

  cut(a: string, b: string): void {
    this.#cuts.add(wire(a, b))
    this.#listeners.get(a)?.severLinks(`the wire between ${a} and ${b} was cut`, b)
  }

  restore(a: string, b: string): void {
    this.#cuts.delete(wire(a, b))
  }

  sever(address: string): void {
    const transport = this.#listeners.get(address)
    this.#listeners.delete(address)
    transport?.die()
  }

  join(transport: MemoryTransport): void {
    if (this.#listeners.has(transport.address)) throw new AddressInUseError(transport.address)
    this.#listeners.set(transport.address, transport)
  }

  leave(transport: MemoryTransport): void {
    // A successor may have the address by now.
    if (this.#listeners.get(transport.address) === transport) this.#listeners.delete(transport.address)
  }

  /** @throws {DialError} */
  find(from: string, to: string): MemoryTransport {
    if (this.#cuts.has(wire(from, to))) throw new DialError(to, `the wire from ${from} is cut`)
    const transport = this.#listeners.get(to)
    if (transport === undefined) throw new DialError(to, 'nobody listens there')
    return transport
  }
}

class MemoryTransport implements Transport, LinkSide {
  readonly name = 'memory'
  readonly address: string
  readonly #network: Network
  readonly #links = new Set<MemoryLink>()
  #accept: (link: Link) => void = () => {}
  #scheduler: Scheduler | null = null
  #isClosed = false

  constructor(network: Network, address: string) {
    this.#network = network
    this.address = address
  }

  async listen(accept: (link: Link) => void, runtime: Runtime): Promise<string> {
    this.#network.join(this)
    this.#accept = accept
    this.#scheduler = runtime.scheduler
    return this.address
  }

  dial(address: string, signal: AbortSignal): Promise<Link> {
    return new Promise((resolve, reject) => {
      const attempt = (): void => {
        try {
          resolve(this.#connect(address, signal))
        } catch (error) {
          reject(error)
        }
      }
      // A dial takes a turn, as everything on a network does; it sees what is true at the end of it.
      this.scheduler.yield(attempt)
    })
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#network.leave(this)
    for (const link of this.#links) link.close('normal', `${this.address} closed`)
  }

  /** Ends the links to `peer`, or all of them. */
  severLinks(reason: string, peer: string | null): void {
    for (const link of this.#links) if (peer === null || link.peer === peer) link.sever(reason)
  }

  die(): void {
    this.#isClosed = true
    this.severLinks(`${this.address} died`, null)
  }

  ended(link: MemoryLink): void {
    this.#links.delete(link)
  }

  get scheduler(): Scheduler {
    if (this.#scheduler === null) throw new NotListeningError(`memory transport ${this.address}`)
    return this.#scheduler
  }

  get highWaterBytes(): number {
    return this.#network.highWaterBytes
  }

  /** @throws {DialError} */
  #connect(address: string, signal: AbortSignal): Link {
    if (this.#isClosed) throw new DialError(address, `${this.address} is closed`)
    if (signal.aborted) throw new DialError(address, 'the dial was called off', { cause: signal.reason })
    const target = this.#network.find(this.address, address)
    const [ours, theirs] = MemoryLink.pair(this, target)
    this.#links.add(ours)
    target.#links.add(theirs)
    target.#accept(theirs)
    return ours
  }
}

const SCHEME = 'memory://'

/** The name of the wire between two addresses, the same from both ends. */
function wire(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`
}
