import { actor } from '../actor/actor.ts'
import type { Actor, Context } from '../actor/context.ts'
import { type Protocol, protocol } from '../actor/protocol.ts'
import type { AnyRef, Ref } from '../actor/ref.ts'
import type { Terminated } from '../actor/terminated.ts'
import { type Subscription, type TopicHub, topicHub } from './topic-hub.ts'

/** Keeps the subscriptions of one node. Told by that node only. */
export interface TopicBroker {
  subscribe: (order: SubscriptionOrder) => void
  unsubscribe: (order: SubscriptionOrder) => void
  ended: (notice: Terminated) => void
}

/** Whose subscription to what begins or ends. */
export interface SubscriptionOrder extends Subscription {
  readonly topic: string
}

export const TopicBroker: Protocol<TopicBroker> = protocol<TopicBroker>('troupe.topic-broker')

export const topicBroker: Actor<TopicBroker> = actor(TopicBroker, (context) => new Brokering(context))

/** One topic on one node. */
interface Local {
  readonly hub: Ref<TopicHub>
  readonly subscriptions: Map<string, Subscription>
}

class Brokering {
  readonly #context: Context<TopicBroker>
  readonly #topics = new Map<string, Local>()
  /** By the id of a ref: what it has subscribed to. */
  readonly #topicsOf = new Map<string, Set<string>>()

  constructor(context: Context<TopicBroker>) {
    this.#context = context
  }

  subscribe({ topic, ref, name }: SubscriptionOrder): void {
    const local = this.#topics.get(topic) ?? this.#open(topic)
    local.subscriptions.set(keyOf(ref, name), { ref, name })
    const topics = this.#topicsOf.get(ref.id)
    if (topics !== undefined) topics.add(topic)
    else {
      this.#topicsOf.set(ref.id, new Set([topic]))
      this.#context.watch(ref, 'ended')
    }
  }

  unsubscribe({ topic, ref, name }: SubscriptionOrder): void {
    const local = this.#topics.get(topic)
    if (local === undefined || !local.subscriptions.delete(keyOf(ref, name))) return
    this.#closeIfEmpty(topic, local)
    if ([...local.subscriptions.values()].some((other) => other.ref.id === ref.id)) return
    const topics = this.#topicsOf.get(ref.id)
    topics?.delete(topic)
    if (topics?.size !== 0) return
    this.#topicsOf.delete(ref.id)
    this.#context.unwatch(ref)
  }

  ended({ ref }: Terminated): void {
    const topics = this.#topicsOf.get(ref.id) ?? []
    this.#topicsOf.delete(ref.id)
    for (const topic of topics) {
      const local = this.#topics.get(topic)
      if (local === undefined) continue
      for (const [key, subscription] of local.subscriptions) {
        if (subscription.ref.id === ref.id) local.subscriptions.delete(key)
      }
      this.#closeIfEmpty(topic, local)
    }
  }

  #open(topic: string): Local {
    const subscriptions = new Map<string, Subscription>()
    const local = { hub: this.#context.spawn(topicHub(topic, subscriptions)), subscriptions }
    this.#topics.set(topic, local)
    return local
  }

  /** Other nodes send nothing where nobody listens. */
  #closeIfEmpty(topic: string, { hub, subscriptions }: Local): void {
    if (subscriptions.size > 0) return
    this.#topics.delete(topic)
    this.#context.stop(hub)
  }
}

/** The same subscription made twice is one. */
function keyOf(ref: AnyRef, name: string): string {
  return `${ref.id} ${name}`
}
