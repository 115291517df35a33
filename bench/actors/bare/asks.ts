import { Gate, type Pass } from '../runtime.ts'
import { CAPACITY, IN_FLIGHT, type Size } from '../workloads.ts'
import { AsyncActor, ask, type Question, tell } from './loop.ts'

class Echo {
  #asked = 0

  echo({ value, reply }: Question<number, number>): void {
    this.#asked++
    reply(value)
  }

  /** How often `echo` was asked since the last time. */
  count({ reply }: Question<undefined, number>): void {
    reply(this.#asked)
    this.#asked = 0
  }
}

/** One question after the other. */
export function lockstep({ each }: Size): Pass {
  const echo = new Echo()
  return async () => {
    for (let i = 0; i < each; i++) if ((await ask(echo, 'echo', i)) !== i) return Number.NaN
    return ask(echo, 'count', undefined)
  }
}

/** A thousand questions at a time. */
export function inFlight({ each }: Size): Pass {
  const echo = new Echo()
  return async () => {
    for (let asked = 0; asked < each; asked += IN_FLIGHT) {
      const answers = await Promise.all(Array.from({ length: IN_FLIGHT }, (_, i) => ask(echo, 'echo', i)))
      if (answers.some((answer, i) => answer !== i)) return Number.NaN
    }
    return ask(echo, 'count', undefined)
  }
}

/** Messages to async handlers, each of which waits for something that is there already. */
export function asyncHandlers({ actors, each }: Size): Pass {
  const gate = new Gate()
  const sink = new Sink(gate, actors)
  const workers = Array.from({ length: actors }, () => new Worker(sink, each))
  return () =>
    gate.pass(() => {
      for (let i = 1; i <= each; i++) for (const worker of workers) tell(worker, 'work', i)
    })
}

class Worker extends AsyncActor {
  readonly #sink: Sink
  readonly #last: number
  #count = 0

  constructor(sink: Sink, last: number) {
    super()
    this.#sink = sink
    this.#last = last
  }

  work(number: number): void {
    if (this.busy) this.wait('work', number)
    else this.until(this.#work(number))
  }

  async #work(number: number): Promise<void> {
    await null
    this.#count++
    if (number !== this.#last) return
    tell(this.#sink, 'finished', this.#count)
    this.#count = 0
  }
}

class Sink {
  readonly #gate: Gate
  readonly #workers: number
  #heard = 0
  #sum = 0

  constructor(gate: Gate, workers: number) {
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

/** A producer that waits for space whenever the consumer has as many messages as it may. */
export function bounded({ each }: Size): Pass {
  const gate = new Gate()
  const consumer = new Consumer(gate, each)
  return () => gate.pass(() => void produce(consumer, each))
}

async function produce(consumer: Consumer, items: number): Promise<void> {
  for (let i = 0; i < items; i++) {
    while (consumer.queued === CAPACITY) await consumer.space()
    consumer.queued++
    tell(consumer, 'item', i)
  }
}

class Consumer {
  queued = 0
  readonly #gate: Gate
  readonly #items: number
  #count = 0
  #offered: (() => void) | null = null

  constructor(gate: Gate, items: number) {
    this.#gate = gate
    this.#items = items
  }

  space(): Promise<void> {
    return new Promise((resolve) => {
      this.#offered = resolve
    })
  }

  item(_item: number): void {
    this.queued--
    if (this.#offered !== null) {
      this.#offered()
      this.#offered = null
    }
    if (++this.#count < this.#items) return
    this.#gate.open(this.#count)
    this.#count = 0
  }
}
