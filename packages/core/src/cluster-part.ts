import type { MemberEvent } from './cluster/member-event.ts'
import { MEMBERSHIP_NAME, MEMBERSHIP_PATH, MembershipService } from './cluster/membership-service.ts'
import { checkMembershipOptions, type MembershipSettings, membershipRules } from './cluster/membership-settings.ts'
import type { Remoting } from './remoting/remoting.ts'
import type { ClusterPart } from './start-system.ts'
import type { LocalSystem } from './system/local-system.ts'
import type { Settings } from './system/system-options.ts'

/** The part of a system that keeps a list of all nodes. */
export const clusterPart: ClusterPart = {
  path: MEMBERSHIP_PATH,
  settingsOf: checkMembershipOptions,
  rulesOf: membershipRules,
  start,
}

/** Starts the membership of a node that listens. */
function start(
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
