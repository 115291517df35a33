/** What came of some frames. */
export interface Tally {
  readonly frames: number
  readonly closed: number
  /** What must not have happened, in words. */
  readonly crashes: readonly string[]
}

export function sum(tallies: readonly Tally[]): Tally {
  return {
    frames: tallies.reduce((total, { frames }) => total + frames, 0),
    closed: tallies.reduce((total, { closed }) => total + closed, 0),
    crashes: tallies.flatMap(({ crashes }) => crashes),
  }
}
