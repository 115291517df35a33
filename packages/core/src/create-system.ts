import { InvalidOptionError, OpenListenerError } from './errors.ts'
import type { PeerEvent } from './remoting/peer-event.ts'
import { Remoting } from './remoting/remoting.ts'
import type { ActorSystem } from './system/actor-system.ts'
import { LocalSystem } from './system/local-system.ts'
import { PeerChange, RECEPTIONIST_PATH, type ReceptionistSync } from './system/receptionist-sync.ts'
import { checkSystemOptions, type SystemOptions } from './system/system-options.ts'

/** What every node may send to on every other without having been given a ref. */
const EXPOSED: ReadonlySet<string> = new Set([RECEPTIONIST_PATH])

/**
 * Starts a node.
 *
 * @returns once its transport listens; `seeds` are connected to in the background
 * @throws {UnknownOptionError | InvalidOptionError} for options that are wrong
 * @throws {OpenListenerError} when its transport would let anybody in, and there is no `secret`
 * @throws {AddressInUseError} when the transport cannot listen where it was told to
 */
export async function createSystem(options: SystemOptions): Promise<ActorSystem> {
  const settings = checkSystemOptions(options)
  if (settings.transport?.needsSecret === true && settings.secrets.length === 0) {
    throw new OpenListenerError(settings.name, settings.transport.name)
  }
  const system = new LocalSystem(settings)
  if (settings.transport === undefined) {
    if (settings.seeds.length > 0)
      throw new InvalidOptionError('createSystem', 'seeds', 'used with a transport', settings.seeds)
    system.stopOnSignals(settings.stopOnSignals)
    return system
  }
  const remoting = new Remoting(system, settings.transport, { ...settings, exposed: EXPOSED }, (event) => {
    const change = peerChange(event, remoting)
    if (change !== null) system.receptionist.tell('peerChanged', change)
    // Who cannot join wants to know why without listening to events; those that say nothing do not.
    if (event.type === 'link-refused' && event.code !== 'busy')
      system.logger('/').warn(`connection refused (${event.code}): ${event.message}`)
    system.events.emit(event)
  })
  system.attach(remoting, await remoting.listen())
  remoting.connectSeeds()
  system.stopOnSignals(settings.stopOnSignals)
  return system
}

/** What the receptionist has to know of an event. */
function peerChange(event: PeerEvent, remoting: Remoting): PeerChange | null {
  if (event.type !== 'peer-up' && event.type !== 'peer-lost' && event.type !== 'peer-down') return null
  const { peer, type } = event
  const sync = type === 'peer-up' ? remoting.serviceOf<ReceptionistSync>(peer, RECEPTIONIST_PATH) : null
  return new PeerChange(peer.uid, sync, type === 'peer-down', peer.role === 'client')
}
