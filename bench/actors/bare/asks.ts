import { Gate, type Pass } from '../runtime.ts'
import { CAPACITY, IN_FLIGHT, type Size } from '../workloads.ts'
import { type Actor, AsyncActor, ask, type Question, tell } from './loop.ts'

class Echo implements Actor<Question<number, number>> {
  asked = 0

  receive(question: Question<number, number>): void {
    this.asked++
    question.answer(question.value)
  }
}

/** One question after the other. */
export function lockstep({ each }: Size): Pass {
  const echo = new Echo()
  return async () => {
    echo.asked = 0
    for (let i = 0; i < each; i++) if ((await ask(echo, i)) !== i) return Number.NaN
    return echo.asked
  }
}

/** A thousand questions at a time. */
export function inFlight({ each }: Size): Pass {
  const echo = new Echo()
  return async () => {
    echo.asked = 0
    for (let asked = 0; asked < each; asked += IN_FLIGHT) {
      const answers = await Promise.all(Array.from({ length: IN_FLIGHT }, (_, i) => ask(echo, i)))
      if (answers.some((answer, i) => answer !== i)) return Number.NaN
    }
    return echo.asked
  }
}

/** Messages to async handlers, each of which waits for something that is there already. */
export function asyncHandlers({ actors, each }: Size): Pass {
  const gate = new Gate()
  const sink = new Sink(gate, actors)
  const workers = Array.from({ length: actors }, () => new Worker(sink, each))
  return () =>
    gate.pass(() => {
      for (let i = 1; i <= each; i++) for (const worker of workers) tell(worker, i)
    })
}

class Worker extends AsyncActor<number> {
  readonly #sink: Sink
  readonly #last: number
  #count = 0

  constructor(sink: Sink, last: number) {
    super()
    this.#sink = sink
    this.#last = last
  }

  protected async handle(number: number): Promise<void> {
    await null
    this.#count++
    if (number !== this.#last) return
    tell(this.#sink, this.#count)
    this.#count = 0
  }
}

class Sink implements Actor<number> {
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
    tell(consumer, i)
  }
}

class Consumer implements Actor<number> {
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

  receive(_item: number): void {
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
