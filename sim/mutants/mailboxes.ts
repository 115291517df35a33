import type { Mutant } from './mutant.ts'

/** Bugs of mailboxes. */
export const mailboxes: readonly Mutant[] = []
