import type { Random } from './random.ts'

/**
 * Who has the next turn, for simulations: in a real node actors go in the order in which they became ready, and
 * code comes to depend on that without anybody noticing. A runtime that brings a strategy has every actor keep
 * its messages in a queue of its own, which costs about twice as much per message.
 */
export interface DispatchStrategy {
  /** Messages of one actor that are handled before it is to be chosen again: 1 and up. */
  readonly quantum: number
  /**
   * Chooses among the actors that have something to do. It must not throw.
   *
   * @param ready how many there are, 2 or more
   * @returns 0 for the one that has been ready longest, up to `ready - 1` for the newest
   */
  choose(ready: number): number
}

/**
 * Any of them, with equal chance: pairs of sender and receiver stay in order, and nothing else does.
 *
 * @param random equal streams give equal runs
 * @param quantum messages per turn. Default 1: the most interleavings
 */
export function randomDispatch(random: Random, quantum = 1): DispatchStrategy {
  return { quantum, choose: (ready) => random.below(ready) }
}
