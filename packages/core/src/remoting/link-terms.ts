import { commonFeatures, commonLimits, type Dialect, type WireLimits } from './dialect.ts'
import type { Hello, Welcome } from './greeting.ts'

/** What tells the links between two nodes apart, the same on both sides. */
export interface LinkNumber {
  readonly epoch: number
  /** Uid of the node that dialled. */
  readonly dialler: string
}

/** What the two sides of a link have agreed on. */
export interface LinkTerms extends LinkNumber, WireLimits {
  /** A bit for each feature that both have. */
  readonly features: number
}

/** @param theirs how the other side has introduced itself */
export function linkTerms(theirs: Hello | Welcome, ours: Dialect, { epoch, dialler }: LinkNumber): LinkTerms {
  return { epoch, dialler, features: commonFeatures(theirs, ours.features), ...commonLimits(theirs, ours) }
}
