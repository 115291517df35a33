import { AskError, OfferError, ServiceNotFoundError } from '@troupe/core'
import { crashClass, stackOf } from './crash-class.ts'
import { Operations } from './operations.ts'
import type { Scenario } from './scenario.ts'
import { SimulatedClient } from './simulated-client.ts'
import type { SimulatedNode } from './simulated-node.ts'
import type { Violation } from './violation.ts'
import type { World } from './world.ts'

/** What a cluster in trouble answers: no fault of the client's, who tries again. */
const IN_TROUBLE = [AskError, OfferError, ServiceNotFoundError]
const DEFAULT_THINK_MS = 100
/** Clients do not give up nodes: longer than any run lasts, in ms. */
const CLIENT_GRACE_MS = 86_400_000

/** How much the clients of a run may do. */
export interface ClientLimits {
  /** They begin nothing more when they have done this many operations together. */
  readonly operations: number
  /** Numbers of operations that are left out, counted from 1 in the order in which they begin. */
  readonly leftOut: ReadonlySet<number>
}

/** The clients of a run: machines of their own, each of which calls what the scenario says again and again. */
export class Clients {
  readonly names: readonly string[]
  readonly #world: World
  readonly #scenario: Scenario
  readonly #limits: ClientLimits
  readonly #violate: (violation: Omit<Violation, 'atMs'>) => void
  readonly #operations: Operations[] = []
  /** Somebody may begin something. */
  #isOpen = true
  #begun = 0
  #unique = 0

  constructor(
    world: World,
    scenario: Scenario,
    names: readonly string[],
    limits: ClientLimits,
    violate: (violation: Omit<Violation, 'atMs'>) => void,
  ) {
    this.#world = world
    this.#scenario = scenario
    this.names = names
    this.#limits = limits
    this.#violate = violate
    for (const name of names) this.#add(name)
  }

  /** Operations begun so far, and those left out in their place. */
  get count(): number {
    return this.#operations.reduce((sum, { count }) => sum + count, 0)
  }

  /** From here on nobody begins anything. */
  close(): void {
    this.#isOpen = false
  }

  /** A number that nobody else in the run gets. */
  unique(): number {
    return ++this.#unique
  }

  /** Operations that are recorded under a name of their own. */
  recorder(name: string, isLeftOut: () => boolean = () => false): Operations {
    const world = this.#world
    const operations = new Operations(
      name,
      () => world.nowMs,
      (event) => {
        world.history.push(event)
        world.trace.operation(world.nowUs, name, event)
      },
      isLeftOut,
    )
    this.#operations.push(operations)
    return operations
  }

  #add(name: string): void {
    const operations = this.recorder(name, () => this.#limits.leftOut.has(++this.#begun))
    const program = async (node: SimulatedNode): Promise<void> => {
      const system = await node.createSystem({ seeds: node.others, disconnectGraceMs: CLIENT_GRACE_MS })
      const end = system.events.subscribe((event) => {
        if (event.type !== 'link-refused' || event.code !== 'quarantined') return
        end()
        this.#beginAnew(name)
      })
      const client = new SimulatedClient(node, operations, () => this.unique())
      // Not awaited: a client has started before it does anything.
      void this.#work(client)
    }
    this.#world.add(name, program, true)
  }

  /** A node that counts a client as down never talks to it again: so it begins as another process. */
  #beginAnew(name: string): void {
    this.#world.at(this.#world.nowMs, () => {
      this.#world.crash(name)
      void this.#world.boot(name)
    })
  }

  /** What a call of the client rejects with is a violation, but for what a cluster in trouble answers. */
  async #work(client: SimulatedClient): Promise<void> {
    const { thinkMs = DEFAULT_THINK_MS } = this.#scenario
    const { scheduler } = client.runtime
    const pause = (): Promise<void> =>
      new Promise((resolve) => void scheduler.after(client.random.below(2 * thinkMs + 1), resolve))
    for (await pause(); this.#isOpen && this.count < this.#limits.operations; await pause()) {
      try {
        await this.#scenario.client?.(client)
      } catch (error) {
        if (IN_TROUBLE.some((Trouble) => error instanceof Trouble)) continue
        const message = `${stackOf(error)}\na client may reject with an AskError, an OfferError or a ServiceNotFoundError only`
        this.#violate({ kind: 'crash', name: crashClass('client', error), message, node: client.name })
        return
      }
    }
  }
}
