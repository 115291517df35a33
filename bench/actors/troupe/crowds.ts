import { actor, type Context, type Handlers, protocol, type Ref } from '@troupe/core'
import { Dice } from '../chance.ts'
import { Gate, type Pass } from '../runtime.ts'
import type { Size } from '../workloads.ts'
import { system } from './system.ts'

export function big({ actors, each }: Size): Pass {
  const gate = new Gate()
  const sinkRef = system.spawn(bigSink, { args: { gate, expected: actors } })
  const workers: Ref<Worker>[] = []
  for (let id = 0; id < actors; id++) workers.push(system.spawn(worker, { args: { id, workers, sink: sinkRef } }))
  return () =>
    gate.pass(() => {
      for (const ref of workers) ref.tell('start', each)
    })
}

interface Worker {
  start: (pings: number) => void
  ping: (from: number) => void
  pong: (from: number) => void
}

interface WorkerArgs {
  readonly id: number
  readonly workers: readonly Ref<Worker>[]
  readonly sink: Ref<BigSink>
}

class WorkerActor implements Handlers<Worker> {
  readonly #id: number
  readonly #workers: readonly Ref<Worker>[]
  readonly #sink: Ref<BigSink>
  readonly #dice: Dice
  #left = 0
  #pongs = 0

  constructor({ id, workers, sink }: WorkerArgs) {
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
    this.#workers[from]!.tell('pong', this.#id)
  }

  pong(_from: number): void {
    this.#pongs++
    if (this.#left > 0) this.#callSomebody()
    else this.#sink.tell('finished', this.#pongs)
  }

  #callSomebody(): void {
    this.#left--
    const count = this.#workers.length
    const other = (this.#id + 1 + this.#dice.below(count - 1)) % count
    this.#workers[other]!.tell('ping', this.#id)
  }
}

const worker = actor(protocol<Worker>('worker'), (_context, args: WorkerArgs) => new WorkerActor(args))

interface SinkArgs {
  readonly gate: Gate
  /** How many messages end a pass. */
  readonly expected: number
}

interface BigSink {
  finished: (pongs: number) => void
}

/** Hears from each worker when all its pings were answered. */
class BigSinkActor implements Handlers<BigSink> {
  readonly #args: SinkArgs
  #heard = 0
  #pongs = 0

  constructor(args: SinkArgs) {
    this.#args = args
  }

  finished(pongs: number): void {
    this.#pongs += pongs
    if (++this.#heard < this.#args.expected) return
    this.#args.gate.open(2 * this.#pongs)
    this.#heard = 0
    this.#pongs = 0
  }
}

const bigSink = actor(protocol<BigSink>('big-sink'), (_context, args: SinkArgs) => new BigSinkActor(args))

export function fanIn({ actors, each }: Size): Pass {
  const gate = new Gate()
  const sinkRef = system.spawn(sink, { args: { gate, expected: actors * each } })
  const sources = Array.from({ length: actors }, () => system.spawn(source, { args: sinkRef }))
  return () =>
    gate.pass(() => {
      for (const ref of sources) ref.tell('next', each)
    })
}

interface Source {
  next: (left: number) => void
}

class SourceActor implements Handlers<Source> {
  readonly #self: Ref<Source>
  readonly #sink: Ref<Sink>

  constructor(context: Context<Source>, sink: Ref<Sink>) {
    this.#self = context.self
    this.#sink = sink
  }

  next(left: number): void {
    this.#sink.tell('item', left)
    if (left > 1) this.#self.tell('next', left - 1)
  }
}

const source = actor(protocol<Source>('source'), (context, sink: Ref<Sink>) => new SourceActor(context, sink))

interface Sink {
  item: (item: number) => void
}

class SinkActor implements Handlers<Sink> {
  readonly #gate: Gate
  readonly #items: number
  #count = 0

  constructor({ gate, expected }: SinkArgs) {
    this.#gate = gate
    this.#items = expected
  }

  item(_item: number): void {
    if (++this.#count < this.#items) return
    this.#gate.open(2 * this.#count)
    this.#count = 0
  }
}

const sink = actor(protocol<Sink>('sink'), (_context, args: SinkArgs) => new SinkActor(args))

export function fanOut({ actors, each }: Size): Pass {
  const gate = new Gate()
  const ref = system.spawn(hub, { args: { gate, actors, each } })
  return () => gate.pass(() => ref.tell('round', each))
}

interface Hub {
  round: (left: number) => void
  leafDone: () => void
}

interface HubArgs extends Size {
  readonly gate: Gate
}

/** Tells every leaf, reminds itself, tells every leaf again. */
class HubActor implements Handlers<Hub> {
  readonly #self: Ref<Hub>
  readonly #gate: Gate
  readonly #leaves: readonly Ref<Leaf>[]
  #rounds = 0
  #done = 0

  constructor(context: Context<Hub>, { gate, actors, each }: HubArgs) {
    this.#self = context.self
    this.#gate = gate
    const args: LeafArgs = { hub: context.self, items: each }
    this.#leaves = Array.from({ length: actors }, () => context.spawn(leaf, { args }))
  }

  round(left: number): void {
    this.#rounds++
    for (const leaf of this.#leaves) leaf.tell('item', left)
    if (left > 1) this.#self.tell('round', left - 1)
  }

  leafDone(): void {
    if (++this.#done < this.#leaves.length) return
    this.#gate.open(this.#rounds * (this.#leaves.length + 1))
    this.#rounds = 0
    this.#done = 0
  }
}

const hub = actor(protocol<Hub>('hub'), (context, args: HubArgs) => new HubActor(context, args))

interface Leaf {
  item: (item: number) => void
}

interface LeafArgs {
  readonly hub: Ref<Hub>
  readonly items: number
}

class LeafActor implements Handlers<Leaf> {
  readonly #hub: Ref<Hub>
  readonly #items: number
  #count = 0

  constructor({ hub, items }: LeafArgs) {
    this.#hub = hub
    this.#items = items
  }

  item(_item: number): void {
    if (++this.#count < this.#items) return
    this.#count = 0
    this.#hub.tell('leafDone')
  }
}

const leaf = actor(protocol<Leaf>('leaf'), (_context, args: LeafArgs) => new LeafActor(args))
