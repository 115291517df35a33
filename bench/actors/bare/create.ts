import { Gate, type Pass } from '../runtime.ts'
import type { Size } from '../workloads.ts'
import { tell } from './loop.ts'

/** Starts many actors, each of which gets one message, reports that it has done it, and ends: nothing knows it then. */
export function create({ each }: Size): Pass {
  const gate = new Gate()
  const parent = new Parent(gate)
  return () => gate.pass(() => tell(parent, 'spawnAll', each))
}

class Parent {
  readonly #gate: Gate
  #left = 0
  #done = 0

  constructor(gate: Gate) {
    this.#gate = gate
  }

  spawnAll(count: number): void {
    this.#left = count
    for (let i = 0; i < count; i++) tell(new Child(this), 'work', i)
  }

  done(): void {
    this.#done++
    if (this.#done < this.#left) return
    this.#gate.open(this.#done)
    this.#done = 0
  }
}

class Child {
  readonly #parent: Parent
  result = 0

  constructor(parent: Parent) {
    this.#parent = parent
  }

  work(number: number): void {
    this.result = Math.sin(number)
    tell(this.#parent, 'done')
  }
}
