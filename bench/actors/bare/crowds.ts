import { Dice } from '../chance.ts'
import { Gate, type Pass } from '../runtime.ts'
import type { Size } from '../workloads.ts'
import { tell } from './loop.ts'

export function big({ actors, each }: Size): Pass {
  const gate = new Gate()
  const sink = new BigSink(gate, actors)
  const workers: Worker[] = []
  for (let id = 0; id < actors; id++) workers.push(new Worker(id, workers, sink))
  return () =>
    gate.pass(() => {
      for (const worker of workers) tell(worker, 'start', each)
    })
}

class Worker {
  readonly #id: number
  readonly #workers: readonly Worker[]
  readonly #sink: BigSink
  readonly #dice: Dice
  #left = 0
  #pongs = 0

  constructor(id: number, workers: readonly Worker[], sink: BigSink) {
    this.#id = id
    this.#workers = workers
    this.#sink = sink
    this.#dice = new Dice(id)
  }

  start(pings: number): void {
    this.#left = pings
    this.#pongs = 0
    this.#callSomebody()
  }

  ping(from: number): void {
    tell(this.#workers[from]!, 'pong', this.#id)
  }

  pong(_from: number): void {
    this.#pongs++
    if (this.#left > 0) this.#callSomebody()
    else tell(this.#sink, 'finished', this.#pongs)
  }

  #callSomebody(): void {
    this.#left--
    const count = this.#workers.length
    const other = (this.#id + 1 + this.#dice.below(count - 1)) % count
    tell(this.#workers[other]!, 'ping', this.#id)
  }
}

/** Hears from each worker when all its pings were answered. */
class BigSink {
  readonly #gate: Gate
  readonly #workers: number
  #heard = 0
  #pongs = 0

  constructor(gate: Gate, workers: number) {
    this.#gate = gate
    this.#workers = workers
  }

  finished(pongs: number): void {
    this.#pongs += pongs
    if (++this.#heard < this.#workers) return
    this.#gate.open(2 * this.#pongs)
    this.#heard = 0
    this.#pongs = 0
  }
}

export function fanIn({ actors, each }: Size): Pass {
  const gate = new Gate()
  const sink = new Sink(gate, actors * each)
  const sources = Array.from({ length: actors }, () => new Source(sink))
  return () =>
    gate.pass(() => {
      for (const source of sources) tell(source, 'next', each)
    })
}

class Source {
  readonly #sink: Sink

  constructor(sink: Sink) {
    this.#sink = sink
  }

  next(left: number): void {
    tell(this.#sink, 'item', left)
    if (left > 1) tell<Source, 'next'>(this, 'next', left - 1)
  }
}

class Sink {
  readonly #gate: Gate
  readonly #items: number
  #count = 0

  constructor(gate: Gate, items: number) {
    this.#gate = gate
    this.#items = items
  }

  item(_item: number): void {
    if (++this.#count < this.#items) return
    this.#gate.open(2 * this.#count)
    this.#count = 0
  }
}

export function fanOut({ actors, each }: Size): Pass {
  const gate = new Gate()
  const hub = new Hub(gate, actors, each)
  return () => gate.pass(() => tell(hub, 'round', each))
}

/** Tells every leaf, reminds itself, tells every leaf again. */
class Hub {
  readonly #gate: Gate
  readonly #leaves: readonly Leaf[]
  #rounds = 0
  #done = 0

  constructor(gate: Gate, actors: number, each: number) {
    this.#gate = gate
    this.#leaves = Array.from({ length: actors }, () => new Leaf(this, each))
  }

  round(left: number): void {
    this.#rounds++
    for (const leaf of this.#leaves) tell(leaf, 'item', left)
    if (left > 1) tell<Hub, 'round'>(this, 'round', left - 1)
  }

  leafDone(): void {
    if (++this.#done < this.#leaves.length) return
    this.#gate.open(this.#rounds * (this.#leaves.length + 1))
    this.#rounds = 0
    this.#done = 0
  }
}

class Leaf {
  readonly #hub: Hub
  readonly #items: number
  #count = 0

  constructor(hub: Hub, items: number) {
    this.#hub = hub
    this.#items = items
  }

  item(_item: number): void {
    if (++this.#count < this.#items) return
    this.#count = 0
    tell(this.#hub, 'leafDone')
  }
}
