import { checkOptions, is } from '../options.ts'
import type { MessageName } from './protocol.ts'

/** How the actors of one definition take their messages: part of the behaviour, so whoever writes it decides. */
export interface ActorOptions<P> {
  /**
   * Messages that do not wait for a handler whose promise is pending: questions that only read. They may overtake
   * what was sent before them. Such a handler has `ctx.reply`, `ctx.forward`, `ctx.replyError` and `ctx.stash` for
   * its own message before its first await only. A bounded or priority mailbox keeps back those that were queued in
   * it before the handler began. Default: none.
   */
  readonly interleave?: readonly MessageName<P>[]
  /** Most messages set aside by `ctx.stash()` at a time; one more is a {@link StashFullError}. Default 1,000. */
  readonly stashCapacity?: number
}

/** Actor options once checked, whatever the protocol. */
export interface AnyActorOptions {
  readonly interleave: ReadonlySet<string> | null
  readonly stashCapacity: number
}

/** A stash that grows beyond this is most likely one that nobody empties. */
const DEFAULT_STASH_CAPACITY = 1_000

/** What actors have that were given no options. */
export const DEFAULT_ACTOR_OPTIONS: AnyActorOptions = { interleave: null, stashCapacity: DEFAULT_STASH_CAPACITY }

const CHECKS = {
  interleave: (value: unknown) =>
    Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '')
      ? null
      : 'a list of messages',
  stashCapacity: is.integer(1),
} as const

/** @throws {InvalidOptionError | UnknownOptionError} */
export function checkActorOptions(options: ActorOptions<Record<string, unknown>> | undefined): AnyActorOptions {
  if (options === undefined) return DEFAULT_ACTOR_OPTIONS
  checkOptions('actor', options, CHECKS)
  const { interleave = [], stashCapacity = DEFAULT_STASH_CAPACITY } = options
  return { interleave: interleave.length === 0 ? null : new Set(interleave), stashCapacity }
}
