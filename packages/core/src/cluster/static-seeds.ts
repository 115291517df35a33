import { InvalidOptionError } from '../errors.ts'
import type { Discovery } from './discovery.ts'

/**
 * Finds what it is given. Unlike a bare list of `seeds` it names all nodes of the cluster, this one included, and of
 * these the lowest address alone begins a cluster.
 *
 * @throws {InvalidOptionError}
 */
export function staticSeeds(addresses: readonly string[]): Discovery {
  if (!Array.isArray(addresses) || !addresses.every((address) => typeof address === 'string' && address !== ''))
    throw new InvalidOptionError('staticSeeds', 'addresses', 'an array of addresses, none empty', addresses)
  const found = [...addresses]
  return { name: 'static seeds', lookup: () => Promise.resolve(found) }
}
