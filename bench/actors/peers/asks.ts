import { Gate, type Pass, type Prepare } from '../runtime.ts'
import { IN_FLIGHT, type Size } from '../workloads.ts'
import { type Behaviour, type Kit, spawn, spawnAll } from './kit.ts'

class Echo implements Behaviour<never> {
  asked = 0

  receive(): void {}

  answer(value: number): number {
    this.asked++
    return value
  }
}

export function lockstep<R>(kit: Kit<R>): Prepare {
  return async ({ each }: Size): Promise<Pass> => {
    const echo = new Echo()
    const ref = await spawn(kit, echo)
    return async () => {
      echo.asked = 0
      for (let i = 0; i < each; i++) if ((await kit.ask(ref, i)) !== i) return Number.NaN
      return echo.asked
    }
  }
}

export function inFlight<R>(kit: Kit<R>): Prepare {
  return async ({ each }: Size): Promise<Pass> => {
    const echo = new Echo()
    const ref = await spawn(kit, echo)
    return async () => {
      echo.asked = 0
      for (let asked = 0; asked < each; asked += IN_FLIGHT) {
        const answers = await Promise.all(Array.from({ length: IN_FLIGHT }, (_, i) => kit.ask(ref, i)))
        if (answers.some((answer, i) => answer !== i)) return Number.NaN
      }
      return echo.asked
    }
  }
}

export function asyncHandlers<R>(kit: Kit<R>): Prepare {
  return async ({ actors, each }: Size): Promise<Pass> => {
    const gate = new Gate()
    const sink = await spawn(kit, new Sink(gate, actors))
    const workers = await spawnAll(
      kit,
      Array.from({ length: actors }, () => new Worker(kit, sink, each)),
    )
    return () =>
      gate.pass(() => {
        for (let i = 1; i <= each; i++) for (const ref of workers) kit.tell(ref, i)
      })
  }
}

class Worker<R> implements Behaviour<number> {
  readonly #kit: Kit<R>
  readonly #sink: R
  readonly #last: number
  #count = 0

  constructor(kit: Kit<R>, sink: R, last: number) {
    this.#kit = kit
    this.#sink = sink
    this.#last = last
  }

  async receive(number: number): Promise<void> {
    await null
    this.#count++
    if (number !== this.#last) return
    this.#kit.tell(this.#sink, this.#count)
    this.#count = 0
  }
}

class Sink implements Behaviour<number> {
  readonly #gate: Gate
  readonly #workers: number
  #heard = 0
  #sum = 0

  constructor(gate: Gate, workers: number) {
    this.#gate = gate
    this.#workers = workers
  }

  receive(count: number): void {
    this.#sum += count
    if (++this.#heard < this.#workers) return
    this.#gate.open(this.#sum)
    this.#heard = 0
    this.#sum = 0
  }
}
