import type { ClusterLease } from './cluster-lease.ts'
import type { Member } from './member.ts'

/** What a strategy decides by: members that are up or leaving, as this node sees them. */
export interface SplitView {
  /** This node. */
  readonly self: Member
  /** Those it can reach, itself among them; the oldest first. */
  readonly reachable: readonly Member[]
  /** Those it cannot; the oldest first. Never empty. */
  readonly unreachable: readonly Member[]
}

/**
 * Which side goes on. `take-lease`: that of the oldest member if it gets the strategy's lease, or it is down with all that it
 * can reach.
 */
export type SplitDecision = 'down-unreachable' | 'down-reachable' | 'down-all' | 'take-lease'

/** A lease, and how long it is kept for whoever is silent, in ms. */
export interface LeaseTerms {
  readonly lease: ClusterLease
  readonly ttlMs: number
}

/**
 * Decides which side of a split goes on once the view has been the same for `stableAfterMs`. Each node decides for itself,
 * so it must come to one result on one side, and to the opposite on the other. Pure.
 */
export interface SplitBrainStrategy {
  readonly name: string
  /** What else nodes have to agree on, a size say: those of another strategy, or of other terms, are no members together. */
  readonly terms?: string
  /** What `take-lease` takes. Without one nobody gets it. */
  readonly lease?: LeaseTerms
  decide(view: SplitView): SplitDecision
}
