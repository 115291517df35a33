import { actor, bounded as boundedMailbox, type Handlers, protocol, type Ref } from '@troupe/core'
import { Gate, type Pass } from '../runtime.ts'
import { CAPACITY, type Size } from '../workloads.ts'
import { system } from './system.ts'

/** A producer that waits for space whenever the consumer's mailbox is full. */
export function bounded({ each }: Size): Pass {
  const gate = new Gate()
  const ref = system.spawn(consumer, {
    args: { gate, items: each },
    mailbox: boundedMailbox({ capacity: CAPACITY, overflow: 'reject' }),
  })
  return () => gate.pass(() => void produce(ref, each))
}

async function produce(ref: Ref<Consumer>, items: number): Promise<void> {
  for (let i = 0; i < items; i++) if (!ref.tell('item', i)) await ref.offer('item', i)
}

interface Consumer {
  item: (item: number) => void
}

interface ConsumerArgs {
  readonly gate: Gate
  readonly items: number
}

class ConsumerActor implements Handlers<Consumer> {
  readonly #gate: Gate
  readonly #items: number
  #count = 0

  constructor({ gate, items }: ConsumerArgs) {
    this.#gate = gate
    this.#items = items
  }

  item(_item: number): void {
    if (++this.#count < this.#items) return
    this.#gate.open(this.#count)
    this.#count = 0
  }
}

const consumer = actor(protocol<Consumer>('consumer'), (_context, args: ConsumerArgs) => new ConsumerActor(args))
