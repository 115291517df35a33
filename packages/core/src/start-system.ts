import type { Discovery } from './cluster/discovery.ts'
import type { Member } from './cluster/member.ts'
import type { MembershipService } from './cluster/membership-service.ts'
import type { MembershipOptions, MembershipSettings } from './cluster/membership-settings.ts'
import type { SeedSearch } from './cluster/seed-search.ts'
import { InvalidOptionError, MissingPartError, OpenListenerError } from './errors.ts'
import type { Dialect } from './remoting/dialect.ts'
import type { Peer, PeerEvent } from './remoting/peer-event.ts'
import { Remoting } from './remoting/remoting.ts'
import type { RemoteStats } from './remoting/traffic.ts'
import type { ActorSystem } from './system/actor-system.ts'
import { LocalSystem } from './system/local-system.ts'
import type { Parts } from './system/parts.ts'
import { PeerChange, RECEPTIONIST_PATH, type ReceptionistSync } from './system/receptionist-sync.ts'
import { checkSystemOptions, type Settings, type SystemOptions } from './system/system-options.ts'

/** Parts that need a whole system. */
export interface SystemParts extends Parts {
  readonly membership: ClusterPart | null
  /** Starts the search of a node whose seeds are not listed. */
  readonly discovery: SearchSeeds | null
}

/** Keeps a list of all nodes. */
export interface ClusterPart {
  /** Of its actor, which other nodes may send to without having been given a ref. */
  readonly path: string
  settingsOf(options: true | MembershipOptions): MembershipSettings
  /** What all members have to agree on, as a text. */
  rulesOf(settings: MembershipSettings): string
  /** Starts the membership of a node that listens. */
  start(system: LocalSystem, remoting: Remoting, membership: MembershipSettings, settings: Settings): MembershipService
}

export type SearchSeeds = (
  system: LocalSystem,
  remoting: Remoting,
  members: MembershipService | null,
  discovery: Discovery,
  settings: Settings,
) => SeedSearch

/**
 * Starts a node that is made of these parts.
 *
 * @throws as `createSystem` does, and {MissingPartError} for options of a part that is not there
 */
export async function startSystem(options: SystemOptions, parts: SystemParts, dialect: Dialect): Promise<ActorSystem> {
  const settings = checkSystemOptions(options, parts)
  if (settings.transport?.needsSecret === true && settings.secrets.length === 0) {
    throw new OpenListenerError(settings.name, settings.transport.name)
  }
  if (settings.discovery !== null && parts.discovery === null)
    throw new MissingPartError('createSystem: seeds that are looked up', 'discovery')
  const system = new LocalSystem(settings, parts)
  if (settings.transport === undefined) {
    if (settings.seeds.length > 0 || settings.discovery !== null)
      throw new InvalidOptionError('createSystem', 'seeds', 'used with a transport', options.seeds)
    if (settings.membership !== null)
      throw new InvalidOptionError('createSystem', 'membership', 'used with a transport', options.membership)
    system.stopOnSignals(settings.stopOnSignals)
    return system
  }
  // Made once the node knows its address; until then nobody is connected.
  let members: MembershipService | null = null
  const judge = {
    judges: (peer: Peer) => members?.judges(peer) ?? false,
    refusedBy: (uid: string) => members?.refusedBy(uid),
  }
  const { secrets, membership, discovery } = settings
  const { cbor, runtime } = system
  const guard = secrets.length > 0 ? (parts.proofs?.guard(secrets, runtime.ids, dialect.versions, cbor) ?? null) : null
  // What others may send to without having been given a ref.
  const exposed = new Set([RECEPTIONIST_PATH, ...(parts.membership === null ? [] : [parts.membership.path])])
  const rules = membership === null ? null : (parts.membership?.rulesOf(membership) ?? null)
  const terms = { ...settings, exposed, judge, dialect, rules, guard, acceptor: parts.acceptor }
  const remoting = new Remoting(system, settings.transport, terms, (event) => {
    const change = peerChange(event, remoting)
    if (change !== null) system.receptionist.tell('peerChanged', change)
    // Who cannot join wants to know why without listening to events; those that say nothing do not.
    // So does one whose seeds are looked up, and lead to itself as well.
    const isSelf = event.type === 'link-refused' && event.code === 'self' && discovery !== null
    if (event.type === 'link-refused' && event.code !== 'busy' && !isSelf)
      system.logger('/').warn(`connection refused (${event.code}): ${event.message}`)
    system.peerChanged(event)
    members?.peerChanged(event)
  })
  let search: SeedSearch | null = null
  system.attach(new Remote(remoting, { members: () => members, search: () => search }), await remoting.listen())
  if (membership !== null) members = parts.membership?.start(system, remoting, membership, settings) ?? null
  if (discovery === null) remoting.followSeeds(settings.seeds)
  else search = parts.discovery?.(system, remoting, members, discovery, settings) ?? null
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

/** What a system may have besides its connections: not yet there when those begin. */
interface RemoteParts {
  members(): MembershipService | null
  search(): SeedSearch | null
}

/** What a system knows of other nodes: the connections, and the members if it keeps a list of them. */
class Remote {
  readonly #remoting: Remoting
  readonly #parts: RemoteParts

  constructor(remoting: Remoting, parts: RemoteParts) {
    this.#remoting = remoting
    this.#parts = parts
  }

  get peers(): readonly Peer[] {
    return this.#remoting.peers
  }

  stats(): RemoteStats {
    return this.#remoting.stats()
  }

  get members(): readonly Member[] {
    return this.#parts.members()?.members ?? []
  }

  connect(address: string, timeoutMs: number): Promise<Peer> {
    return this.#remoting.connect(address, timeoutMs)
  }

  close(): Promise<void> {
    this.#parts.search()?.stop()
    this.#parts.members()?.close()
    return this.#remoting.close()
  }
}
