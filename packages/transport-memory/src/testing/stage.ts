import { type Link, SeededRandom, type Transport } from '@troupe/core'
import { LinkRecorder, type ManualRuntime, manualRuntime } from '@troupe/core/testing'
import {
  type NetworkEvent,
  type SimulatedNetwork,
  type SimulatedNetworkOptions,
  simulatedNetwork,
} from '../simulated.ts'

/** Both ends of a link. */
export interface Ends {
  readonly near: LinkRecorder
  readonly far: LinkRecorder
}

/** A simulated network on manual time, and everything that has happened on it. */
export class Stage {
  readonly time: ManualRuntime = manualRuntime()
  readonly network: SimulatedNetwork
  readonly events: (NetworkEvent & { readonly atMs: number })[] = []
  readonly #accepted = new Map<string, Link[]>()
  readonly #transports = new Map<string, Transport>()

  constructor(options: Partial<SimulatedNetworkOptions> = {}, seed = 1) {
    this.network = simulatedNetwork({
      random: new SeededRandom(seed),
      observe: (event) => void this.events.push({ ...event, atMs: this.time.clock.now() }),
      ...options,
    })
  }

  async node(name: string): Promise<string> {
    const accepted: Link[] = []
    const transport = this.network.transport(name)
    this.#accepted.set(name, accepted)
    this.#transports.set(name, transport)
    const address = await transport.listen((link) => accepted.push(link), this.time)
    return address ?? ''
  }

  dial(from: string, to: string, signal: AbortSignal = new AbortController().signal): Promise<Link> {
    return this.#transports.get(from)!.dial(`sim://${to}`, signal)
  }

  async close(name: string): Promise<void> {
    await this.#transports.get(name)!.close()
  }

  /** A link between two nodes, which are started where they are not; both ends open. */
  async link(from = 'a', to = 'b'): Promise<Ends> {
    for (const name of [from, to]) if (!this.#transports.has(name)) await this.node(name)
    const dialled = this.dial(from, to)
    await this.time.advance(100)
    const near = this.open(await dialled)
    return { near, far: this.accepted(to) }
  }

  /** The end of a link that a node has got, and nobody has taken. */
  accepted(name: string): LinkRecorder {
    return this.open(this.#accepted.get(name)!.shift()!)
  }

  /** The node is another run from now on. */
  forget(name: string): void {
    this.#transports.delete(name)
  }

  open(link: Link): LinkRecorder {
    const recorder = new LinkRecorder(link, this.time.scheduler)
    link.open(recorder)
    return recorder
  }

  /** How many frames met each end from one node to another: `sent`, `received`, `dropped: cut` and so on. */
  tally(from: string, to: string): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const { kind, reason, bytes, ...event } of this.events) {
      if (bytes === null || event.from !== from || event.to !== to) continue
      const what = reason === '' ? kind : `${kind}: ${reason}`
      counts[what] = (counts[what] ?? 0) + 1
    }
    return counts
  }
}

/** A frame that says which it is. */
export function numbered(n: number): Uint8Array {
  return Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n)
}

/** The numbers of the frames an end has got. */
export function numbersOf(recorder: LinkRecorder): number[] {
  return recorder.frames.map((bytes) => new DataView(bytes.buffer).getUint32(0))
}
