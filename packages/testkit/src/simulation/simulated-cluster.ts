import type { SimulatedNetwork } from '@troupe/transport-memory/simulated'
import type { HistoryEvent } from '../checkers/history.ts'
import type { OperationOptions, Operations } from './operations.ts'
import type { SimulatedNode } from './simulated-node.ts'
import type { World } from './world.ts'

/** All of a simulated cluster, as somebody sees it who stands outside of it. */
export class SimulatedCluster {
  readonly world: World
  readonly #operations: Operations
  readonly #unique: () => number

  constructor(world: World, operations: Operations, unique: () => number) {
    this.world = world
    this.#operations = operations
    this.#unique = unique
  }

  /** The nodes that are up and have started. */
  get nodes(): ReadonlyMap<string, SimulatedNode> {
    return this.world.nodes
  }

  get network(): SimulatedNetwork {
    return this.world.network
  }

  get nowMs(): number {
    return this.world.nowMs
  }

  /** What clients did and got so far. */
  get history(): readonly HistoryEvent[] {
    return this.world.history
  }

  /** As a client's, under the process name `final`. */
  operation<T>(f: string, options: OperationOptions, run: () => Promise<T>): Promise<T | undefined> {
    return this.#operations.operation(f, options, run)
  }

  /** A number that nobody else in the run gets. */
  unique(): number {
    return this.#unique()
  }

  /** Resolves when `ms` of virtual time have passed. */
  sleep(ms: number): Promise<void> {
    return this.world.sleep(ms)
  }
}
