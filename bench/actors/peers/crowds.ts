import { Dice } from '../chance.ts'
import { Gate, type Pass, type Prepare } from '../runtime.ts'
import type { Size } from '../workloads.ts'
import { type Behaviour, type Kit, spawn, spawnAll } from './kit.ts'

export function big<R>(kit: Kit<R>): Prepare {
  return async ({ actors, each }: Size): Promise<Pass> => {
    const gate = new Gate()
    const sink = await spawn(kit, new BigSink(gate, actors))
    const refs: R[] = []
    const workers = Array.from({ length: actors }, (_, id) => new Worker(kit, id, refs, sink))
    for (const worker of workers) refs.push(await spawn(kit, worker))
    return () =>
      gate.pass(() => {
        for (const ref of refs) kit.tell(ref, { kind: 'start', value: each })
      })
  }
}

interface Call {
  readonly kind: 'start' | 'ping' | 'pong'
  /** How many pings, or who pings, or who answers. */
  readonly value: number
}

class Worker<R> implements Behaviour<Call> {
  readonly #kit: Kit<R>
  readonly #id: number
  readonly #workers: readonly R[]
  readonly #sink: R
  readonly #dice: Dice
  readonly #ping: Call
  readonly #pong: Call
  #left = 0
  #pongs = 0

  constructor(kit: Kit<R>, id: number, workers: readonly R[], sink: R) {
    this.#kit = kit
    this.#id = id
    this.#workers = workers
    this.#sink = sink
    this.#dice = new Dice(id)
    this.#ping = { kind: 'ping', value: id }
    this.#pong = { kind: 'pong', value: id }
  }

  receive({ kind, value }: Call): void {
    if (kind === 'ping') {
      this.#kit.tell(this.#workers[value]!, this.#pong)
      return
    }
    if (kind === 'start') {
      this.#left = value
      this.#pongs = 0
    } else this.#pongs++
    if (this.#left > 0) this.#callSomebody()
    else this.#kit.tell(this.#sink, this.#pongs)
  }

  #callSomebody(): void {
    this.#left--
    const count = this.#workers.length
    const other = (this.#id + 1 + this.#dice.below(count - 1)) % count
    this.#kit.tell(this.#workers[other]!, this.#ping)
  }
}

/** Hears from each worker when all its pings were answered. */
class BigSink implements Behaviour<number> {
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

export function fanIn<R>(kit: Kit<R>): Prepare {
  return async ({ actors, each }: Size): Promise<Pass> => {
    const gate = new Gate()
    const sink = await spawn(kit, new Sink(gate, actors * each))
    const sources = Array.from({ length: actors }, () => new Source(kit, sink))
    const refs = await spawnAll(kit, sources)
    for (const [i, source] of sources.entries()) source.self = refs[i]!
    return () =>
      gate.pass(() => {
        for (const ref of refs) kit.tell(ref, each)
      })
  }
}

class Source<R> implements Behaviour<number> {
  self: R | null = null
  readonly #kit: Kit<R>
  readonly #sink: R

  constructor(kit: Kit<R>, sink: R) {
    this.#kit = kit
    this.#sink = sink
  }

  receive(left: number): void {
    this.#kit.tell(this.#sink, left)
    if (left > 1) this.#kit.tell(this.self!, left - 1)
  }
}

class Sink implements Behaviour<number> {
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

export function fanOut<R>(kit: Kit<R>): Prepare {
  return async ({ actors, each }: Size): Promise<Pass> => {
    const gate = new Gate()
    const hub = new Hub(kit, gate, actors)
    const ref = await spawn(kit, hub)
    hub.self = ref
    hub.leaves = await spawnAll(
      kit,
      Array.from({ length: actors }, () => new Leaf(kit, ref, each)),
    )
    return () => gate.pass(() => kit.tell(ref, each))
  }
}

const LEAF_DONE = -1

/** Tells every leaf, reminds itself, tells every leaf again. */
class Hub<R> implements Behaviour<number> {
  self: R | null = null
  leaves: readonly R[] = []
  readonly #kit: Kit<R>
  readonly #gate: Gate
  readonly #actors: number
  #rounds = 0
  #done = 0

  constructor(kit: Kit<R>, gate: Gate, actors: number) {
    this.#kit = kit
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
    for (const leaf of this.leaves) this.#kit.tell(leaf, left)
    if (left > 1) this.#kit.tell(this.self!, left - 1)
  }
}

class Leaf<R> implements Behaviour<number> {
  readonly #kit: Kit<R>
  readonly #hub: R
  readonly #items: number
  #count = 0

  constructor(kit: Kit<R>, hub: R, items: number) {
    this.#kit = kit
    this.#hub = hub
    this.#items = items
  }

  receive(_item: number): void {
    if (++this.#count < this.#items) return
    this.#count = 0
    this.#kit.tell(this.#hub, LEAF_DONE)
  }
}
