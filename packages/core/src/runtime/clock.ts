/** Where time comes from. Nothing else in Troupe reads a clock. */
export interface Clock {
  /** Milliseconds since an arbitrary start, never going backwards; fractions allowed. */
  now(): number
  /** Milliseconds since 1970 UTC. May jump: for people and files, never for deadlines. */
  wall(): number
}
