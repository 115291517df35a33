import type { Idle } from '../idle-actors.ts'
import { type Behaviour, type Kit, spawnAll } from './kit.ts'

class Waiting implements Behaviour<number> {
  #sum = 0

  receive(number: number): void {
    this.#sum += number
  }
}

export function idleOf<R>(kit: Kit<R>): Idle {
  const handlers = (count: number): Waiting[] => Array.from({ length: count }, () => new Waiting())
  return { handlers, actors: (count) => spawnAll(kit, handlers(count)) }
}
