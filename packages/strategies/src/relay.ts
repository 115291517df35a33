import { ActorFailedError, AskError, type Logger, type Ref, ReplyError } from '@troupe/core'

/** Any protocol at all: what is relayed was checked where it was sent. */
export type AnyProtocol = Record<string, (payload: unknown) => unknown>

/** What an actor in the middle answers with when the ask it made for somebody else failed. */
export function relayed(error: unknown): unknown {
  if (!(error instanceof AskError) || error.outcome !== 'failed') return error
  const { cause } = error
  // One wrapping less: the asker sees the code of the handler's error, not that of the relay's.
  if (cause instanceof ActorFailedError)
    return new ReplyError(cause.message, cause.causeName, cause.causeCode, { cause })
  return cause
}

/** Tells somebody else's message on. One sender's bad message must not take the actor in the middle down for all. */
export function passOn(ctx: { readonly log: Logger }, to: Ref<AnyProtocol>, name: string, payload: unknown): void {
  try {
    to.tell(name, payload)
  } catch (error) {
    ctx.log.warn(`cannot pass on "${name}"`, error)
  }
}

/** The code an actor refused an ask with, or null. */
export function refusalOf(error: AskError): string | null {
  return error.cause instanceof ReplyError ? error.cause.causeCode : null
}
