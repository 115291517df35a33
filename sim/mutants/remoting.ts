import type { Mutant } from './mutant.ts'

/** Bugs of remoting. */
export const remoting: readonly Mutant[] = []
