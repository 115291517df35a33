import { ALL_PARTS } from './all-parts.ts'
import { DIALECT, type Dialect } from './remoting/dialect.ts'
import { startSystem } from './start-system.ts'
import type { ActorSystem } from './system/actor-system.ts'
import type { SystemOptions } from './system/system-options.ts'

/**
 * Starts a node.
 *
 * @returns once its transport listens; `seeds` are connected to in the background
 * @throws {UnknownOptionError | InvalidOptionError} for options that are wrong
 * @throws {OpenListenerError} when its transport would let anybody in, and there is no `secret`
 * @throws {AddressInUseError} when the transport cannot listen where it was told to
 */
export function createSystem(options: SystemOptions): Promise<ActorSystem> {
  return createSystemSpeaking(options, DIALECT)
}

/** The same, of a node that speaks like one of another version: for tests of clusters in which both are. */
export function createSystemSpeaking(options: SystemOptions, dialect: Dialect): Promise<ActorSystem> {
  return startSystem(options, ALL_PARTS, dialect)
}
