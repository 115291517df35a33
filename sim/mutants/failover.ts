import type { Mutant } from './mutant.ts'

/** Bugs of failover. */
export const failover: readonly Mutant[] = []
