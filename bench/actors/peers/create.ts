import { Gate, type Pass, type Prepare } from '../runtime.ts'
import type { Size } from '../workloads.ts'
import { type Behaviour, type Kit, spawn } from './kit.ts'

export function create<R>(kit: Kit<R>): Prepare {
  return async ({ each }: Size): Promise<Pass> => {
    const gate = new Gate()
    const parent = new Parent(kit, gate)
    const ref = await spawn(kit, parent)
    parent.self = ref
    return () => gate.pass(() => kit.tell(ref, each))
  }
}

const DONE = -1

class Parent<R> implements Behaviour<number> {
  self: R | null = null
  readonly #kit: Kit<R>
  readonly #gate: Gate
  #left = 0
  #done = 0

  constructor(kit: Kit<R>, gate: Gate) {
    this.#kit = kit
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
    for (let i = 0; i < message; i++) this.#start(i)
  }

  #start(number: number): void {
    const child = new Child(this.#kit, this.self!)
    this.#kit.spawn(child, (ref) => {
      child.self = ref
      this.#kit.tell(ref, number)
    })
  }
}

class Child<R> implements Behaviour<number> {
  self: R | null = null
  result = 0
  readonly #kit: Kit<R>
  readonly #parent: R

  constructor(kit: Kit<R>, parent: R) {
    this.#kit = kit
    this.#parent = parent
  }

  receive(number: number): void {
    this.result = Math.sin(number)
    this.#kit.tell(this.#parent, DONE)
    this.#kit.stop(this.self!)
  }
}
