import { InvalidOptionError } from '../errors.ts'
import type { ChildFailed } from './child-failed.ts'
import type { inspect } from './inspect.ts'
import type { Deferred, Forwarded } from './reply.ts'

/**
 * What a protocol may look like: message names with at most one payload each. Any interface of functions
 * will do; write members as arrow properties where refs are handed out at a narrower payload, because
 * TypeScript compares method shorthand loosely.
 */
export type ProtocolShape<P> = { [K in keyof P]: (payload: never) => unknown }

/** Members of a behaviour that the runtime calls: no messages. */
type Reserved = 'unhandled' | 'childFailed'

/** The names of a protocol's messages. */
export type MessageName<P> = Exclude<keyof P & string, Reserved>

/** The payload of a message as the rest of an argument list: nothing, optional, or one value. */
export type Payload<P, K extends keyof P> = P[K] extends (...args: infer A) => unknown
  ? A extends []
    ? [payload?: undefined]
    : A extends [infer X]
      ? [payload: X]
      : A extends [(infer X)?]
        ? [payload?: X]
        : never
  : never

/** What an ask of the message resolves to. */
export type Reply<P, K extends keyof P> = P[K] extends (...args: never) => infer R ? Answered<R> : never

/** A message of `P` with its payload: what `watch`, `after` and `every` will send to the actor itself. */
export type Message<P> = { [K in MessageName<P>]: [name: K, ...payload: Payload<P, K>] }[MessageName<P>]

/** The names of messages that take a `T`, or no payload at all. */
export type NameAccepting<P, T> = {
  [K in MessageName<P>]: P[K] extends (payload: T) => unknown ? K : never
}[MessageName<P>]

/** The value behind a handler's return type, be it given at once, promised or deferred. */
export type Answered<R> = R extends Forwarded ? never : R extends Deferred<infer T> ? T : Exclude<Awaited<R>, Forwarded>

/**
 * One function per message. It may answer at once, with a native promise (the mailbox waits for it), or with
 * `ctx.reply()` (the mailbox goes on). Every method of the object is a message: keep helpers `#private`.
 */
export type Handlers<P> = {
  // `unknown`, because with `never` the parameters of the members below would have to be annotated.
  [K in keyof P]: P[K] extends (...args: infer A) => infer R ? (...args: A) => Answer<R> : unknown
} & {
  /** Gets every message that no other handler is named after. For generic actors: a balancer, a proxy. */
  unhandled?: (name: string, payload: unknown) => unknown
  /** What inspectors see of its state. */
  [inspect]?: () => unknown
  /**
   * Called when a child has failed, was not restarted and is gone, so that its name is free. It waits its turn like
   * a message, and is none: nobody can send it.
   */
  childFailed?: (failed: ChildFailed) => unknown
}

/** What a handler may return for a reply of type `R`. A `void` handler may return anything. */
export type Answer<R> = [Answered<R>] extends [void]
  ? void
  : Answered<R> | Promise<Answered<R> | Forwarded> | Deferred<Answered<R>> | Forwarded

/** Phantom of `P` with method shorthand made strict: lets refs narrow, never widen. */
export type Strict<P> = { [K in keyof P]: P[K] extends (...args: infer A) => infer R ? (...args: A) => R : never }

/** The contract of an actor as a value: shareable between client and server, no implementation inside. */
export interface Protocol<P> {
  readonly id: string
  /** Exists for the type checker only. */
  readonly shape?: Strict<P>
}

/**
 * Names a protocol.
 *
 * @param id the same on every node; actors are registered and found under it
 * @throws {InvalidOptionError} for an empty id
 */
export function protocol<P extends ProtocolShape<P>>(id: string): Protocol<P> {
  if (typeof id !== 'string' || id === '') throw new InvalidOptionError('protocol', 'id', 'a non-empty string', id)
  return { id }
}
