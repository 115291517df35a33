import { Dice } from '../chance.ts'
import { Gate, type Pass } from '../runtime.ts'
import type { Size } from '../workloads.ts'
import { type Actor, tell } from './loop.ts'

export function big({ actors, each }: Size): Pass {
  const gate = new Gate()
  const sink = new BigSink(gate, actors)
  const workers: Worker[] = []
  for (let i = 0; i < actors; i++) workers.push(new Worker(i, workers, sink))
  return () =>
    gate.pass(() => {
      for (const worker of workers) worker.start(each)
    })
}

interface Call {
  readonly ping: boolean
  readonly from: number
}

class Worker implements Actor<Call> {
  readonly #id: number
  readonly #workers: readonly Worker[]
  readonly #sink: BigSink
  readonly #dice: Dice
  readonly #ping: Call
  readonly #pong: Call
  #left = 0
  #pongs = 0

  constructor(id: number, workers: readonly Worker[], sink: BigSink) {
    this.#id = id
    this.#workers = workers
    this.#sink = sink
    this.#dice = new Dice(id)
    this.#ping = { ping: true, from: id }
    this.#pong = { ping: false, from: id }
  }

  start(pings: number): void {
    this.#left = pings
    this.#pongs = 0
    this.#callSomebody()
  }

  receive(call: Call): void {
    if (call.ping) {
      tell(this.#workers[call.from]!, this.#pong)
      return
    }
    this.#pongs++
    if (this.#left > 0) this.#callSomebody()
    else tell(this.#sink, this.#pongs)
  }

  #callSomebody(): void {
    this.#left--
    const count = this.#workers.length
    const other = (this.#id + 1 + this.#dice.below(count - 1)) % count
    tell(this.#workers[other]!, this.#ping)
  }
}

/** Hears from each worker when all its pings were answered. */
class BigSink implements Actor<number> {
  readonly #gate: Gate
  readonly #workers: number
  #heard = 0
  #pongs = 0

  constructor(gate: Gate, workers: number) {
    this.#gate = gate
    this.#workers = workers
  }

  receive(pongs: number): void {
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
      for (const source of sources) tell(source, each)
    })
}

class Source implements Actor<number> {
  readonly #sink: Sink

  constructor(sink: Sink) {
    this.#sink = sink
  }

  receive(left: number): void {
    tell(this.#sink, left)
    if (left > 1) tell(this, left - 1)
  }
}

class Sink implements Actor<number> {
  readonly #gate: Gate
  readonly #items: number
  #count = 0

  constructor(gate: Gate, items: number) {
    this.#gate = gate
    this.#items = items
  }

  receive(_item: number): void {
    if (++this.#count < this.#items) return
    this.#gate.open(2 * this.#count)
    this.#count = 0
  }
}

export function fanOut({ actors, each }: Size): Pass {
  const gate = new Gate()
  const hub = new Hub(gate, actors)
  const leaves = Array.from({ length: actors }, () => new Leaf(hub, each))
  hub.leaves = leaves
  return () => gate.pass(() => tell(hub, each))
}

const LEAF_DONE = -1

/** Tells every leaf, reminds itself, tells every leaf again. */
class Hub implements Actor<number> {
  leaves: readonly Leaf[] = []
  readonly #gate: Gate
  readonly #actors: number
  #rounds = 0
  #done = 0

  constructor(gate: Gate, actors: number) {
    this.#gate = gate
    this.#actors = actors
  }

  receive(left: number): void {
    if (left === LEAF_DONE) {
      if (++this.#done < this.#actors) return
      this.#gate.open(this.#rounds * (this.#actors + 1))
      this.#rounds = 0
      this.#done = 0
      return
    }
    this.#rounds++
    for (const leaf of this.leaves) tell(leaf, left)
    if (left > 1) tell(this, left - 1)
  }
}

class Leaf implements Actor<number> {
  readonly #hub: Hub
  readonly #items: number
  #count = 0

  constructor(hub: Hub, items: number) {
    this.#hub = hub
    this.#items = items
  }

  receive(_item: number): void {
    if (++this.#count < this.#items) return
    this.#count = 0
    tell(this.#hub, LEAF_DONE)
  }
}
