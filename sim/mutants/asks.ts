import type { Mutant } from './mutant.ts'

/** Bugs of asks. */
export const asks: readonly Mutant[] = []
