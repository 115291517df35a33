import { actor } from '../actor/actor.ts'
import type { Actor, Context } from '../actor/context.ts'
import { type MessageName, protocol } from '../actor/protocol.ts'
import { ActorRef, type AnyRef, type Ref } from '../actor/ref.ts'
import type { Terminated } from '../actor/terminated.ts'
import { toError } from '../errors.ts'
import { is, requireOptions } from '../options.ts'
import {
  type ConsumerTalk,
  type Delivery,
  type Hello,
  isDelivery,
  isHello,
  type ProducerTalk,
} from './delivery-talk.ts'
import type { Consumer } from './producer.ts'

export interface ConsumerOptions<P, K extends MessageName<P>> {
  /** Who handles the messages: an actor of the same node. That its handler has ended without an error confirms one. */
  readonly target: Ref<P>
  /** Which message it gets them as. */
  readonly message: K
  /** Most messages of one producer that are on their way or wait here. Default 64. */
  readonly window?: number
  /** How long the target may take for one, in ms. Default 5,000. */
  readonly timeoutMs?: number
  /** How long after a failure it gets the same one again, in ms. Default 1,000. */
  readonly retryMs?: number
  /** How often it gets one at most; then that counts as confirmed, and is a line in the log. Default: no end to it. */
  readonly maxAttempts?: number
}

/** What a message of a protocol takes. */
type Taken<P, K extends keyof P> = P[K] extends (payload: infer T) => unknown ? T : never

/** The same, whatever the target. */
interface AnyConsumerOptions extends Omit<ConsumerOptions<unknown, never>, 'message' | 'target'> {
  readonly target: AnyRef
  readonly message: string
}

interface Inner extends ConsumerTalk<unknown> {
  $handled: (outcome: Outcome) => void
  $retry: (id: string) => void
  $ended: (notice: Terminated) => void
}

/** What came of one message. */
interface Outcome {
  readonly id: string
  readonly session: string
  readonly error: Error | null
}

/** One producer as its consumer sees it. */
interface From {
  readonly producer: Ref<ProducerTalk>
  readonly session: string
  /** The session before this one. */
  readonly replaced: string | null
  /** Somebody has been told that two producers have this id. */
  readonly isDoubled: boolean
  /** The last one that is handled. */
  handled: number
  /** Those behind it, without a gap; the first is with the target if `busy`. */
  readonly queue: unknown[]
  busy: boolean
  attempts: number
  /** A gap was reported, and nothing has come that fills it. */
  missing: boolean
}

/** Producers that are remembered; whoever was heard longest ago makes room. */
const MOST_PRODUCERS = 10_000

