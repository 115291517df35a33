import type { NameAccepting } from '../actor/protocol.ts'
import { ActorRef, type Ref } from '../actor/ref.ts'
import { tellAll } from '../actor/tell-all.ts'
import { reachableServices } from '../cluster/reachable-services.ts'
import { InvalidOptionError } from '../errors.ts'
import type { ActorSystem, Extension } from '../system/actor-system.ts'
import { extension } from '../system/extension.ts'
import type { Topic } from './topic.ts'
import { type TopicBroker, topicBroker } from './topic-broker.ts'
import { hubProtocol } from './topic-hub.ts'

/** Publishing and subscribing on one node, to subscribers on all. Made by {@link topics}. */
export interface Topics {
  /**
   * Sends `value` to all who have subscribed, on every node that can be reached: each gets it at most once, and what
   * one node publishes in the order in which it was published. Not to those who subscribe later.
   *
   * It is encoded once, and goes to a node once, however many have subscribed there. O(nodes with subscribers).
   *
   * @returns to how many nodes it was sent, this one included
   * @throws {NotSerializableError | FrameTooLargeError} then it was sent to no other node
   */
  publish<T>(topic: Topic<T>, value: T): number
  /**
   * Sends what is published to an actor of this node, as message `name`, until it ends. The same again is no second one.
   * Other nodes hear of the first subscriber to a topic; until then they send nothing here.
   *
   * @returns ends it
   * @throws {InvalidOptionError} for a ref to an actor of another node, which has to subscribe there
   */
  subscribe<T, P>(topic: Topic<T>, ref: Ref<P>, name: NameAccepting<P, T>): () => void
}

/**
 * Publish and subscribe in the whole cluster.
 *
 * ```ts
 * const Prices = topic<Price>('prices')
 * topics(system).subscribe(Prices, screen, 'show')
 * topics(system).publish(Prices, { tea: 3 })
 * ```
 * @throws {SystemStoppedError} when it is first asked for while the system stops
 */
export function topics(system: ActorSystem): Topics {
  return system.extension(TOPICS)
}

const TOPICS: Extension<Topics> = extension('topics', (system): Topics => new NodeTopics(system))

class NodeTopics implements Topics {
  readonly #system: ActorSystem
  readonly #broker: Ref<TopicBroker>

  constructor(system: ActorSystem) {
    this.#system = system
    this.#broker = system.spawn(topicBroker, { name: 'topics' })
  }

  publish<T>({ id }: Topic<T>, value: T): number {
    const hubs = reachableServices(this.#system, hubProtocol(id))
    const own = hubs.filter((hub) => isOf(hub, this.#system))
    // First, as what cannot be encoded is to be heard by nobody.
    tellAll(
      hubs.filter((hub) => !isOf(hub, this.#system)),
      'deliver',
      value,
    )
    for (const hub of own) hub.tell('deliver', value)
    return hubs.length
  }

  subscribe<T, P>({ id }: Topic<T>, ref: Ref<P>, name: NameAccepting<P, T>): () => void {
    if (!isOf(ref, this.#system))
      throw new InvalidOptionError('topics.subscribe', 'ref', 'a ref to an actor of this node', ref)
    const order = { topic: id, ref, name }
    this.#broker.tell('subscribe', order)
    return () => void this.#broker.tell('unsubscribe', order)
  }
}

function isOf(ref: unknown, system: ActorSystem): boolean {
  return ref instanceof ActorRef && ref.nodeUid === system.uid
}
