import type { Mutant } from './mutant.ts'

/** Bugs of supervision. */
export const supervision: readonly Mutant[] = []