/**
 * Hands what producers send to its target: each one's messages in order, one at a time, and none twice as long as this
 * incarnation lives. It ends with its target. What the two promise is {@link deliveryGuarantee}.
 *
 * Register it, for producers on other nodes: `system.register(Orders, system.spawn(consumer({ target, message })))`.
 *
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function consumer<P, K extends MessageName<P>>(options: ConsumerOptions<P, K>): Actor<Consumer<Taken<P, K>>>
export function consumer(options: AnyConsumerOptions): Actor<Inner> {
  requireOptions(
    'consumer',
    options,
    { target: (value) => (value instanceof ActorRef ? null : 'a ref'), message: is.string },
    {
      window: is.integer(1, 65_536),
      timeoutMs: is.number(1),
      retryMs: is.number(0),
      maxAttempts: is.integer(1),
    },
  )
  return actor(protocol<Inner>('troupe.consumer'), (context) => new Consuming(context, options))
}

class Consuming {
  readonly #context: Context<Inner>
  readonly #target: Ref<Record<string, (value: unknown) => unknown>>
  readonly #message: string
  readonly #window: number
  readonly #timeoutMs: number
  readonly #retryMs: number
  readonly #maxAttempts: number
  readonly #producers = new Map<string, From>()

  constructor(context: Context<Inner>, options: AnyConsumerOptions) {
    this.#context = context
    this.#target = options.target as Ref<Record<string, (value: unknown) => unknown>>
    this.#message = options.message
    this.#window = options.window ?? 64
    this.#timeoutMs = options.timeoutMs ?? 5_000
    this.#retryMs = options.retryMs ?? 1_000
    this.#maxAttempts = options.maxAttempts ?? Number.POSITIVE_INFINITY
    context.watch(this.#target, '$ended')
  }

  $hello(hello: Hello): void {
    if (!isHello(hello)) return
    const { producer, id, session } = hello
    const known = this.#producers.get(id)
    this.#producers.delete(id)
    const one: From = known?.session === session ? { ...known, producer, missing: false } : this.#begin(hello, known)
    this.#producers.set(id, one)
    if (this.#producers.size > MOST_PRODUCERS) this.#forgetOldest()
    this.#tell(one)
  }

  $deliver(delivery: Delivery<unknown>): void {
    if (!isDelivery(delivery)) return
    const { id, session, seq, value } = delivery
    const from = this.#producers.get(id)
    // It will introduce itself once it gets no answer.
    if (from === undefined || from.session !== session) return
    const next = from.handled + from.queue.length + 1
    if (seq < next) return
    if (seq > next || from.queue.length >= this.#window) {
      if (!from.missing) this.#tell(from, next)
      from.missing = true
      return
    }
    from.missing = false
    from.queue.push(value)
    this.#next(id, from)
  }

  $handled({ id, session, error }: Outcome): void {
    const from = this.#producers.get(id)
    if (from === undefined || from.session !== session || !from.busy) return
    from.busy = false
    if (error !== null && ++from.attempts < this.#maxAttempts) {
      if (from.attempts === 1) {
        const what = `message ${from.handled + 1} of producer "${id}"`
        this.#context.log.warn(`${what} was not handled, and is tried again each ${this.#retryMs} ms: ${error.message}`)
      }
      this.#context.after(this.#retryMs, '$retry', id)
      return
    }
    if (error !== null) this.#context.log.error(`message ${from.handled + 1} of producer "${id}" is given up`, error)
    from.attempts = 0
    from.handled++
    from.queue.shift()
    // Not for each one: half a window later is soon enough as long as there is something to do.
    if (from.queue.length === 0 || from.handled % Math.ceil(this.#window / 2) === 0) this.#tell(from)
    this.#next(id, from)
  }

  $retry(id: string): void {
    const from = this.#producers.get(id)
    if (from !== undefined) this.#next(id, from)
  }

  $ended({ reason }: Terminated): void {
    // Nothing that comes can be handled here. Once this one is off the list, producers take another.
    this.#context.log.warn(`the target of this consumer has ended (${reason}), and so does the consumer`)
    this.#context.stop()
  }

  /** A producer, or its next session: one whose log was lost is new, and what it had confirmed is over. */
  #begin({ producer, id, session, from }: Hello, before: From | undefined): From {
    const replaced = before?.session ?? null
    // A session that comes again after another one is that of a producer which runs beside it.
    const isBack = before !== undefined && before.replaced === session
    if (isBack && !before.isDoubled) {
      this.#context.log.error(`two producers have the id "${id}" and stand in each other's way: give each its own`)
    }
    const isDoubled = isBack || before?.isDoubled === true
    const handled = from - 1
    return { producer, session, replaced, isDoubled, handled, queue: [], busy: false, attempts: 0, missing: false }
  }

  #next(id: string, from: From): void {
    if (from.busy || from.queue.length === 0) return
    from.busy = true
    const { session } = from
    const done = (error: Error | null): void => void this.#context.self.tell('$handled', { id, session, error })
    this.#target.ask(this.#message, from.queue[0], { timeoutMs: this.#timeoutMs }).then(
      () => done(null),
      (error) => done(toError(error)),
    )
  }

  #tell({ producer, session, handled }: From, missing = 0): void {
    const word = { consumer: this.#context.self.id, session, seq: handled, upTo: handled + this.#window, missing }
    producer.tell('$confirmed', word)
  }

  #forgetOldest(): void {
    for (const id of this.#producers.keys()) {
      this.#producers.delete(id)
      return
    }
  }
}
