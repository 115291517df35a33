import { actor } from '../actor/actor.ts'
import type { Actor, Context } from '../actor/context.ts'
import type { DeadLetterReason } from '../actor/dead-letter.ts'
import { LocalRef } from '../actor/local-ref.ts'
import { type Protocol, protocol } from '../actor/protocol.ts'
import { ActorRef, type Ref } from '../actor/ref.ts'
import type { Deferred, Forwarded } from '../actor/reply.ts'
import { fastCbor } from '../codec/fast-cbor.ts'
import { toError } from '../errors.ts'
import { is, requireOptions } from '../options.ts'
import { encodePayload } from '../remoting/wire.ts'
import { DeliveryBufferFullError } from './delivery-buffer-full.ts'
import { type DeliveryLog, memoryDeliveryLog } from './delivery-log.ts'
import { type Confirmed, type ConsumerTalk, type Delivery, isConfirmed, type ProducerTalk } from './delivery-talk.ts'

/** A producer: takes messages in, and sees to it that the consumer's target handles them. */
export interface Producer<T> {
  /**
   * Takes a message in. As an ask it is answered when the message is confirmed; that its time is over does not mean
   * that the message is not delivered. Refused with `DELIVERY_BUFFER_FULL`, or a dead letter if it was told, when as
   * many as may be are not confirmed, and with `NOT_SERIALIZABLE` or `FRAME_TOO_LARGE` when it could not travel.
   *
   * @returns its number: 1, 2, and so on
   */
  send: (value: T) => Deferred<number> | Forwarded
}

export interface ProducerOptions<T> {
  /** Names it to consumers: different from all other producers of theirs, and the same after a restart. */
  readonly id: string
  /** Who gets the messages: a consumer, or the protocol that consumers are registered under, of which it takes the first. */
  readonly consumer: Ref<Consumer<T>> | Protocol<Consumer<T>>
  /** Most messages that are not confirmed. Default 1,000. */
  readonly capacity?: number
  /** When it sends again what is not confirmed, in ms. Default 1,000. */
  readonly resendMs?: number
  /** What it must not forget. Default in memory: it outlives a restart of this actor. */
  readonly log?: DeliveryLog<T>
}

/** A consumer of messages of type `T`, as producers know it. */
export type Consumer<T> = ConsumerTalk<T>

interface Inner extends ProducerTalk {
  send: (value: unknown) => Deferred<number> | Forwarded
  $found: (refs: readonly Ref<Consumer<unknown>>[]) => void
  $tick: () => void
}

/**
 * Delivers what it is given to a consumer on any node: in order, again and again until it is confirmed, and no faster
 * than the consumer asks for. The consumer drops what it has had already. What the two promise is
 * {@link deliveryGuarantee}.
 *
 * A restart goes on where the log ends. Spawn it once: two actors must not share a log.
 *
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function producer<T>(options: ProducerOptions<T>): Actor<Producer<T>>
export function producer(options: ProducerOptions<unknown>): Actor<Inner> {
  requireOptions(
    'producer',
    options,
    { id: is.string, consumer: isConsumer },
    {
      capacity: is.integer(1),
      resendMs: is.number(1),
      log: is.objectWith('a log of deliveries', 'load', 'begin', 'append', 'confirmed'),
    },
  )
  const log = options.log ?? memoryDeliveryLog<unknown>()
  const token = protocol<Inner>(`troupe.producer.${options.id}`)
  return actor(token, (context) => new Producing(context, options, log))
}

function isConsumer(value: unknown): string | null {
  const isOne = value instanceof ActorRef || typeof (value as { id?: unknown } | null)?.id === 'string'
  return isOne ? null : 'a ref to a consumer, or the protocol that consumers are registered under'
}

/** A thousand small messages are little memory, and far more than are on their way. */
const DEFAULT_CAPACITY = 1_000
const DEFAULT_RESEND_MS = 1_000

/** Tries whether a message can travel; nothing leaves by it. */
const codec = fastCbor()

class Producing {
  readonly #context: Context<Inner>
  readonly #options: ProducerOptions<unknown>
  readonly #log: DeliveryLog<unknown>
  readonly #session: string
  /** What is not confirmed: the first has number `#confirmed + 1`. */
  readonly #values: unknown[]
  readonly #waiting = new Map<number, Deferred<number>>()
  #confirmed: number
  /** The last one that was sent, and the last one that may be. */
  #sent: number
  #upTo: number
  #consumer: Ref<Consumer<unknown>> | null = null
  /** Something was confirmed since the last look. */
  #moves = false

