import type { Mutant } from './mutant.ts'

/** Bugs of turns. */
export const turns: readonly Mutant[] = []
