import type { Discovery } from './cluster/discovery.ts'
import type { Member } from './cluster/member.ts'
import type { MemberEvent } from './cluster/member-event.ts'
import { MEMBERSHIP_NAME, MEMBERSHIP_PATH, MembershipService } from './cluster/membership-service.ts'
import { type MembershipSettings, membershipRules } from './cluster/membership-settings.ts'
import { SeedSearch } from './cluster/seed-search.ts'
import { InvalidOptionError, OpenListenerError } from './errors.ts'
import { DIALECT, type Dialect } from './remoting/dialect.ts'
import type { Peer, PeerEvent } from './remoting/peer-event.ts'
import { Remoting } from './remoting/remoting.ts'
import type { RemoteStats } from './remoting/traffic.ts'
import type { ActorSystem } from './system/actor-system.ts'
import { LocalSystem } from './system/local-system.ts'
import { PeerChange, RECEPTIONIST_PATH, type ReceptionistSync } from './system/receptionist-sync.ts'
import { checkSystemOptions, type Settings, type SystemOptions } from './system/system-options.ts'

/** What every node may send to on every other without having been given a ref. */
const EXPOSED: ReadonlySet<string> = new Set([RECEPTIONIST_PATH, MEMBERSHIP_PATH])

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
export async function createSystemSpeaking(options: SystemOptions, dialect: Dialect): Promise<ActorSystem> {
  const settings = checkSystemOptions(options)
  if (settings.transport?.needsSecret === true && settings.secrets.length === 0) {
    throw new OpenListenerError(settings.name, settings.transport.name)
  }
  const system = new LocalSystem(settings)
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
  const rules = settings.membership === null ? null : membershipRules(settings.membership)
  const terms = { ...settings, exposed: EXPOSED, judge, dialect, rules }
  const remoting = new Remoting(system, settings.transport, terms, (event) => {
    const change = peerChange(event, remoting)
    if (change !== null) system.receptionist.tell('peerChanged', change)
    // Who cannot join wants to know why without listening to events; those that say nothing do not.
    // So does one whose seeds are looked up, and lead to itself as well.
    const isSelf = event.type === 'link-refused' && event.code === 'self' && settings.discovery !== null
    if (event.type === 'link-refused' && event.code !== 'busy' && !isSelf)
      system.logger('/').warn(`connection refused (${event.code}): ${event.message}`)
    system.peerChanged(event)
    members?.peerChanged(event)
  })
  let search: SeedSearch | null = null
  const parts = { members: () => members, search: () => search }
  system.attach(new Remote(remoting, parts), await remoting.listen())
  if (settings.membership !== null) members = takePart(system, remoting, settings.membership, settings)
  if (settings.discovery === null) remoting.followSeeds(settings.seeds)
  else search = searchSeeds(system, remoting, members, settings.discovery, settings)
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

/** Starts the membership of a node that listens. */
function takePart(
  system: LocalSystem,
  remoting: Remoting,
  settings: MembershipSettings,
  { seeds, discovery }: Pick<Settings, 'seeds' | 'discovery'>,
): MembershipService {
  const { uid, name, address, runtime, timers } = system
  const host = {
    ...{ uid, name, address, runtime, timers },
    logger: (path: string) => system.logger(path),
    emit: (event: MemberEvent) => system.events.emit(event),
    stop: () => void system.stop(),
  }
  const alone = discovery === null && seeds.every((seed) => seed === address)
  const service = new MembershipService(host, remoting, settings, alone)
  // Until it is known who is there.
  if (discovery !== null) service.mayFound(false)
  system.spawnInternal(service.actor, MEMBERSHIP_NAME)
  system.onStop('before-stop', MEMBERSHIP_NAME, () => service.leave())
  service.start()
  // Some were faster than this.
  for (const peer of remoting.peers) service.peerChanged({ type: 'peer-up', peer })
  return service
}

/** Starts the search of a node whose seeds are not listed. */
function searchSeeds(
  system: LocalSystem,
  remoting: Remoting,
  members: MembershipService | null,
  discovery: Discovery,
  { lookupPeriodMs: periodMs, membership }: Settings,
): SeedSearch {
  const { runtime, timers } = system
  const { foundAfterMs = 0, aloneAfterMs = 0 } = membership ?? {}
  const host = { runtime, timers, log: system.logger('/') }
  const search = new SeedSearch(discovery, host, remoting, members, { periodMs, foundAfterMs, aloneAfterMs })
  search.start()
  return search
}
