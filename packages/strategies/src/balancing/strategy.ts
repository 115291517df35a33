import { is, type Random } from '@troupe/core'

/** One of those a request may go to. */
export interface Target {
  readonly id: string
  /** Its share of the work in relation to the others; positive. */
  readonly weight: number
  /** Requests it has got from this balancer and not answered yet. A router counts only where that is looked at. */
  readonly inFlight: number
}

/** Chooses who gets the next request. Sends nothing, reads no clock; may keep state of its own. */
export interface BalancingStrategy {
  readonly name: string
  /**
   * Whether `pick` looks at `inFlight`. Default false: a router then hands asks on and does not hear how they end.
   */
  readonly usesInFlight?: boolean
  /**
   * @param targets those available now; the list may be another one at each call
   * @param key of the request, for strategies that send equal keys to the same target
   * @returns undefined only when there is no target
   */
  pick<T extends Target>(targets: readonly T[], key: string | undefined): T | undefined
}

/** A strategy, or how to make one for each balancer: needed where it draws by chance. */
export type BalancingChoice = BalancingStrategy | ((random: Random) => BalancingStrategy)

/** Checks the option that takes one. */
export function isChoice(value: unknown): string | null {
  return typeof value === 'function' ? null : is.objectWith('a strategy, such as new RoundRobin()', 'pick')(value)
}

/** @param random of the actor that will use it */
export function chosen(choice: BalancingChoice, random: Random): BalancingStrategy {
  return typeof choice === 'function' ? choice(random) : choice
}
