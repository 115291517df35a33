import { type Actor, actor, checkOptions, is, oneForOne, type Protocol, type Supervision } from '@troupe/core'
import { type AnyProtocol, relayed } from '../relay.ts'
import { StaleEpochError } from './stale-epoch.ts'

/**
 * Refuses epochs older than the highest seen. It stands at the resource: a lease alone cannot stop a holder that
 * was paused and does not know yet that its time is over.
 *
 * @see Kleppmann 2016, "How to do distributed locking"
 */
export class Fence {
  #highest: number

  /** @param highest the highest epoch admitted so far, where the resource remembers it; 0 = none */
  constructor(highest = 0) {
    this.#highest = highest
  }

  get highest(): number {
    return this.#highest
  }

  /** @throws {StaleEpochError} when a higher epoch was admitted before */
  admit(epoch: number, what = 'request'): void {
    if (epoch < this.#highest) throw new StaleEpochError(what, epoch, this.#highest)
    this.#highest = epoch
  }
}

/** A protocol whose messages bear the epoch of their sender. */
export type Fenced<P> = {
  [K in keyof P]: P[K] extends (...args: infer A) => infer R ? (request: FencedRequest<A>) => R : never
}

export type FencedRequest<A extends readonly unknown[]> = [] extends A
  ? { readonly epoch: number; readonly payload?: A[0] }
  : { readonly epoch: number; readonly payload: A[0] }

/**
 * Puts a fence before an actor: messages of an epoch older than the highest seen are refused with STALE_EPOCH.
 *
 * The highest epoch is forgotten when this actor stops, and kept when the resource restarts below it.
 */
export function fenced<P>(resource: Actor<P>, options?: FencedOptions): Actor<Fenced<P>>
export function fenced(resource: Actor<AnyProtocol>, options: FencedOptions = {}): Actor<Fenced<Ended>> {
  checkOptions('fenced', options, {
    highest: is.integer(0),
    supervise: is.objectWith('a supervision, such as oneForOne()', 'supervise'),
  })
  const token: Protocol<Fenced<Ended>> = { id: resource.id }
  return actor(token, (ctx) => {
    const fence = new Fence(options.highest)
    const ref = ctx.spawn(resource, { name: 'resource', supervise: options.supervise ?? oneForOne() })
    ctx.watch(ref, '$ended', { epoch: 0 })
    return {
      $ended: () => ctx.stop(),
      unhandled: (name: string, request: unknown) => {
        try {
          const { epoch, payload } = opened(request)
          fence.admit(epoch, `"${name}"`)
          return ctx.forward(ref, name, payload)
        } catch (error) {
          return ctx.replyError(relayed(error))
        }
      },
    }
  })
}

export interface FencedOptions {
  /** Where the resource remembers it, the highest epoch it has admitted. Default 0: none. */
  readonly highest?: number
  /** What happens when the resource fails. Default: `oneForOne()`; this actor stops when that gives up. */
  readonly supervise?: Supervision
}

interface Ended {
  $ended: () => void
}

/** A request without an epoch is older than any. */
function opened(request: unknown): { epoch: number; payload: unknown } {
  const { epoch, payload } = Object(request) as { epoch?: unknown; payload?: unknown }
  return { epoch: typeof epoch === 'number' ? epoch : -1, payload }
}
