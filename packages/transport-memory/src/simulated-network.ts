import {
  AddressInUseError,
  type Clock,
  InvalidOptionError,
  is,
  type Random,
  requireOptions,
  type Transport,
} from '@troupe/core'
import { type Conditions, conditionsOf, type LinkModel } from './link-model.ts'
import type { MessageFault, NetworkEvent } from './network-event.ts'
import { NetworkLog } from './network-log.ts'
import { type PartitionOptions, partitionOf } from './partition.ts'
import { Route } from './route.ts'
import { type SimulatedHub, SimulatedTransport } from './simulated-transport.ts'

/** What {@link simulatedNetwork} is made of. */
export interface SimulatedNetworkOptions {
  /** All chance is drawn from its streams `net:a>b`, one for each direction: equal seeds, equal runs. */
  readonly random: Random
  /** How links behave. Default: ordered, 0.5 ms and on average 1.5 ms more, without faults. */
  readonly model?: LinkModel
  /** The time of what is on its way. Default: the clock of whoever it is on its way to. */
  readonly clock?: Clock
  /** Sees everything that happens, at once. It must not throw, nor call the network. */
  readonly observe?: (event: NetworkEvent) => void
  /** The fault of the n-th frame from one node to another. Asked once for each frame. */
  readonly faults?: (from: string, to: string, n: number) => MessageFault | null
}

/**
 * A network inside one process, with everything that can go wrong on one. Nodes go by their names: `a` listens at
 * `sim://a`. What a method does to a direction holds until its opposite is called, for links made later too.
 */
export interface SimulatedNetwork {
  /**
   * A transport of the node `name`; its address is `sim://NAME`. Each belongs to one system.
   *
   * @throws {InvalidOptionError} when `name` is not made of letters, digits, `.`, `_` and `-`
   */
  transport(name: string): Transport
  /**
   * The process of a node is gone, with what it has not sent. The others are told that their links are lost after a
   * latency and the model's `detectMs`, but not while the way to them is cut. A new transport may take the address.
   */
  crash(name: string): void
  /**
   * Nothing gets from one node to another; the way back stays as it is. Nobody is told. On ordered links frames wait,
   * and so does news of their end; datagrams are lost. Dials either way fail, by time-out.
   */
  cut(from: string, to: string): void
  /** What waited is sent again, in order, after a latency and up to 0.2 s, which is how TCP waits. */
  restore(from: string, to: string): void
  /** Cuts every way between different groups. Who is in none of them is not cut off. */
  partition(groups: readonly (readonly string[])[], options?: PartitionOptions): void
  /** Every way is open again: restores, releases and unclogs all. Models stay. */
  heal(): void
  /** Frames from one node to another take the model's `clogMs` longer, on average. */
  clog(from: string, to: string): void
  /** What is on its way takes as long as it would have. */
  unclog(from: string, to: string): void
  /** Nothing arrives until {@link release}: then all that has waited does, at once and in order. */
  hold(from: string, to: string): void
  release(from: string, to: string): void
  /** The connections between two nodes break now: what is on its way is lost, the two hear of it at different times. */
  reset(a: string, b: string): void
  /**
   * Another model, for what is sent from now on. It takes the place of the former one as a whole.
   *
   * @param from default: every node
   * @param to default: every node
   * @throws {UnknownOptionError | InvalidOptionError}
   */
  setModel(model: LinkModel, from?: string, to?: string): void
  /** Frames on their way. O(links). */
  readonly inFlight: number
}

/**
 * A network without anybody in it.
 *
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function simulatedNetwork(options: SimulatedNetworkOptions): SimulatedNetwork {
  const required = { random: is.objectWith('a source of chance', 'next', 'below', 'stream') }
  requireOptions('simulatedNetwork', options, required, {
    model: is.object,
    clock: is.objectWith('a clock', 'now'),
    observe: is.function,
    faults: is.function,
  })
  return new Network(options)
}

/** Which model holds where; the last one that fits does. */
interface Rule {
  readonly from: string | undefined
  readonly to: string | undefined
  readonly conditions: Conditions
}

