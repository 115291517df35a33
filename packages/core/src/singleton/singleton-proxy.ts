import { actor } from '../actor/actor.ts'
import type { Actor, Context } from '../actor/context.ts'
import type { DeadLetterReason } from '../actor/dead-letter.ts'
import { type Protocol, protocol } from '../actor/protocol.ts'
import type { AnyRef } from '../actor/ref.ts'
import type { Forwarded } from '../actor/reply.ts'
import type { Cbor } from '../codec/cbor.ts'
import { encodePayload } from '../remoting/wire.ts'
import { SingletonBufferFullError } from './singleton-buffer-full.ts'

/** What a proxy has besides the messages of its singleton, which it passes on. */
export interface SingletonProxy {
  /** The route has changed. From this node only. */
  $routed: (route: SingletonRoute) => void
  /** Answers once all that waited has been passed on, if there is somebody to pass it on to. */
  $flushed: () => void
}

export const SingletonProxy: Protocol<SingletonProxy> = protocol<SingletonProxy>('troupe.singleton-proxy')

/** Where the messages of a singleton go from one node: set by its manager, read by its proxy in the same instant. */
export class SingletonRoute {
  /** Null while nobody hosts it, as far as this node knows. */
  target: AnyRef | null = null
}

/** How much may wait, and where the rest goes. */
export interface SingletonBuffer {
  readonly name: string
  readonly bufferMessages: number
  readonly bufferBytes: number
  /** Says how large a message is. */
  readonly cbor: Cbor
  /** A tell that cannot be passed on. */
  lost(reason: DeadLetterReason, message: string, payload: unknown): void
}

/**
 * Stands for a singleton on one node: passes on what it is told and asked while somebody hosts it, and keeps the rest
 * until then. What comes from one sender keeps its order.
 */
export function singletonProxy(route: SingletonRoute, buffer: SingletonBuffer): Actor<SingletonProxy> {
  return actor(SingletonProxy, (context) => new Proxying(context, route, buffer), {
    stashCapacity: Math.max(1, buffer.bufferMessages),
  })
}

class Proxying {
  readonly #context: Context<SingletonProxy>
  readonly #route: SingletonRoute
  readonly #buffer: SingletonBuffer
  #waiting = 0
  #waitingBytes = 0

  constructor(context: Context<SingletonProxy>, route: SingletonRoute, buffer: SingletonBuffer) {
    this.#context = context
    this.#route = route
    this.#buffer = buffer
  }

  $routed(route: SingletonRoute): void {
    if (route === this.#route) this.#release()
  }

  $flushed(): void {
    this.#release()
  }

  unhandled(name: string, payload: unknown): Forwarded | undefined {
    // What waits goes first, though there is a way again: the word of that may be queued behind this message.
    if (this.#route.target === null || this.#waiting > 0) return this.#keep(name, payload)
    return this.#pass(this.#route.target, name, payload)
  }

  #pass(target: AnyRef, name: string, payload: unknown): Forwarded | undefined {
    try {
      return this.#context.forward(target)
    } catch (error) {
      // One sender's bad message must not take the way of all others with it.
      return this.#refuse('not-serializable', name, payload, error)
    }
  }

  #keep(name: string, payload: unknown): Forwarded | undefined {
    const { bufferMessages, bufferBytes, cbor } = this.#buffer
    let sizeBytes = 0
    try {
      const { start, end } = encodePayload(cbor, payload, name)
      sizeBytes = end - start
    } catch (error) {
      return this.#refuse('not-serializable', name, payload, error)
    }
    if (this.#waiting >= bufferMessages || this.#waitingBytes + sizeBytes > bufferBytes)
      return this.#refuse('mailbox-full', name, payload, new SingletonBufferFullError(this.#buffer.name))
    this.#waiting++
    this.#waitingBytes += sizeBytes
    const kept = this.#context.stash()
    this.#release()
    return kept
  }

  #release(): void {
    if (this.#route.target === null || this.#waiting === 0) return
    this.#waiting = 0
    this.#waitingBytes = 0
    this.#context.unstash()
  }

  #refuse(reason: DeadLetterReason, name: string, payload: unknown, error: unknown): Forwarded | undefined {
    if (this.#context.remainingMs !== null) return this.#context.replyError(error)
    this.#buffer.lost(reason, name, payload)
    return undefined
  }
}
