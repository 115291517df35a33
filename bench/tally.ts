import { type Actor, type ActorSystem, actor, type Protocol, protocol, type Ref } from '@troupe/core'

export interface Tally {
  note: (number: number) => void
  echo: (number: number) => number
}

/** An actor with a sync handler, and a way to wait until it has had so many messages. */
export class CountingActor {
  readonly definition: Actor<Tally>
  #left = 0
  #done: () => void = () => {}
  sum = 0

  constructor() {
    const handlers: Tally = {
      note: (number) => {
        this.sum += number
        if (--this.#left === 0) this.#done()
      },
      echo: (number) => number,
    }
    this.definition = actor(TallyProtocol, () => handlers)
  }

  /** Resolves when `count` more messages have been handled: one promise, however many that are. */
  after(count: number): Promise<void> {
    this.#left = count
    return new Promise((resolve) => {
      this.#done = resolve
    })
  }
}

const TallyProtocol: Protocol<Tally> = protocol<Tally>('tally')

/** Tells in bursts of `burst` and waits for the end of each. */
export async function tellAll(ref: Ref<Tally>, actor: CountingActor, count: number, burst: number): Promise<void> {
  for (let sent = 0; sent < count; sent += burst) {
    const size = Math.min(burst, count - sent)
    const handled = actor.after(size)
    for (let i = 0; i < size; i++) ref.tell('note', i)
    await handled
  }
}

/** Asks in bursts of `burst` and waits for the answers. */
export async function askAll(ref: Ref<Tally>, count: number, burst: number): Promise<void> {
  for (let asked = 0; asked < count; asked += burst) {
    const size = Math.min(burst, count - asked)
    await Promise.all(Array.from({ length: size }, (_, i) => ref.ask('echo', i)))
  }
}

/** A ref to an actor of `there` as `here` has it. */
export async function lend(there: ActorSystem, ref: Ref<Tally>, here: ActorSystem): Promise<Ref<Tally>> {
  there.register(TallyProtocol, ref)
  return here.find(TallyProtocol)
}