  constructor(context: Context<Inner>, options: ProducerOptions<unknown>, log: DeliveryLog<unknown>) {
    this.#context = context
    this.#options = options
    this.#log = log
    const { session, last, unconfirmed } = log.load()
    this.#session = session ?? context.self.id
    if (session === null) log.begin(this.#session)
    this.#values = [...unconfirmed]
    this.#confirmed = last - unconfirmed.length
    this.#sent = this.#confirmed
    this.#upTo = this.#confirmed
    const { consumer, resendMs } = options
    if (consumer instanceof ActorRef) this.#connect(consumer as Ref<Consumer<unknown>>)
    else context.subscribe(consumer as Protocol<Consumer<unknown>>, '$found')
    context.every(resendMs ?? DEFAULT_RESEND_MS, '$tick')
  }

  send(value: unknown): Deferred<number> | Forwarded {
    const capacity = this.#options.capacity ?? DEFAULT_CAPACITY
    if (this.#values.length >= capacity)
      return this.#refuse('mailbox-full', value, new DeliveryBufferFullError(this.#options.id, capacity))
    const seq = this.#confirmed + this.#values.length + 1
    try {
      // What cannot travel would hold up all behind it, and be in the log for good.
      codec.passedThrough(() => encodePayload(codec, this.#delivery(seq, value), 'send'))
    } catch (error) {
      return this.#refuse('not-serializable', value, toError(error))
    }
    this.#log.append(seq, value)
    this.#values.push(value)
    const reply = this.#context.reply<number>()
    this.#waiting.set(seq, reply)
    this.#flow()
    return reply
  }

  $confirmed(word: Confirmed): void {
    if (!isConfirmed(word) || word.session !== this.#session || word.consumer !== this.#consumer?.id) return
    const { seq, upTo, missing } = word
    this.#confirm(Math.min(seq, this.#sent))
    this.#upTo = Math.max(this.#confirmed, upTo)
    // All behind the gap was dropped there.
    if (missing > this.#confirmed && missing <= this.#sent) this.#sent = missing - 1
    this.#flow()
  }

  $found(refs: readonly Ref<Consumer<unknown>>[]): void {
    const current = this.#consumer
    if (current !== null && refs.some(({ id }) => id === current.id)) return
    const next = refs[0]
    if (next !== undefined) this.#connect(next)
    else this.#consumer = null
  }

  $tick(): void {
    const isStill = !this.#moves && this.#values.length > 0
    this.#moves = false
    // Lost on its way, or the answer was, or the consumer began anew: it knows what it misses.
    if (isStill) this.#hello()
  }

  #refuse(reason: DeadLetterReason, value: unknown, error: Error): Forwarded {
    const { self, remainingMs } = this.#context
    // Whoever told it hears of nothing: then at least somebody does.
    if (remainingMs === null && self instanceof LocalRef)
      self.target.host.undelivered(reason, self.path, 'send', value, null)
    return this.#context.replyError(error)
  }

  #connect(consumer: Ref<Consumer<unknown>>): void {
    this.#consumer = consumer
    this.#sent = this.#confirmed
    this.#upTo = this.#confirmed
    this.#hello()
  }

  #hello(): void {
    const { self } = this.#context
    const { id } = this.#options
    this.#sent = this.#confirmed
    this.#consumer?.tell('$hello', { producer: self, id, session: this.#session, from: this.#confirmed + 1 })
    this.#flow()
  }

  #confirm(seq: number): void {
    if (seq <= this.#confirmed) return
    this.#moves = true
    this.#log.confirmed(seq)
    this.#values.splice(0, seq - this.#confirmed)
    for (let each = this.#confirmed + 1; each <= seq; each++) {
      this.#waiting.get(each)?.resolve(each)
      this.#waiting.delete(each)
    }
    this.#confirmed = seq
  }

  /** Sends what may be sent. */
  #flow(): void {
    const last = Math.min(this.#upTo, this.#confirmed + this.#values.length)
    while (this.#consumer !== null && this.#sent < last) {
      const seq = this.#sent + 1
      const value = this.#values[seq - this.#confirmed - 1]
      try {
        this.#consumer.tell('$deliver', this.#delivery(seq, value))
      } catch (error) {
        // Its node takes less than others: it is tried again, there or elsewhere.
        this.#context.log.error(`message ${seq} of producer "${this.#options.id}" cannot be sent`, toError(error))
        return
      }
      this.#sent = seq
    }
  }

  #delivery(seq: number, value: unknown): Delivery<unknown> {
    return { id: this.#options.id, session: this.#session, seq, value }
  }
}
