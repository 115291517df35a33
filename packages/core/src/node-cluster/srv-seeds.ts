import type { Discovery } from '../cluster/discovery.ts'
import { is, requireOptions } from '../options.ts'
import { ask, type DnsResolver, hostResolver, recordsOf } from './dns-resolver.ts'
import { type AddressOptions, addressChecks, webSocketAddress } from './web-socket-address.ts'

export interface SrvSeedsOptions extends AddressOptions {
  /** The name of the service, in full: `_troupe._tcp.nodes.default.svc.cluster.local`. */
  readonly service: string
  /** Default: the servers of the host. */
  readonly resolver?: DnsResolver
}

/**
 * Finds the hosts and ports of a service, in records of type SRV: those of a named port of a headless service of
 * Kubernetes, say, which needs `publishNotReadyAddresses`. No such name is nobody yet. One question for each look.
 *
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function srvSeeds(options: SrvSeedsOptions): Discovery {
  requireOptions(
    'srvSeeds',
    options,
    { service: is.string },
    { ...addressChecks, resolver: is.objectWith('what asks a name server', 'resolveSrv') },
  )
  const { service, resolver = hostResolver() } = options
  return {
    name: `dns service ${service}`,
    lookup: (signal) =>
      ask(resolver, signal, async () => {
        const records = await recordsOf(resolver.resolveSrv(service))
        // A dot alone says that there is no such service here.
        const targets = records.filter(({ name }) => name !== '' && name !== '.')
        return targets.map(({ name, port }) => webSocketAddress(options, name, port))
      }),
  }
}
