/** A callback that can be called off. Cancelling twice, or after it ran, does nothing. */
export interface Cancellable {
  cancel(): void
}

/** When code runs: the seam between Troupe and the host's event loop. */
export interface Scheduler {
  /** Runs `task` after the current JavaScript turn, before timers and I/O. It must not throw. */
  defer(task: () => void): void
  /** Runs `task` after timers and I/O had their chance. It must not throw. */
  yield(task: () => void): void
  /**
   * Runs `task` once, `delayMs` (0 or more) from now. It must not throw.
   *
   * @param background nobody waits for it: a process with nothing else to do may end before
   */
  after(delayMs: number, task: () => void, background?: boolean): Cancellable
}
