import { InvalidOptionError } from '../errors.ts'
import { type ActorOptions, checkActorOptions } from './actor-options.ts'
import type { ChildFailed } from './child-failed.ts'
import type { Actor, AnyActor, Context } from './context.ts'
import type { Handlers, Protocol, ProtocolShape } from './protocol.ts'

/**
 * Defines an actor by a protocol token, or by a name with the protocol inferred from the handlers. With a name only,
 * the context does not know the messages: to tell or time itself, an actor needs a protocol.
 *
 * @param setup runs when an actor starts and again at each restart; `args` come from the options of spawn
 * @throws {InvalidOptionError | UnknownOptionError} for options that are none
 */
export function actor<H extends object & ProtocolShape<H>, A = void>(
  id: string,
  setup: (context: Context<Record<never, never>>, args: A) => H & { childFailed?: (failed: ChildFailed) => unknown },
  options?: ActorOptions<NoInfer<H>>,
): Actor<H, A>
export function actor<P extends ProtocolShape<P>, A = void>(
  protocol: Protocol<P>,
  setup: (context: Context<P>, args: A) => Handlers<P>,
  options?: ActorOptions<NoInfer<P>>,
): Actor<P, A>
export function actor(
  protocol: Protocol<unknown> | string,
  setup: (context: never, args: never) => object,
  options?: ActorOptions<Record<string, unknown>>,
): AnyActor {
  const id: unknown = typeof protocol === 'string' ? protocol : protocol?.id
  if (typeof id !== 'string' || id === '')
    throw new InvalidOptionError('actor', 'protocol', 'a name or made by protocol(...)', protocol)
  if (typeof setup !== 'function')
    throw new InvalidOptionError(`actor "${id}"`, 'setup', 'a function that returns the handlers', setup)
  return { id, setup, options: checkActorOptions(options) }
}
