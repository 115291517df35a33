import type { ActorSystem, Random, Runtime } from '@troupe/core'
import type { OperationOptions, Operations } from './operations.ts'
import type { SimulatedNode } from './simulated-node.ts'

/** Somebody who uses a simulated cluster, from a node of their own. */
export class SimulatedClient {
  readonly name: string
  /** It is connected to all nodes that can be reached. */
  readonly system: ActorSystem
  readonly random: Random
  readonly runtime: Runtime
  /** Addresses of the cluster's nodes. */
  readonly addresses: readonly string[]
  readonly #operations: Operations
  readonly #unique: () => number
  readonly #note: (f: string, value: unknown) => void

  constructor(node: SimulatedNode, operations: Operations, unique: () => number) {
    this.name = node.name
    this.system = node.system
    this.random = node.random
    this.runtime = node.runtime
    this.addresses = node.others
    this.#operations = operations
    this.#unique = unique
    this.#note = (f, value) => node.note(f, value)
  }

  /**
   * Does something and records it: the invoke, then `ok` with what `run` gives; `fail` when it was certainly not
   * done, by an {@link AskError} with outcome `not-sent`, and for whatever only reads; `info` in all other cases.
   *
   * @param f what is done, by the name that checkers know: `read`, `write`, `cas`
   * @returns what `run` gives; undefined when it rejects
   */
  operation<T>(f: string, options: OperationOptions, run: () => Promise<T>): Promise<T | undefined> {
    return this.#operations.operation(f, options, run)
  }

  /** Adds to the history what happens to the client, as a node does. */
  note(f: string, value?: unknown): void {
    this.#note(f, value)
  }

  /** A number that nobody else in the run gets, 1 and up: for values that tell who wrote them. */
  unique(): number {
    return this.#unique()
  }
}
