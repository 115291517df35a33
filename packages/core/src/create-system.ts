import type { ActorSystem } from './system/actor-system.ts'
import { LocalSystem } from './system/local-system.ts'
import { checkSystemOptions, type SystemOptions } from './system/system-options.ts'

/**
 * Starts a node.
 *
 * @returns once its transport listens; `seeds` are connected to in the background
 * @throws {UnknownOptionError | InvalidOptionError} for options that are wrong
 * @throws {AddressInUseError} when the transport cannot listen where it was told to
 */
export async function createSystem(options: SystemOptions): Promise<ActorSystem> {
  const settings = checkSystemOptions(options)
  const system = new LocalSystem(settings)
  return system
}
