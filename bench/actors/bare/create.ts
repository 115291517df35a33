import { Gate, type Pass } from '../runtime.ts'
import type { Size } from '../workloads.ts'
import { type Actor, tell } from './loop.ts'

/** Starts many actors, each of which gets one message, does a little and ends. */
export function create({ each }: Size): Pass {
  const gate = new Gate()
  const parent = new Parent(gate)
  return () => gate.pass(() => tell(parent, each))
}

const DONE = -1

class Parent implements Actor<number> {
  readonly #gate: Gate
  #left = 0
  #done = 0

  constructor(gate: Gate) {
    this.#gate = gate
  }

  receive(message: number): void {
    if (message === DONE) {
      this.#done++
      if (this.#done < this.#left) return
      this.#gate.open(this.#done)
      this.#done = 0
      return
    }
    this.#left = message
    for (let i = 0; i < message; i++) tell(new Child(this), i)
  }
}

class Child implements Actor<number> {
  readonly #parent: Parent
  result = 0

  constructor(parent: Parent) {
    this.#parent = parent
  }

  receive(number: number): void {
    this.result = Math.sin(number)
    tell(this.#parent, DONE)
  }
}
