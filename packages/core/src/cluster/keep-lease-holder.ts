import { is, requireOptions } from '../options.ts'
import type { ClusterLease } from './cluster-lease.ts'
import type { SplitBrainStrategy } from './split-brain.ts'

export interface KeepLeaseHolderOptions {
  /** What only one side can have. All nodes of the cluster share it; it must not be on one of them. */
  readonly lease: ClusterLease
  /**
   * How long it is kept for an owner that is silent, in ms. Whoever is refused tries for one and a half times as long, since
   * the owner may be dead: so long a split may take besides. Default 15,000.
   */
  readonly ttlMs?: number
}

/**
 * The side that has the lease goes on, be it large or small: for clusters of two, and for those that lose half of their
 * nodes at once. Of each side the oldest member tries to take it. A side that does not get it goes down, and so does one
 * that cannot reach it. Whoever has it keeps it for as long as it runs.
 *
 * @throws {UnknownOptionError | InvalidOptionError}
 */
export function keepLeaseHolder(options: KeepLeaseHolderOptions): SplitBrainStrategy {
  const lease = is.objectWith('a lease', 'acquire', 'renew', 'release')
  requireOptions('keepLeaseHolder', options, { lease }, { ttlMs: is.number(10) })
  return {
    name: 'keep-lease-holder',
    lease: { lease: options.lease, ttlMs: options.ttlMs ?? 15_000 },
    decide: () => 'take-lease',
  }
}
