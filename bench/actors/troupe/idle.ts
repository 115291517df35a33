import { actor, type Context, type Handlers, protocol, type Ref } from '@troupe/core'
import type { Idle } from '../idle-actors.ts'
import { system } from './system.ts'

interface Waiting {
  add: (number: number) => void
  sum: () => number
}

class WaitingActor implements Handlers<Waiting> {
  #sum = 0

  add(number: number): void {
    this.#sum += number
  }

  sum(): number {
    return this.#sum
  }
}

const waiting = actor(protocol<Waiting>('waiting'), () => new WaitingActor())

interface Nursery {
  /** Starts children and answers when the last one is ready. */
  start: (count: number) => Promise<number>
}

const nursery = actor(
  protocol<Nursery>('nursery'),
  (context: Context<Nursery>): Handlers<Nursery> => ({
    start(count) {
      let last: Ref<Waiting> | null = null
      for (let i = 0; i < count; i++) last = context.spawn(waiting)
      return last!.ask('sum', undefined, { timeoutMs: 600_000 })
    },
  }),
)

export const idle: Idle = {
  handlers: (count) => Array.from({ length: count }, () => new WaitingActor()),
  async actors(count) {
    const refs = Array.from({ length: count }, () => system.spawn(waiting))
    await refs.at(-1)!.ask('sum')
    return refs
  },
  async startAndStop(count) {
    const ref = system.spawn(nursery, { stopTimeoutMs: 600_000 })
    const beginMs = performance.now()
    await ref.ask('start', count, { timeoutMs: 600_000 })
    const startedMs = performance.now()
    await system.stop(ref)
    return [startedMs - beginMs, performance.now() - startedMs]
  },
}
