import { checkOptions, is, type Transport } from '@troupe/core'
import { type MemoryNetwork, memoryNetwork } from './memory-network.ts'

export interface MemoryTransportOptions {
  /** Where the others are. Default: a network of its own, in which there are none. */
  readonly network?: MemoryNetwork
  /** `memory://` and a name. Default: `memory://1`, `memory://2`, ... as they are made. */
  readonly address?: string
}

/**
 * A transport between systems of one process: for tests, and for a system that has no neighbours yet.
 *
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function memoryTransport(options: MemoryTransportOptions = {}): Transport {
  // The network checks the address.
  checkOptions('memoryTransport', options, { network: is.object, address: is.anything })
  return (options.network ?? memoryNetwork()).transport(options.address)
}
