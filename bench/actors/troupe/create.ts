import { actor, type Context, type Handlers, protocol, type Ref } from '@troupe/core'
import { Gate, type Pass } from '../runtime.ts'
import type { Size } from '../workloads.ts'
import { system } from './system.ts'

export function create({ each }: Size): Pass {
  const gate = new Gate()
  const ref = system.spawn(parent, { args: gate })
  return () => gate.pass(() => ref.tell('spawnAll', each))
}

interface Parent {
  spawnAll: (count: number) => void
  done: () => void
}

class ParentActor implements Handlers<Parent> {
  readonly #context: Context<Parent>
  readonly #gate: Gate
  #left = 0
  #done = 0

  constructor(context: Context<Parent>, gate: Gate) {
    this.#context = context
    this.#gate = gate
  }

  spawnAll(count: number): void {
    this.#left = count
    const args = this.#context.self
    for (let i = 0; i < count; i++) this.#context.spawn(child, { args }).tell('work', i)
  }

  done(): void {
    this.#done++
    if (this.#done < this.#left) return
    this.#gate.open(this.#done)
    this.#done = 0
  }
}

const parent = actor(protocol<Parent>('parent'), (context, gate: Gate) => new ParentActor(context, gate))

interface Child {
  work: (number: number) => void
}

class ChildActor implements Handlers<Child> {
  readonly #context: Context<Child>
  readonly #parent: Ref<Parent>
  result = 0

  constructor(context: Context<Child>, parent: Ref<Parent>) {
    this.#context = context
    this.#parent = parent
  }

  work(number: number): void {
    this.result = Math.sin(number)
    this.#parent.tell('done')
    this.#context.stop()
  }
}

const child = actor(protocol<Child>('child'), (context, parent: Ref<Parent>) => new ChildActor(context, parent))
