import type { Discovery } from '../cluster/discovery.ts'
import { is, requireOptions } from '../options.ts'
import { ask, type DnsResolver, hostResolver, recordsOf } from './dns-resolver.ts'
import { type AddressOptions, addressChecks, webSocketAddress } from './web-socket-address.ts'

export interface DnsSeedsOptions extends AddressOptions {
  /** A name whose addresses are those of the nodes. In full: no search domains are tried. */
  readonly host: string
  /** Where all of them listen. */
  readonly port: number
  /** Default: the servers of the host. */
  readonly resolver?: DnsResolver
}

/**
 * Finds a node behind each address of a name, in records of type A and AAAA: those of a headless service of Kubernetes, say,
 * which needs `publishNotReadyAddresses`. No such name is nobody yet. Two questions for each look.
 *
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function dnsSeeds(options: DnsSeedsOptions): Discovery {
  requireOptions(
    'dnsSeeds',
    options,
    { host: is.string, port: is.integer(1, 65_535) },
    { ...addressChecks, resolver: is.objectWith('what asks a name server', 'resolve4', 'resolve6') },
  )
  const { host, port, resolver = hostResolver() } = options
  return {
    name: `dns ${host}`,
    lookup: (signal) =>
      ask(resolver, signal, async () => {
        const questions = [recordsOf(resolver.resolve4(host)), recordsOf(resolver.resolve6(host))]
        return (await Promise.all(questions)).flat().map((address) => webSocketAddress(options, address, port))
      }),
  }
}