class Network implements SimulatedNetwork, SimulatedHub {
  readonly log: NetworkLog
  readonly clock: Clock | null
  readonly #random: Random
  readonly #transports = new Map<string, SimulatedTransport[]>()
  readonly #routes = new Map<string, Map<string, Route>>()
  #rules: Rule[]
  #links = 0

  constructor({ random, model, clock, observe, faults }: SimulatedNetworkOptions) {
    this.#random = random
    this.clock = clock ?? null
    this.log = new NetworkLog(observe ?? null, faults ?? null)
    this.#rules = [{ from: undefined, to: undefined, conditions: conditionsOf(model) }]
  }

  get inFlight(): number {
    let frames = 0
    for (const route of this.#everyRoute()) for (const end of route.ends) frames += end.inFlight
    return frames
  }

  transport(name: string): Transport {
    const transport = new SimulatedTransport(this, checkName(name))
    const transports = this.#transports.get(name)
    if (transports === undefined) this.#transports.set(name, [transport])
    else transports.push(transport)
    return transport
  }

  crash(name: string): void {
    for (const transport of this.#transports.get(checkName(name)) ?? []) transport.crash()
    this.#transports.delete(name)
  }

  cut(from: string, to: string): void {
    this.route(from, to).cut()
  }

  restore(from: string, to: string): void {
    this.route(from, to).restore()
  }

  partition(groups: readonly (readonly string[])[], options: PartitionOptions = {}): void {
    for (const [from, to] of partitionOf(groups, options)) this.cut(from, to)
  }

  heal(): void {
    for (const route of this.#everyRoute()) {
      route.isClogged = false
      route.restore()
      route.release()
    }
  }

  clog(from: string, to: string): void {
    this.route(from, to).isClogged = true
  }

  unclog(from: string, to: string): void {
    this.route(from, to).isClogged = false
  }

  hold(from: string, to: string): void {
    this.route(from, to).hold()
  }

  release(from: string, to: string): void {
    this.route(from, to).release()
  }

  reset(a: string, b: string): void {
    // Each link has one end on this route, which knows the other.
    for (const end of [...this.route(a, b).ends]) end.reset()
  }

  setModel(model: LinkModel, from?: string, to?: string): void {
    const rule = { from, to, conditions: conditionsOf(model) }
    if (from === undefined && to === undefined) this.#rules = []
    this.#rules.push(rule)
    for (const route of this.#everyRoute()) if (fits(rule, route)) route.conditions = rule.conditions
  }

  route(from: string, to: string): Route {
    return this.#routes.get(from)?.get(to) ?? this.#newRoute(checkName(from), checkName(to))
  }

  /** @throws {AddressInUseError} */
  claim(transport: SimulatedTransport): void {
    if (this.listener(transport.node) !== null) throw new AddressInUseError(transport.address)
  }

  listener(name: string): SimulatedTransport | null {
    return this.#transports.get(name)?.find((transport) => transport.isListening) ?? null
  }

  nextLink(): number {
    return ++this.#links
  }

  #newRoute(from: string, to: string): Route {
    const { conditions } = this.#rules.findLast((rule) => fits(rule, { from, to }))!
    const route = new Route(from, to, conditions, this.#random)
    const routes = this.#routes.get(from)
    if (routes === undefined) this.#routes.set(from, new Map([[to, route]]))
    else routes.set(to, route)
    return route
  }

  *#everyRoute(): Iterable<Route> {
    for (const routes of this.#routes.values()) yield* routes.values()
  }
}

function fits(rule: Rule, { from, to }: { readonly from: string; readonly to: string }): boolean {
  return (rule.from ?? from) === from && (rule.to ?? to) === to
}

function checkName(name: string): string {
  if (typeof name === 'string' && /^[\w.-]+$/.test(name)) return name
  throw new InvalidOptionError('simulated network', 'name', 'the name of a node, such as "a" for sim://a', name)
}
