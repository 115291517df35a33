import { actor } from '../actor/actor.ts'
import type { Actor } from '../actor/context.ts'
import { type Protocol, protocol } from '../actor/protocol.ts'
import { ActorRef, type AnyRef } from '../actor/ref.ts'

/** Delivers what is published under one topic to its subscribers on one node. There while there are any. */
export interface TopicHub {
  deliver: (value: unknown) => void
}

/** A subscriber and the name of the message that it gets. */
export interface Subscription {
  readonly ref: AnyRef
  readonly name: string
}

/** The hubs of one topic are found under this. */
export function hubProtocol(topic: string): Protocol<TopicHub> {
  return protocol<TopicHub>(`troupe.topic.${topic}`)
}

/** @param subscriptions those of this node, kept up by whoever spawns it */
export function topicHub(topic: string, subscriptions: ReadonlyMap<string, Subscription>): Actor<TopicHub> {
  const token = hubProtocol(topic)
  return actor(token, (context) => {
    context.register(token)
    return {
      deliver: (value) => {
        for (const { ref, name } of subscriptions.values()) {
          if (ref instanceof ActorRef) ref.deliver(name, value, null)
        }
      },
    }
  })
}
