import * as core from '@troupe/core'
import { actor, type Handlers, protocol, type SpawnOptions } from '@troupe/core'
import { Gate, type Pass, type Prepare } from '../runtime.ts'
import { CAPACITY, type Size } from '../workloads.ts'
import { system } from './system.ts'

/** What core gives once it has bounded mailboxes. */
interface Bounded {
  readonly bounded?: (options: { readonly capacity: number; readonly overflow: 'reject' }) => unknown
}

interface Offering<P> {
  tell<K extends keyof P & string>(name: K, payload: number): boolean
  offer<K extends keyof P & string>(name: K, payload: number, options?: { readonly timeoutMs: number }): Promise<void>
}

const { bounded: mailbox } = core as Bounded

/** Undefined while core has no bounded mailboxes. */
export const bounded: Prepare | undefined =
  mailbox &&
  (({ each }: Size): Pass => {
    const gate = new Gate()
    const options = { args: { gate, items: each }, mailbox: mailbox({ capacity: CAPACITY, overflow: 'reject' }) }
    const ref = system.spawn(consumer, options as SpawnOptions & { readonly args: ConsumerArgs })
    return () => gate.pass(() => void produce(ref as unknown as Offering<Consumer>, each))
  })

async function produce(ref: Offering<Consumer>, items: number): Promise<void> {
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
