import type { NextObserver } from 'rxjs'
import type { MessageName, NameAccepting } from '../actor/protocol.ts'
import type { Ref } from '../actor/ref.ts'
import { toError } from '../errors.ts'
import { checkOptions, is } from '../options.ts'

/** Which messages say that the source has ended. */
export interface IntoOptions<P> {
  /** Told once with the error when the source fails. Default: rxjs reports it, as an error nobody listens to. */
  readonly error?: NameAccepting<P, Error>
  /** Told once, without a payload, when the source completes. Default: nothing is told. */
  readonly complete?: NameAccepting<P, undefined>
}

/**
 * An Observer that tells each value to an actor, here or on another node.
 *
 * ```ts
 * const subscription = readings$.subscribe(into(store, 'put'))
 * ```
 * Inside an actor, `into(ctx.self, ...)` brings values into its turns; end the subscription with
 * `ctx.onStop(() => subscription.unsubscribe())`. There is no backpressure: a fast source fills the mailbox. `next`
 * throws {@link NotSerializableError} as `tell` does, for a value that cannot be encoded for another node.
 *
 * @param name a message whose payload is the value; one without a payload takes any value
 * @throws {UnknownOptionError | InvalidOptionError} for options that are wrong
 */
export function into<P, K extends MessageName<P>>(
  ref: Ref<P>,
  name: K,
  options?: IntoOptions<P>,
): NextObserver<Told<P, K>>
export function into(
  ref: Ref<Record<string, (value: unknown) => void>>,
  name: string,
  options: { readonly error?: string; readonly complete?: string } = {},
): NextObserver<unknown> {
  checkOptions('into', options, { error: is.string, complete: is.string })
  const { error, complete } = options
  return {
    next: (value) => ref.tell(name, value),
    ...(error !== undefined && { error: (thrown: unknown) => ref.tell(error, toError(thrown)) }),
    ...(complete !== undefined && { complete: () => ref.tell(complete, undefined) }),
  }
}

/** What a message takes as its payload; anything, if it takes none. */
export type Told<P, K extends keyof P> = P[K] extends (...args: infer A) => unknown
  ? A extends []
    ? unknown
    : A[0]
  : never
