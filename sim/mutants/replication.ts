import type { Mutant } from './mutant.ts'

/** Bugs of replication. */
export const replication: readonly Mutant[] = []
