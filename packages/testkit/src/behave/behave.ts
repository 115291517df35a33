import { type Actor, checkOptions, is, type SpawnOptions } from '@troupe/core'
import { manualRuntime } from '@troupe/core/testing'
import type { Alone, StandIn } from './alone.ts'
import { Stage } from './stage.ts'

/** How {@link behave} starts an actor. Its name is `subject` unless another is given. */
export interface BehaveOptions extends SpawnOptions {
  /** Of all chance: an integer of at least 0. Default 1. */
  readonly seed?: number
}

/**
 * The arguments after the actor: options, which must hold `args` if its set-up takes any, or `argsFrom` where there are
 * stand-ins among them.
 */
export type BehaveArgs<A> = [A] extends [void]
  ? [options?: BehaveOptions]
  : [options: BehaveOptions & ({ readonly args: A } | { readonly argsFrom: (standIn: StandIn) => A })]

/**
 * Runs an actor alone, on manual time: one message goes in, and what it does comes out as data.
 *
 * ```ts
 * const alone = await behave(door)
 * const { reply, effects } = await alone.handle('open', 'me')
 * // effects: [{ type: 'after', ms: 5000, name: 'close', payload: undefined, key: null }]
 * const { handled } = await alone.advance(5_000)
 * // handled: [{ name: 'close', payload: undefined }]
 * ```
 * It is a real cell in a real system: restarts, stashes, watches and time limits are what they always are. Only its
 * children are stand-ins that do nothing by themselves.
 *
 * @returns rejects with what its set-up threw; with {@link UnknownOptionError} or {@link InvalidOptionError}
 */
export async function behave<P, A = void>(actor: Actor<P, A>, ...options: BehaveArgs<A>): Promise<Alone<P>> {
  const { seed = 1, argsFrom, ...rest }: BehaveOptions & { argsFrom?: (standIn: StandIn) => A } = options[0] ?? {}
  checkOptions('behave', { seed, argsFrom }, { seed: is.integer(0), argsFrom: is.function })
  const stage = await Stage.around<P>(manualRuntime(seed))
  const args = argsFrom === undefined ? {} : { args: argsFrom((name, answer) => stage.standIn(name, answer)) }
  await stage.start(actor, { name: 'subject', ...rest, ...args })
  return stage
}
