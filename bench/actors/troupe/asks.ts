import { actor, type Handlers, protocol, type Ref } from '@troupe/core'
import { Gate, type Pass } from '../runtime.ts'
import { IN_FLIGHT, type Size } from '../workloads.ts'
import { system } from './system.ts'

interface Echo {
  echo: (number: number) => number
  /** How often `echo` was asked since the last time. */
  count: () => number
}

class EchoActor implements Handlers<Echo> {
  #asked = 0

  echo(number: number): number {
    this.#asked++
    return number
  }

  count(): number {
    const asked = this.#asked
    this.#asked = 0
    return asked
  }
}

const echo = actor(protocol<Echo>('echo'), () => new EchoActor())

export function lockstep({ each }: Size): Pass {
  const ref = system.spawn(echo)
  return async () => {
    for (let i = 0; i < each; i++) if ((await ref.ask('echo', i)) !== i) return Number.NaN
    return ref.ask('count')
  }
}

export function inFlight({ each }: Size): Pass {
  const ref = system.spawn(echo)
  return async () => {
    for (let asked = 0; asked < each; asked += IN_FLIGHT) {
      const answers = await Promise.all(Array.from({ length: IN_FLIGHT }, (_, i) => ref.ask('echo', i)))
      if (answers.some((answer, i) => answer !== i)) return Number.NaN
    }
    return ref.ask('count')
  }
}

export function asyncHandlers({ actors, each }: Size): Pass {
  const gate = new Gate()
  const sinkRef = system.spawn(sink, { args: { gate, workers: actors } })
  const args: WorkerArgs = { sink: sinkRef, last: each }
  const workers = Array.from({ length: actors }, () => system.spawn(worker, { args }))
  return () =>
    gate.pass(() => {
      for (let i = 1; i <= each; i++) for (const ref of workers) ref.tell('work', i)
    })
}

interface Worker {
  work: (number: number) => void
}

interface WorkerArgs {
  readonly sink: Ref<Sink>
  readonly last: number
}

class WorkerActor implements Handlers<Worker> {
  readonly #sink: Ref<Sink>
  readonly #last: number
  #count = 0

  constructor({ sink, last }: WorkerArgs) {
    this.#sink = sink
    this.#last = last
  }

  async work(number: number): Promise<void> {
    await null
    this.#count++
    if (number !== this.#last) return
    this.#sink.tell('finished', this.#count)
    this.#count = 0
  }
}

const worker = actor(protocol<Worker>('worker'), (_context, args: WorkerArgs) => new WorkerActor(args))

interface Sink {
  finished: (count: number) => void
}

interface SinkArgs {
  readonly gate: Gate
  readonly workers: number
}

class SinkActor implements Handlers<Sink> {
  readonly #gate: Gate
  readonly #workers: number
  #heard = 0
  #sum = 0

  constructor({ gate, workers }: SinkArgs) {
    this.#gate = gate
    this.#workers = workers
  }

  finished(count: number): void {
    this.#sum += count
    if (++this.#heard < this.#workers) return
    this.#gate.open(this.#sum)
    this.#heard = 0
    this.#sum = 0
  }
}

const sink = actor(protocol<Sink>('sink'), (_context, args: SinkArgs) => new SinkActor(args))
