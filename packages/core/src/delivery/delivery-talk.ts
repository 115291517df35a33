import { ActorRef, type Ref } from '../actor/ref.ts'

/** What a producer tells the consumer. */
export interface ConsumerTalk<T> {
  /** I am here, and what comes next from me is `from`, unless you know better. */
  $hello: (hello: Hello) => void
  $deliver: (delivery: Delivery<T>) => void
}

/** What the consumer tells a producer. */
export interface ProducerTalk {
  $confirmed: (word: Confirmed) => void
}

export interface Hello {
  readonly producer: Ref<ProducerTalk>
  readonly id: string
  readonly session: string
  /** Number of the first message that is not confirmed. */
  readonly from: number
}

export interface Delivery<T> {
  readonly id: string
  readonly session: string
  readonly seq: number
  readonly value: T
}

export interface Confirmed {
  /** Id of the consumer. */
  readonly consumer: string
  readonly session: string
  /** The last one that is handled. */
  readonly seq: number
  /** The last one that may be sent. */
  readonly upTo: number
  /** Something is missing: send again from this one; 0 when nothing is. */
  readonly missing: number
}

export function isHello(value: unknown): value is Hello {
  const { producer, id, session, from } = Object(value) as Partial<Hello>
  return producer instanceof ActorRef && isText(id) && isText(session) && isCount(from) && from > 0
}

export function isDelivery(value: unknown): value is Delivery<unknown> {
  const { id, session, seq } = Object(value) as Partial<Delivery<unknown>>
  return isText(id) && isText(session) && isCount(seq)
}

export function isConfirmed(value: unknown): value is Confirmed {
  const { consumer, session, seq, upTo, missing } = Object(value) as Partial<Confirmed>
  return isText(consumer) && isText(session) && isCount(seq) && isCount(upTo) && isCount(missing)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 1024
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
