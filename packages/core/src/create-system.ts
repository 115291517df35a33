import { InvalidOptionError } from './errors.ts'
import { Remoting } from './remoting/remoting.ts'
import type { ActorSystem } from './system/actor-system.ts'
import { LocalSystem } from './system/local-system.ts'
import { RECEPTIONIST_PATH, type ReceptionistSync } from './system/receptionist-sync.ts'
import { checkSystemOptions, type SystemOptions } from './system/system-options.ts'

/** What every node may send to on every other without having been given a ref. */
const EXPOSED: ReadonlySet<string> = new Set([RECEPTIONIST_PATH])

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
  if (settings.transport === undefined) {
    if (settings.seeds.length > 0)
      throw new InvalidOptionError('createSystem', 'seeds', 'used with a transport', settings.seeds)
    return system
  }
  const remoting = new Remoting(system, settings.transport, { ...settings, exposed: EXPOSED }, (event) => {
    if (event.type === 'peer-up') {
      system.receptionist.tell('peerUp', remoting.serviceOf<ReceptionistSync>(event.peer, RECEPTIONIST_PATH))
    } else if (event.type === 'peer-lost') system.receptionist.tell('peerLost', event.peer.uid)
    else if (event.type === 'peer-down') system.receptionist.tell('peerDown', event.peer.uid)
    system.events.emit(event)
  })
  system.attach(remoting, await remoting.listen())
  remoting.connectSeeds()
  return system
}
